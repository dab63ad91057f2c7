//! `bgad quantize`.

use std::process::Command;

use serde_json::Value;

use crate::case::{Case, json_lines, stdout};

const WEIGHTS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../tests/goldens/tf_efficientnet_b0_random_weights.safetensors"
);

fn bgad(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bgad"));
    command.args(arguments);
    command
}

#[test]
fn a_model_becomes_smaller_and_predicts() {
    let case = Case::new();
    let at = |name: &str| case.path(name).to_str().unwrap().to_owned();
    let (parts, run, out) = (at("parts"), at("run"), at("m8.bgad"));
    let mut train = bgad(&["train", &parts, "--out", &run, "--image-size", "64"]);
    train.args(["--backbone", "tf_efficientnet_b0", "--weights", WEIGHTS]);
    train.args(["--no-report", "--set", "memory_bank.size=200"]);
    stdout(train.output().unwrap());
    let (model, normal) = (at("run/model.bgad"), at("parts/train/good"));
    let quantize = [
        "quantize", "--model", &model, "--images", &normal, "--out", &out,
    ];
    let said = stdout(bgad(&quantize).output().unwrap());
    assert!(
        said.contains("features differ by") && said.contains("images               5"),
        "{said}"
    );
    let said = stdout(bgad(&quantize).arg("--json").output().unwrap());
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["images"], 5);
    assert_eq!(said["feature_errors"].as_array().unwrap().len(), 3);
    let bytes = said["bytes"].as_u64().unwrap();
    let small = bytes * 2 < said["bytes_before"].as_u64().unwrap() && bytes < 2_500_000;
    assert!(small, "{said}");
    let images = at("parts/test");
    let predict = bgad(&["predict", "--model", &out, "--json", &images]).output();
    assert!(!json_lines(&stdout(predict.unwrap())).is_empty());

    // Too few images for a threshold.
    let few = at("parts/train/good/000.png");
    let mut of_few = bgad(&["quantize", "--model", &model, "--images", &few, "--out"]);
    let output = of_few.arg(at("few.bgad")).arg("--json").output().unwrap();
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(said["threshold"].is_null() && said["pixel_threshold"].is_null());
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && errors.contains("1 image: too few for a threshold"),
        "{errors}"
    );

    // A model in bytes is not quantised again, and nothing is written.
    let again = at("again.bgad");
    let output = bgad(&[
        "quantize", "--model", &out, "--images", &normal, "--out", &again,
    ])
    .output();
    let output = output.unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && errors.contains("in bytes already"),
        "{errors}"
    );
    assert!(!case.path("again.bgad").exists());
}

#[test]
fn a_filter_bank_is_refused_by_name() {
    let case = Case::new();
    let out = case.path("m8.bgad");
    let refused = |images: &str| {
        let mut command = bgad(&["quantize", "--images", images, "--model"]);
        let output = command
            .arg(&case.model)
            .arg("--out")
            .arg(&out)
            .output()
            .unwrap();
        assert!(!output.status.success() && !out.exists());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let normal = case.path("parts/train/good");
    let errors = refused(normal.to_str().unwrap());
    assert!(
        errors.contains("`filter-bank`, can't be quantised"),
        "{errors}"
    );
}
