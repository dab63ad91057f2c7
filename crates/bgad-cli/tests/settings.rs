//! Settings on the command line.

use std::process::{Command, Output};

use bgad::Setting;
use serde_json::Value;

fn bgad(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bgad"));
    command.args(arguments).output().unwrap()
}

fn stdout(arguments: &[&str]) -> String {
    let output = bgad(arguments);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// The message for a wrong command line.
fn usage_error(arguments: &[&str]) -> String {
    let output = bgad(arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn all_settings_are_listed() {
    let lines = stdout(&["settings", "--json"]);
    let listed: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let expected: Vec<Value> = Setting::all()
        .iter()
        .map(|s| serde_json::json!(s))
        .collect();
    assert_eq!(listed, expected);
    let table = stdout(&["settings"]);
    for setting in Setting::all() {
        let row = table
            .lines()
            .find(|line| line.split(' ').next() == Some(setting.name));
        let row = row.unwrap_or_else(|| panic!("no row of {}", setting.name));
        assert!(
            row.contains(&setting.default) && row.contains(&setting.paper),
            "{row}"
        );
    }
    assert!(!stdout(&["settings", "scoring"]).contains("schedule."));
    assert_eq!(bgad(&["settings", "no-such"]).status.code(), Some(1));
}

#[test]
fn the_help_of_reproduce_shows_the_papers_schedule() {
    let help = stdout(&["reproduce", "-h"]);
    let line = |option: &str| help.lines().find(|line| line.contains(option)).unwrap();
    for (option, name) in [
        ("--meta-epochs", "schedule.meta_epochs"),
        ("--sub-epochs", "schedule.sub_epochs"),
    ] {
        let expected = format!("[default: {}]", Setting::named(name).unwrap().paper);
        assert!(line(option).contains(&expected), "{}", line(option));
    }
}

#[test]
fn the_help_of_train_fits_on_a_screen() {
    let help = stdout(&["train", "--help"]);
    assert_eq!(help, stdout(&["train", "-h"]));
    let lines = help.lines().count();
    assert!(lines <= 42, "{lines} lines:\n{help}");
    // The options that it leaves to other commands' help exist, and train accepts them.
    let others = stdout(&["data", "--help"]) + &stdout(&["preview", "--help"]);
    for option in ["--normal", "--folds", "--test-types", "--anomaly-types"] {
        assert!(others.contains(option), "{option}");
        assert!(
            !usage_error(&["train", option, "1"]).contains("unexpected"),
            "{option}"
        );
    }
}

#[test]
fn a_wrong_setting_is_a_usage_error() {
    let with = |arguments: &[&str]| {
        let train = [
            "train", "--layout", "mvtec", "--data", "none", "--out", "none",
        ];
        usage_error(&[&train[..], arguments].concat())
    };
    for (arguments, said) in [
        (&["--set", "scoring.image_score=mean"][..], "top:SHARE"),
        (
            &["--set", "scoring.image_scores=max"],
            "`scoring.image_score`",
        ),
        (&["--set", "seed"], "NAME=VALUE"),
        (&["--fit", "crop"], "`tiles:OVERLAP`"),
        (&["--model", "bgad-3"], "`bgad-fas`"),
        (&["--seed", "1", "--set", "seed=2"], "`seed` is given twice"),
        (
            &["--set", "pooled.folds=0", "--set", "pooled.folds=2"],
            "`pooled.folds` is given twice",
        ),
    ] {
        let message = with(arguments);
        assert!(message.contains(said), "{arguments:?}: {message}");
    }
    // It excludes --resume, as the flag would.
    assert!(usage_error(&["train", "--resume", "run", "--set", "seed=1"]).contains("--resume"));
}
