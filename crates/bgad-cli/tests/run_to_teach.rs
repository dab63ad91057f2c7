//! A run on drawn parts that is taught, and what a lesson gives.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use bgad::synthetic::{self, SyntheticConfig};
use serde_json::Value;

use crate::case::{json_lines, stdout};

const SETTINGS: [&str; 9] = [
    "input.image_size=32",
    "flow.coupling_blocks=2",
    "flow.position_dimension=16",
    "schedule.image_steps=4",
    "schedule.batch_size=4",
    "schedule.position_steps=8",
    "schedule.meta_epochs=2",
    "schedule.sub_epochs=1",
    "abnormal.repeats=1",
];

/// Drawn parts, and a run on the normal ones.
pub struct Case {
    pub folder: tempfile::TempDir,
}

impl Case {
    pub fn new(keep: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let parts = SyntheticConfig {
            image_size: 64,
            train_images: 8,
            test_images: 3,
            abnormal_per_type: 2,
            ..SyntheticConfig::default()
        };
        synthetic::write(&folder.path().join("parts"), &parts).unwrap();
        let case = Self { folder };
        case.train(keep);
        case
    }

    /// The same with a run whose images have no masks.
    pub fn without_masks() -> Self {
        let case = Self::new(&["--no-report"]);
        for folder in ["parts/ground_truth", "run"] {
            std::fs::remove_dir_all(case.path(folder)).unwrap();
        }
        case.train(&["--no-report"]);
        case
    }

    fn train(&self, keep: &[&str]) {
        let parts = self.text("parts");
        let run = self.text("run");
        let mut arguments = vec![
            "train", "--layout", "mvtec", "--data", &parts, "--out", &run,
        ];
        for setting in &SETTINGS {
            arguments.extend(["--set", setting]);
        }
        arguments.extend(keep);
        self.succeed(&arguments);
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    pub fn bgad(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bgad"));
        command.args(arguments).output().unwrap()
    }

    pub fn succeed(&self, arguments: &[&str]) -> String {
        stdout(self.bgad(arguments))
    }

    /// The arguments of a lesson that turns `run` into `out`.
    pub fn lesson(&self, run: &str, out: &str, images: &[&str]) -> Vec<String> {
        let (run, out) = (self.text(run), self.text(out));
        let mut all: Vec<String> = vec!["learn".to_owned(), "--run".to_owned(), run];
        all.extend(images.iter().map(|word| match self.path(word) {
            path if path.exists() => self.text(word),
            _ => (*word).to_owned(),
        }));
        all.extend(["--out".to_owned(), out, "--json".to_owned()]);
        all
    }

    pub fn learn(&self, run: &str, out: &str, images: &[&str]) -> Output {
        let arguments = self.lesson(run, out, images);
        self.bgad(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    }

    pub fn learned(&self, run: &str, out: &str, images: &[&str]) -> Value {
        let lines = json_lines(&stdout(self.learn(run, out, images)));
        lines.last().unwrap()["result"].clone()
    }

    pub fn refused(&self, images: &[&str]) -> String {
        let output = self.learn("run", "refused", images);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{said}");
        assert!(!self.path("refused").exists(), "{said}");
        assert_eq!(hidden(self.folder.path()), [""; 0], "{said}");
        said
    }

    pub fn model(&self, run: &str) -> Vec<u8> {
        std::fs::read(self.path(run).join("model.bgad")).unwrap()
    }
}

/// Unfinished files that a program left in a folder.
pub fn hidden(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).unwrap();
    let names = names.map(|e| e.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with('.')).collect()
}

/// All files below a folder, with their contents.
pub fn content(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files.extend(content(&path)),
            false => {
                let bytes = std::fs::read(&path).unwrap();
                files.insert(path, bytes);
            }
        }
    }
    files
}
