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

/// A data set whose masks have these values in their first pixels.
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
fn the_rule_is_reported_and_can_be_chosen() {
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

#[test]
fn an_inspection_continues_when_masks_are_unclear() {
    let root = tempfile::tempdir().unwrap();
    write_set(root.path(), &[&[1, 1], &[255]]);
    let output = data(root.path(), &[]);
    assert_eq!(output.status.code(), Some(1));
    let table = String::from_utf8(output.stdout).unwrap();
    for part in [
        "dent                0       2",
        "unclear: ",
        "0, 1, 255",
        "16x16 (6)",
    ] {
        assert!(table.contains(part), "{part}: {table}");
    }
    let output = data(root.path(), &["--json"]);
    assert_eq!(output.status.code(), Some(1));
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let unclear = json["masks"]["unclear"].as_str().unwrap();
    assert!(unclear.contains("0, 1, 255"), "{unclear}");
    assert_eq!(json["test"]["dent"], 2);
    // Commands that need no masks end at once.
    let output = data(
        root.path(),
        &["--mask-values", "auto", "--test-types", "rust"],
    );
    assert!(!output.status.success() && output.stdout.is_empty());
}

#[test]
fn an_experiment_uses_the_rule_of_the_whole_set() {
    let root = tempfile::tempdir().unwrap();
    let tile = root.path().join("tile");
    // The hard type has class numbers, the others have 0 and 255.
    for (kind, value) in [("rough", 1), ("crack", 255)] {
        let folder = tempfile::tempdir().unwrap();
        write_set(folder.path(), &[&[value]]);
        let moves = [
            ("good", "train/good".to_owned()),
            ("dent", format!("test/{kind}")),
            ("masks/dent", format!("ground_truth/{kind}")),
        ];
        for (from, to) in moves {
            let to = tile.join(to);
            std::fs::create_dir_all(&to).unwrap();
            for entry in std::fs::read_dir(folder.path().join(from)).unwrap() {
                let from = entry.unwrap().path();
                std::fs::copy(&from, to.join(from.file_name().unwrap())).unwrap();
            }
        }
    }
    let output = Command::new(env!("CARGO_BIN_EXE_bgad"))
        .args([
            "reproduce",
            "table5",
            "--categories",
            "tile",
            "--seeds",
            "1",
            "--data",
        ])
        .arg(root.path())
        .arg("--out")
        .arg(root.path().join("out"))
        .args([
            "--set",
            "backbone.name=filter-bank",
            "--set",
            "backbone.strides=8",
        ])
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(errors.contains("0, 1, 255"), "{errors}");
}
