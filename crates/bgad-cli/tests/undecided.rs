//! What predictions of a model that few images trained say of themselves.

use std::path::Path;
use std::process::{Command, Output};

use bgad::RgbImage;
use serde_json::{Value, json};

fn bgad(arguments: &[&str], folder: &Path) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_bgad"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    output
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Trains a model on this many normal images and makes an image with a defect. Returns what training promises.
fn model(folder: &Path, images: u32) -> Value {
    let save = |name: String, number: u32, defect: bool| {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let image = RgbImage::from_fn(32, 32, |x, y| {
            let grain = (x * 7 + y * 13 + number * 11) % 59;
            let marked = defect && x.abs_diff(20) < 4 && y.abs_diff(20) < 4;
            [if marked { 255 } else { 90 + grain as u8 }; 3].into()
        });
        image.save(path).unwrap();
    };
    for number in 0..images {
        save(format!("parts/train/good/{number}.png"), number, false);
    }
    save("parts/test/dent/0.png".to_owned(), 50, true);
    save("part.png".to_owned(), 51, true);
    let arguments = [
        "train",
        "parts",
        "--out",
        "run",
        "--image-size=32",
        "--granularity=pixel",
        "--no-report",
        "--quiet",
        "--json",
    ];
    let said: Value = serde_json::from_slice(&bgad(&arguments, folder).stdout).unwrap();
    said["promised_rate"].clone()
}

const PREDICT: [&str; 4] = ["predict", "--model", "run/model.bgad", "part.png"];

fn predict(folder: &Path, more: &[&str]) -> (String, String) {
    let arguments: Vec<&str> = PREDICT.iter().chain(more).copied().collect();
    let output = bgad(&arguments, folder);
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn without_a_threshold_nothing_is_decided() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    assert_eq!(model(at, 3), Value::Null);
    let (json, said) = predict(at, &["--json", "--heatmaps", "maps"]);
    assert_eq!(said, "", "JSON has it in its fields");
    let json: Value = serde_json::from_str(&json).unwrap();
    for key in [
        "threshold",
        "anomalous",
        "promised_rate",
        "false_positive_bound",
        "pixel_threshold",
    ] {
        assert_eq!(json.get(key), Some(&Value::Null), "{key}");
    }
    assert_eq!(json["calibrated"], false);
    assert!(json["score"].as_f64().is_some_and(f64::is_finite));
    // The map shows where the image differs most, but not how much is too much.
    let open = |name: &str| bgad::load_image(&at.join(name)).unwrap();
    assert_ne!(open("maps/part_heatmap.png"), open("part.png"));

    let (csv, _) = predict(at, &["--csv"]);
    let lines: Vec<Vec<&str>> = csv.lines().map(|line| line.split(',').collect()).collect();
    for (name, value) in lines[0].iter().zip(&lines[1]) {
        let empty = [
            "threshold",
            "anomalous",
            "pixel_threshold",
            "promised_rate",
            "false_positive_bound",
        ];
        assert_eq!(value.is_empty(), empty.contains(name), "{name}: {value}");
    }
    let (words, said) = predict(at, &[]);
    assert!(words.starts_with("undecided "), "{words}");
    for part in ["3 normal training images", "no threshold", "bgad calibrate"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let (_, quiet) = predict(at, &["--quiet"]);
    assert_eq!(quiet, "");

    // Found and missed defects are not counted where nothing is decided.
    let evaluate = ["evaluate", "--model", "run/model.bgad", "parts", "--json"];
    let evaluated: Value = serde_json::from_slice(&bgad(&evaluate, at).stdout).unwrap();
    assert_eq!(evaluated["decisions"], Value::Null);
}

#[test]
fn a_threshold_from_training_says_what_it_promises() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let promised = model(at, 7);
    assert!(promised.is_f64());
    let (json, _) = predict(at, &["--json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["calibrated"], false);
    assert_eq!(json["promised_rate"], promised);
    assert!(json["anomalous"].is_boolean() && json["threshold"].is_f64());
    let (_, said) = predict(at, &[]);
    for part in [
        "7 normal training images",
        "about 25 % false alarms, at most ",
        " % with 95 % confidence",
        "bgad calibrate",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let (csv, _) = predict(at, &["--csv"]);
    // None or one of seven above the threshold.
    let bound = json["false_positive_bound"].as_f64().unwrap();
    let exact = [1.0 - 0.05_f64.powf(1.0 / 7.0), 0.520_7];
    assert!(
        exact.iter().any(|exact| (bound - exact).abs() < 1e-4),
        "{bound}"
    );
    let last = format!(",false,{},{bound}", promised.as_f64().unwrap());
    assert!(csv.lines().nth(1).unwrap().ends_with(&last), "{csv}");

    // After a calibration there is nothing to explain. Copies don't calibrate.
    for name in ["copy.png", "copy2.png"] {
        std::fs::copy(at.join("part.png"), at.join(name)).unwrap();
    }
    let calibrate = [
        "calibrate",
        "--model",
        "run/model.bgad",
        "--json",
        "--normal",
    ];
    let images = ["part.png", "copy.png", "copy2.png", "parts/train"];
    let arguments: Vec<&str> = calibrate.iter().chain(&images).copied().collect();
    let output = bgad(&arguments, at);
    let calibrated: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(calibrated["images"], 8);
    assert!(text(&output.stderr).contains("2 of 10 images are copies"));
    assert_eq!(predict(at, &[]).1, "");
    let (json, _) = predict(at, &["--json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["calibrated"], true);
    assert!(json["promised_rate"].is_f64());
}

#[test]
fn a_lesson_with_enough_normal_images_gives_the_first_threshold() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    model(at, 3);
    let learn = |lesson: &[&str], out: &str, more: &[&str]| {
        let start = [
            "learn",
            "--run",
            "run",
            "--no-report",
            "--quiet",
            "--out",
            out,
        ];
        let arguments: Vec<&str> = start.iter().chain(lesson).chain(more).copied().collect();
        text(&bgad(&arguments, at).stdout)
    };
    // A defect alone is not enough.
    let missed = ["--missed", "part.png"];
    let said = learn(&missed, "still", &["--json"]);
    let said: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    let none = json!({ "before": null, "after": null });
    assert_eq!(said["result"]["threshold"], none);
    assert_eq!(said["result"]["taught"][0]["abnormal"], none);
    assert_eq!(said["result"]["flipped"], json!([]));
    let words = learn(&missed, "words", &[]);
    assert!(
        words.contains("none, before none") && words.contains("undecided as before"),
        "{words}"
    );

    let mut lesson = Vec::new();
    for number in 90..92 {
        let name = format!("normal{number}.png");
        let image = RgbImage::from_fn(32, 32, |x, y| {
            [90 + ((x * 7 + y * 13 + number * 11) % 59) as u8; 3].into()
        });
        image.save(at.join(&name)).unwrap();
        lesson.extend(["--false-alarm".to_owned(), name]);
    }
    let lesson: Vec<&str> = lesson.iter().map(String::as_str).collect();
    let said = learn(&lesson, "enough", &["--json"]);
    let said: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    let threshold = &said["result"]["threshold"];
    assert!(
        threshold["before"].is_null() && threshold["after"].is_f64(),
        "{threshold}"
    );
    let decision = &said["result"]["taught"][0]["abnormal"];
    assert_eq!(decision, &json!({ "before": null, "after": false }));
    assert_eq!(
        said["result"]["flipped"],
        json!([]),
        "nothing was decided before"
    );
}
