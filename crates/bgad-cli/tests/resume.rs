//! Runs that are killed, stopped or out of disk space, and resume.
#![cfg(unix)]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use bgad::RunDirectory;
use bgad::synthetic::{self, SyntheticConfig};

/// Number of kills in this test; `BGAD_KILLS=50` sets more.
const KILLS: u32 = 6;

struct Case {
    folder: tempfile::TempDir,
}

impl Case {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let parts = SyntheticConfig {
            image_size: 64,
            train_images: 6,
            test_images: 2,
            abnormal_per_type: 2,
            ..SyntheticConfig::default()
        };
        synthetic::write(&folder.path().join("parts"), &parts).unwrap();
        let settings = "input.image_size = 64\nflow.coupling_blocks = 2\nflow.position_dimension = 16\n\
                        [schedule]\ntrain_flows = \"always\"\nevaluate = \"each\"\nbatch_size = 3\nimage_steps = 4\nmeta_epochs = 4\n\
                        sub_epochs = 3\n";
        std::fs::write(folder.path().join("settings.toml"), settings).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn begun(&self, out: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bgad"));
        command
            .args(["train", "--layout", "mvtec", "--model", "bgad-fas"])
            .args(["--anomalies", "2", "--no-report", "--data"])
            .arg(self.path("parts"))
            .arg("--config")
            .arg(self.path("settings.toml"))
            .arg("--out")
            .arg(self.path(out));
        command
    }

    fn resumed(&self, out: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bgad"));
        command
            .args(["train", "--no-report", "--resume"])
            .arg(self.path(out));
        command
    }

    fn model(&self, out: &str) -> Vec<u8> {
        std::fs::read(self.path(out).join("model.bgad")).unwrap()
    }
}

fn spawn(mut command: Command) -> Child {
    let command = command.stdout(Stdio::null()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

fn message(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Files in a run's folder that should not be there.
fn left_over(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).unwrap();
    let names = names.map(|e| e.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with('.')).collect()
}

#[test]
fn two_programs_do_not_train_in_one_folder() {
    let case = Case::new();
    let held = RunDirectory::hold(&case.path("run")).unwrap();
    let refused = |command: &mut Command| {
        let output = command.output().unwrap();
        let message = message(&output);
        assert!(!output.status.success(), "{message}");
        assert!(message.contains("another program is training"), "{message}");
    };
    refused(&mut case.begun("run"));
    // Nothing was written or removed.
    assert!(!case.path("run/run.json").exists());
    drop(held);
    assert_eq!(std::fs::read_dir(case.path("run")).unwrap().count(), 0);
    let output = case.begun("run").output().unwrap();
    assert!(output.status.success(), "{}", message(&output));
    let model = case.model("run");
    let held = RunDirectory::hold(&case.path("run")).unwrap();
    refused(&mut case.resumed("run"));
    refused(&mut case.begun("run"));
    assert!(case.model("run") == model);
    drop(held);
    assert!(!case.path("run/.bgad-lock").exists());
}

#[test]
fn a_run_killed_at_any_moment_ends_with_the_same_model() {
    let case = Case::new();
    let start = Instant::now();
    let output = case.begun("unbroken").output().unwrap();
    assert!(output.status.success(), "{}", message(&output));
    let whole = start.elapsed();
    let expected = case.model("unbroken");
    let log = std::fs::read_to_string(case.path("unbroken/metrics.jsonl")).unwrap();
    assert_eq!(log.lines().count(), 4);
    assert!(!case.path("unbroken/checkpoints").exists());

    let kills = std::env::var("BGAD_KILLS").map_or(KILLS, |n| n.parse().unwrap());
    let (mut killed, mut ended, mut random) = (0, 0, 1u64);
    while killed < kills || ended == 0 {
        // The first resumption may come before there is anything to resume.
        let mut child = spawn(case.begun("killed"));
        for attempt in 0.. {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let share = (random >> 40) as f64 / (1u64 << 24) as f64;
            // Later attempts live longer, so that the loop also ends on a busy machine.
            let life = whole.mul_f64(share * (1.0 + f64::from(attempt) / 4.0));
            let deadline = Instant::now() + life;
            let status = loop {
                match child.try_wait().unwrap() {
                    Some(status) => break Some(status),
                    None if Instant::now() >= deadline => break None,
                    None => std::thread::sleep(Duration::from_millis(2)),
                }
            };
            let Some(status) = status else {
                child.kill().unwrap();
                child.wait().unwrap();
                killed += 1;
                // Killed before it had recorded its images, so it starts again.
                let begun = case.path("killed/dataset.json").exists();
                child = match begun {
                    true => spawn(case.resumed("killed")),
                    false => spawn(case.begun("killed")),
                };
                continue;
            };
            let output = child.wait_with_output().unwrap();
            if !status.success() {
                // Killed between its last output and its end.
                let message = message(&output);
                assert!(message.contains("this run has finished"), "{message}");
            }
            break;
        }
        ended += 1;
        assert!(case.model("killed") == expected, "after {killed} kills");
        let log = std::fs::read_to_string(case.path("killed/metrics.jsonl")).unwrap();
        assert_eq!(log.lines().count(), 4, "{log}");
        let checkpoints = std::fs::read_dir(case.path("killed/checkpoints"));
        assert!(
            checkpoints.is_err(),
            "{:?}",
            checkpoints.map(Vec::from_iter)
        );
        assert_eq!(left_over(&case.path("killed")), [""; 0]);
    }
}

#[test]
fn an_interrupt_leaves_a_checkpoint() {
    let case = Case::new();
    let output = case.begun("unbroken").output().unwrap();
    assert!(output.status.success(), "{}", message(&output));
    let child = spawn(case.begun("run"));
    // The first meta-epoch's line shows that training is in progress.
    let log = case.path("run/metrics.jsonl");
    let deadline = Instant::now() + Duration::from_secs(60);
    while std::fs::read_to_string(&log).unwrap_or_default().is_empty() {
        assert!(Instant::now() < deadline, "no line in {}", log.display());
        std::thread::sleep(Duration::from_millis(2));
    }
    let killed = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(killed.unwrap().success());
    let output = child.wait_with_output().unwrap();
    let said = message(&output);
    if output.status.success() {
        // It ended before the signal arrived.
        return;
    }
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(said.contains("bgad train --resume"), "{said}");
    let output = case.resumed("run").output().unwrap();
    assert!(output.status.success(), "{}", message(&output));
    assert!(message(&output).contains("continuing in meta-epoch"));
    assert!(case.model("run") == case.model("unbroken"));

    let output = case.resumed("run").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(message(&output).contains("this run has finished"));
    let output = case.resumed("run").args(["--seed", "3"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let output = case.resumed("nothing").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(message(&output).contains("run.json"));
}

#[test]
fn a_full_disk_loses_nothing() {
    let case = Case::new();
    let output = case.begun("unbroken").output().unwrap();
    assert!(output.status.success(), "{}", message(&output));
    // Files may not grow beyond 16 KiB: the model would, settings and metrics don't.
    let begun = case.begun("run");
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 32; exec \"$0\" \"$@\""])
        .arg(begun.get_program())
        .args(begun.get_args())
        .output()
        .unwrap();
    let said = message(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("no checkpoint could be written"), "{said}");
    assert!(said.contains("model.bgad"), "{said}");
    assert!(!case.path("run/model.bgad").exists());
    assert_eq!(left_over(&case.path("run")), [""; 0]);
    assert_eq!(left_over(&case.path("run/checkpoints")), [""; 0]);

    // With enough space it continues.
    let output = case.resumed("run").output().unwrap();
    assert!(output.status.success(), "{}", message(&output));
    assert!(case.model("run") == case.model("unbroken"));
}
