//! Decisions come before rankings, in every output.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::case::{Case, stdout};

fn bgad(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bgad"));
    stdout(command.args(arguments).output().unwrap())
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// The index of the line that begins with a word.
fn place(text: &str, word: &str) -> usize {
    let found = text.lines().position(|line| line.starts_with(word));
    found.unwrap_or_else(|| panic!("{word}: {text}"))
}

fn train(case: &Case, out: &Path, more: &[&str]) -> String {
    let parts = case.path("parts");
    let (parts, out) = (parts.to_str().unwrap(), out.to_str().unwrap());
    let settings = [
        "input.image_size=32",
        "flow.coupling_blocks=2",
        "flow.position_dimension=16",
        "schedule.image_steps=2",
    ];
    let mut arguments = vec!["train", "--layout", "mvtec", "--data", parts, "--out", out];
    arguments.extend(["--meta-epochs", "1", "--sub-epochs", "1"]);
    for setting in &settings {
        arguments.extend(["--set", setting]);
    }
    arguments.extend(more);
    bgad(&arguments)
}

#[test]
fn training_ends_with_decisions_and_their_basis() {
    let case = Case::new();
    let out = case.path("run");
    let said = train(&case, &out, &["--no-report"]);
    assert!(place(&said, "decisions") < place(&said, "outlines"));
    assert!(place(&said, "outlines") < place(&said, "image AUROC"));
    let decisions = said.lines().nth(place(&said, "decisions")).unwrap();
    assert!(
        decisions.contains("of 3 normal images called anomalous"),
        "{said}"
    );
    assert!(decisions.contains("33.33 % promised by training"), "{said}");
    let last = said.lines().last().unwrap();
    let expected = "5 normal images support a threshold with about 33.33 % false alarms, at most ";
    assert!(
        last.starts_with("note") && last.contains(expected),
        "{said}"
    );
    assert!(last.contains(" % with 95 % confidence"), "{said}");
    assert!(last.contains("`bgad calibrate` with 99 other"), "{said}");

    let said = json(&train(&case, &out, &["--no-report", "--json"]));
    assert_eq!(said["calibrated"], false);
    assert_eq!(said["decisions"]["promised_rate"], 2.0 / 6.0);
    assert_eq!(said["normal_images"], 5);
    assert_eq!(said["images_needed"], 99);
    assert!(said["false_positive_bound"].as_f64().unwrap() > 2.0 / 6.0);

    // Five images support a rate of two fifths.
    let rule = "scoring.threshold=false-positive-rate:0.4";
    let said = train(&case, &out, &["--no-report", "--set", rule]);
    let last = said.lines().last().unwrap();
    assert!(last.contains("about 40 % false alarms"), "{said}");
    assert!(!last.contains("bgad calibrate"), "{said}");
}

#[cfg(feature = "report")]
#[test]
fn the_report_and_its_file_begin_with_decisions() {
    let case = Case::new();
    let out = case.path("run");
    train(&case, &out, &[]);
    let evaluation = json(&std::fs::read_to_string(out.join("evaluation.json")).unwrap());
    let decisions = &evaluation["decisions"];
    assert_eq!(decisions["calibrated"], false);
    let page = std::fs::read_to_string(out.join("report.html")).unwrap();
    let tiles: Vec<&str> = page
        .split("<div class=\"name\">")
        .skip(1)
        .map(|rest| rest.split('<').next().unwrap())
        .collect();
    let expected = ["defects found", "false alarms", "pixel F1", "image AUROC"];
    assert_eq!(tiles, expected);
    let found = format!("{} of {}", decisions["found"], decisions["abnormal_images"]);
    assert!(page.contains(&found), "{found}");
    assert!(page.contains("0.333 promised by training images"));
    // Reports of versions before decisions existed still load.
    let mut earlier = evaluation;
    earlier.as_object_mut().unwrap().remove("decisions");
    std::fs::write(out.join("evaluation.json"), earlier.to_string()).unwrap();
    bgad(&["report", out.to_str().unwrap()]);
}

#[test]
fn evaluations_and_predictions_say_whether_a_model_is_calibrated() {
    let case = Case::new();
    let (model, parts) = (case.model.to_str().unwrap(), case.path("parts"));
    let good = parts.join("test/good");
    let good = good.to_str().unwrap();
    let parts = parts.to_str().unwrap();
    let evaluate = [
        "evaluate", "--model", model, "--layout", "mvtec", "--data", parts,
    ];
    let as_json = [evaluate.as_slice(), &["--json"]].concat();
    let predict = ["predict", "--model", model, "--json", good];
    let calibrated = || {
        let predictions = bgad(&predict);
        let told: Vec<Value> = predictions.lines().map(json).collect();
        assert_eq!(told.len(), 3);
        let evaluation = json(&bgad(&as_json));
        let expected = &evaluation["decisions"]["calibrated"];
        assert!(told.iter().all(|line| &line["calibrated"] == expected));
        expected.as_bool().unwrap()
    };
    assert!(!calibrated());
    bgad(&[
        "calibrate",
        "--model",
        model,
        "--normal",
        good,
        "--fpr",
        "0.3",
    ]);
    assert!(calibrated());

    let said = bgad(&evaluate);
    assert_eq!(place(&said, "decisions"), 0);
    assert_eq!(place(&said, "outlines"), 1);
    let first = said.lines().next().unwrap();
    assert!(
        first.contains("0 of 3 normal images called anomalous (95 % interval 0 to 70.76 %)"),
        "{said}"
    );
    assert!(
        first.ends_with("30 % promised by calibration: kept"),
        "{said}"
    );

    bgad(&["calibrate", "--model", model, "--threshold", "-1000000"]);
    let said = bgad(&evaluate);
    let first = said.lines().next().unwrap();
    assert!(
        first.contains("3 of 3 normal images") && !first.contains("promised"),
        "{said}"
    );
    let table = bgad(&["predict", "--model", model, "--csv", good]);
    assert!(
        table
            .lines()
            .next()
            .unwrap()
            .ends_with(",calibrated,promised_rate,false_positive_bound"),
        "{table}"
    );
}
