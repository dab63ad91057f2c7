//! A run on a few drawn parts, and its page.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use bgad::Layout;
use bgad::synthetic::{self, SyntheticConfig};
use serde_json::Value;

use super::learner::{ENTRY, LEARNER};
use crate::client::Client;

pub struct Case {
    folder: tempfile::TempDir,
}

/// A running page.
pub struct Page {
    pub child: Child,
    pub client: Client,
}

impl Case {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let case = Self { folder };
        let parts = SyntheticConfig {
            image_size: 64,
            train_images: 6,
            test_images: 3,
            abnormal_per_type: 1,
            ..SyntheticConfig::default()
        };
        synthetic::write(&case.path("parts"), &parts).unwrap();
        case.train("run");
        std::fs::create_dir(case.path("new")).unwrap();
        let learner = LEARNER.replacen('\n', &format!("\n{ENTRY}"), 1);
        std::fs::write(case.path("learner"), learner).unwrap();
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(case.path("learner"), executable).unwrap();
        case
    }

    pub fn train(&self, run: &str) {
        let train = Command::new(env!("CARGO_BIN_EXE_bgad"))
            .args([
                "train",
                "--layout",
                "mvtec",
                "--image-size",
                "32",
                "--meta-epochs",
                "1",
            ])
            .args([
                "--set",
                "pooled.folds=0",
                "--set",
                "schedule.evaluate=never",
                "--data",
            ])
            .arg(self.path("parts"))
            .arg("--out")
            .arg(self.path(run))
            .output()
            .unwrap();
        assert!(train.status.success(), "{}", message(&train));
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn review(&self, model: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bgad"));
        command
            .arg("review")
            .arg(self.path(model))
            .arg(self.path("new"))
            .args(["--port", "0", "--no-open", "--learner"])
            .arg(self.path("learner"));
        command
    }

    pub fn start(&self) -> Page {
        self.open(self.review("run"))
    }

    pub fn open(&self, mut command: Command) -> Page {
        let command = command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("http://").unwrap();
        let address = address.strip_suffix('/').unwrap().parse().unwrap();
        Page {
            child,
            client: Client(address),
        }
    }

    pub fn images(&self) -> usize {
        let dataset = Layout::Mvtec.read(&self.path("parts"), None).unwrap();
        dataset.test.len()
    }

    pub fn wait(&self, is_waiting: bool) {
        match is_waiting {
            true => std::fs::write(self.path("wait"), "").unwrap(),
            false => std::fs::remove_file(self.path("wait")).unwrap(),
        }
    }
}

impl Page {
    /// Kills it without warning.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn message(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The first image of a group.
pub fn by_group(state: &Value, group: &str) -> Value {
    let images = state["images"].as_array().unwrap();
    let found = images.iter().find(|image| image["group"] == group);
    found
        .unwrap_or_else(|| panic!("no {group} in {state:#}"))
        .clone()
}

/// The id of the first image of a group.
pub fn id_of(state: &Value, group: &str) -> String {
    by_group(state, group)["id"].as_str().unwrap().to_owned()
}
