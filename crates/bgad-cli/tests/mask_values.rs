//! Which values of masks mark a defect, on the command line.

use std::path::Path;
use std::process::{Command, Output};

use bgad::RgbImage;
use serde_json::Value;

fn data(folder: &Path, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bgad"))
        .args(["data", "--layout", "folder", "--data"])
        .arg(folder)
        .args(more)
        .output()
        .unwrap()
}

/// A data set whose masks hold these values in their first pixels.
fn write_set(root: &Path, masks: &[&[u8]]) {
    let save = |name: String, values: &[u8]| {
        let path = root.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut image = RgbImage::new(16, 16);
        for (pixel, value) in image.pixels_mut().zip(values) {
            pixel.0 = [*value; 3];
        }
        image.save(path).unwrap();
    };
    for index in 0..4 {
        save(format!("good/{index}.png"), &[90]);
    }
    for (index, values) in masks.iter().enumerate() {
        save(format!("dent/{index}.png"), &[90]);
        save(format!("masks/dent/{index}.png"), values);
    }
}

#[test]
fn the_rule_is_told_and_can_be_chosen() {
    let root = tempfile::tempdir().unwrap();
    write_set(root.path(), &[&[1, 1], &[1, 2]]);
    let output = data(root.path(), &[]);
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("rule nonzero: class numbers"), "{text}");
    let output = data(root.path(), &["--json", "--mask-values", "2"]);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["masks"]["values"]["values"], "2");
    assert_eq!(json["masks"]["empty"].as_array().unwrap().len(), 1);
}

#[test]
fn unclear_values_are_shown_with_the_option() {
    let root = tempfile::tempdir().unwrap();
    write_set(root.path(), &[&[1, 1], &[255]]);
    let output = data(root.path(), &[]);
    assert!(!output.status.success());
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        text.contains("0, 1, 255") && text.contains("--mask-values"),
        "{text}"
    );
    assert!(
        data(root.path(), &["--mask-values", "nonzero"])
            .status
            .success()
    );
    let output = data(root.path(), &["--mask-values", "some"]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        text.contains("'some'") && text.contains("above:N"),
        "{text}"
    );
}
