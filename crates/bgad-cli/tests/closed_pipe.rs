//! Commands whose reader closes the pipe.

use std::process::{Command, Stdio};

use crate::case::Case;

/// Runs with a standard output that nobody reads; returns the status and the text on stderr.
fn unread(mut command: Command) -> (Option<i32>, String) {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = command
        .stdout(writer)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), errors)
}

#[test]
fn every_command_ends_quietly_when_its_reader_goes_away() {
    let case = Case::new();
    let tests = case.path("parts/test");
    let parts = case.path("parts");
    let bgad = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bgad"));
        command.args(arguments);
        command
    };
    let mut commands = Vec::new();
    for form in ["--json", "--csv", "--quiet"] {
        let mut predict = case.predict();
        predict.arg(&tests).arg(form);
        commands.push(predict);
    }
    for form in ["--json", "--quiet"] {
        let mut evaluate = bgad(&["evaluate", "--layout", "mvtec", form, "--model"]);
        evaluate.arg(&case.model).arg("--data").arg(&parts);
        commands.push(evaluate);
        let mut calibrate = bgad(&["calibrate", "--fpr", "0.5", form, "--model"]);
        calibrate.arg(&case.model).arg("--normal");
        calibrate.arg(tests.join("good"));
        commands.push(calibrate);
    }
    let mut data = bgad(&["data", "--layout", "mvtec", "--data"]);
    data.arg(&parts);
    commands.push(data);
    commands.push(bgad(&["settings"]));
    commands.push(bgad(&["weights", "list"]));
    commands.push(bgad(&["--help"]));
    commands.push(bgad(&["--version"]));
    for command in commands {
        let text = format!("{command:?}");
        assert_eq!(unread(command), (Some(0), String::new()), "{text}");
    }
}

#[test]
fn files_are_written_whoever_reads_the_lines() {
    let case = Case::new();
    let mut predict = case.predict();
    let out = case.path("masks");
    predict.arg(case.path("parts/test/good")).arg("--json");
    predict.arg("--masks").arg(&out);
    assert_eq!(unread(predict), (Some(0), String::new()));
    // Three masks, and the mark of a folder of results.
    assert_eq!(std::fs::read_dir(&out).unwrap().count(), 4);
}

#[test]
fn messages_that_nobody_reads_change_no_status() {
    let case = Case::new();
    let damaged = case.path("damaged.png");
    std::fs::write(&damaged, "no image").unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut predict = case.predict();
    predict.arg(&damaged).arg(case.path("parts/test/good"));
    let output = predict
        .stdout(Stdio::piped())
        .stderr(writer)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let lines = String::from_utf8(output.stdout).unwrap();
    assert_eq!(lines.lines().count(), 3, "{lines}");
}
