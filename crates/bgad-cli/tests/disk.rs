//! Runs on a disk that is full or read-only. Mounting needs Linux and a namespace; where the system does not
//! allow one, these tests say so and pass.
#![cfg(target_os = "linux")]
#![allow(clippy::print_stderr)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use bgad::synthetic::{self, SyntheticConfig};

struct Case {
    folder: tempfile::TempDir,
}

impl Case {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let parts = SyntheticConfig {
            image_size: 64,
            train_images: 4,
            test_images: 1,
            abnormal_per_type: 1,
            ..SyntheticConfig::default()
        };
        synthetic::write(&folder.path().join("parts"), &parts).unwrap();
        std::fs::create_dir(folder.path().join("disk")).unwrap();
        let settings = "input.image_size = 64\nflow.coupling_blocks = 2\nflow.position_dimension = 16\n\
                        [schedule]\ntrain_flows = \"always\"\nimage_steps = 2\nmeta_epochs = 2\nsub_epochs = 1\n\
                        evaluate = \"never\"\n";
        std::fs::write(folder.path().join("settings.toml"), settings).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a shell script in its own namespace, where it may mount; `None` if that is not allowed. In the
    /// script, `$bgad` is the program, `train` starts a new run and `resume` continues one.
    fn script(&self, script: &str) -> Option<Output> {
        let train = "--layout mvtec --data parts --config settings.toml --no-report --out";
        let script = format!(
            "train() {{ \"$bgad\" train {train} \"$1\"; }}\n\
             resume() {{ \"$bgad\" train --no-report --resume \"$1\"; }}\n{script}"
        );
        // Root needs no user namespace, and some containers don't allow one.
        let namespace = ["-m", "-rm"].into_iter().find(|namespace| {
            let probe = "mount -t tmpfs tmpfs disk";
            let tried = self.shell(namespace, probe);
            tried.is_ok_and(|output| output.status.success())
        });
        let Some(namespace) = namespace else {
            eprintln!("nothing was tested: this system does not let a test mount a disk");
            return None;
        };
        Some(self.shell(namespace, &script).unwrap())
    }

    fn shell(&self, namespace: &str, script: &str) -> std::io::Result<Output> {
        Command::new("unshare")
            .args([namespace, "sh", "-c", script])
            .env("bgad", env!("CARGO_BIN_EXE_bgad"))
            .current_dir(self.folder.path())
            .output()
    }

    fn unbroken(&self) -> Vec<u8> {
        let output = Command::new(env!("CARGO_BIN_EXE_bgad"))
            .args([
                "train",
                "--layout",
                "mvtec",
                "--data",
                "parts",
                "--no-report",
            ])
            .args(["--config", "settings.toml", "--out", "unbroken"])
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", errors(&output));
        std::fs::read(self.path("unbroken/model.bgad")).unwrap()
    }
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn lines(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn a_full_disk_leaves_no_partial_file_and_the_run_can_be_resumed() {
    let case = Case::new();
    let Some(output) = case.script(
        "mount -t tmpfs -o size=32k tmpfs disk\n\
         train disk/run; echo $? > status\n\
         find disk/run -type f | sort > left\n\
         mount -o remount,size=64m disk\n\
         resume disk/run || exit 1\n\
         cp disk/run/model.bgad resumed.bgad",
    ) else {
        return;
    };
    let said = errors(&output);
    assert!(output.status.success(), "{said}");
    assert_eq!(lines(&case.path("status")), ["1"], "{said}");
    assert!(said.contains("no checkpoint could be written"), "{said}");
    assert!(
        said.contains("model.bgad") && said.contains("No space left"),
        "{said}"
    );
    let left = lines(&case.path("left"));
    let whole = ["dataset.json", "metrics.jsonl", "run.json"];
    let whole = whole.map(|name| format!("disk/run/{name}"));
    assert!(left.iter().all(|path| whole.contains(path)), "{left:?}");
    let resumed = std::fs::read(case.path("resumed.bgad")).unwrap();
    assert!(resumed == case.unbroken());
}

#[test]
fn a_read_only_disk_is_reported_before_training() {
    let case = Case::new();
    let Some(output) = case.script(
        "mount -t tmpfs -o size=64m tmpfs disk\n\
         train disk/run || exit 1\n\
         cp disk/run/model.bgad first.bgad\n\
         mount -o remount,ro disk\n\
         train disk/run; echo $? > status\n\
         \"$bgad\" train --layout mvtec --data parts --config settings.toml --out disk/other\n\
         echo $? >> status\n\
         \"$bgad\" calibrate --model disk/run/model.bgad --normal parts/test/good\n\
         echo $? >> status\n\
         \"$bgad\" predict --model disk/run/model.bgad --heatmaps disk/maps parts/test/good\n\
         echo $? >> status\n\
         cmp disk/run/model.bgad first.bgad || exit 1",
    ) else {
        return;
    };
    let said = errors(&output);
    assert!(output.status.success(), "{said}");
    assert_eq!(lines(&case.path("status")), ["1"; 4], "{said}");
    for path in ["disk/run", "disk/other", "disk/run/model.bgad", "disk/maps"] {
        let told = said
            .lines()
            .any(|line| line.contains(path) && line.contains("Read-only file system"));
        assert!(told, "{path}: {said}");
    }
}

#[test]
fn a_run_without_writable_checkpoints_still_saves_its_model() {
    let case = Case::new();
    let Some(output) = case.script(
        "mount -t tmpfs -o size=64m tmpfs disk\n\
         mkdir -p disk/run/checkpoints\n\
         mount --bind disk/run/checkpoints disk/run/checkpoints\n\
         mount -o remount,bind,ro disk/run/checkpoints\n\
         train disk/run; echo $? > status\n\
         cp disk/run/model.bgad trained.bgad",
    ) else {
        return;
    };
    let said = errors(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("no checkpoint could be written"), "{said}");
    let trained = std::fs::read(case.path("trained.bgad")).unwrap();
    assert!(trained == case.unbroken());
}
