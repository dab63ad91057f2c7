//! Layouts that must be recognised, on the command line.

use std::path::Path;
use std::process::{Command, Output};

use bgad::synthetic::{self, SyntheticConfig};
use bgad::{RgbImage, RunDirectory};
use serde_json::Value;

fn bgad(arguments: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bgad"))
        .args(arguments)
        .arg(folder)
        .output()
        .unwrap()
}

fn errors(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Images that all differ.
fn save(root: &Path, names: &[&str]) {
    for (index, name) in names.iter().enumerate() {
        let path = root.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let grain = |x: u32, y: u32| ((x * 7 + y * 13 + index as u32 * 5) % 200) as u8;
        let image = RgbImage::from_fn(32, 32, |x, y| [grain(x, y), 90, grain(y, x)].into());
        image.save(path).unwrap();
    }
}

#[test]
fn a_folder_is_enough_for_all_commands() {
    let root = tempfile::tempdir().unwrap();
    let screw = root.path().join("sets/screw");
    let config = SyntheticConfig {
        image_size: 64,
        train_images: 5,
        test_images: 2,
        abnormal_per_type: 1,
        ..SyntheticConfig::default()
    };
    synthetic::write(&screw, &config).unwrap();
    let said = "MVTec AD layout, category screw";
    let out = root.path().join("run");
    let quick = [
        "train",
        "--meta-epochs=1",
        "--sub-epochs=1",
        "--image-size=32",
        "--set=schedule.image_steps=1",
        "--quiet",
        "--out",
        out.to_str().unwrap(),
    ];
    let output = bgad(&quick, &screw);
    assert!(output.status.success(), "{}", errors(&output));
    assert_eq!(
        errors(&output).matches(said).count(),
        1,
        "{}",
        errors(&output)
    );
    let description = RunDirectory::at(&out).description().unwrap().dataset;
    assert_eq!(description.layout.as_deref(), Some("mvtec"));

    let model = out.join("model.bgad");
    // A folder that contains a single category is opened.
    let around = root.path().join("sets");
    for (arguments, folder) in [
        (&["data", "--json"][..], &screw),
        (&["data", "--json"], &around),
        (&["data", "--category", "screw", "--json"], &around),
        (
            &["evaluate", "--json", "--model", model.to_str().unwrap()],
            &screw,
        ),
        (
            &[
                "evaluate",
                "--json",
                "--model",
                model.to_str().unwrap(),
                "--data",
            ],
            &screw,
        ),
        (
            &[
                "preview",
                "--anomalies",
                "1",
                "--count",
                "2",
                "--out",
                out.to_str().unwrap(),
            ],
            &screw,
        ),
    ] {
        let output = bgad(arguments, folder);
        let text = errors(&output);
        assert!(output.status.success(), "{arguments:?}: {text}");
        assert_eq!(text.matches(said).count(), 1, "{arguments:?}: {text}");
        if arguments.contains(&"--json") {
            serde_json::from_slice::<Value>(&output.stdout).unwrap();
        }
    }
    let named = bgad(&["data", "--layout", "mvtec"], &screw);
    assert_eq!(errors(&named), "");
    let nowhere = Command::new(env!("CARGO_BIN_EXE_bgad"))
        .arg("data")
        .output()
        .unwrap();
    assert_eq!(nowhere.status.code(), Some(2));
}

#[test]
fn ambiguous_and_unknown_layouts_are_refused_before_any_work() {
    let root = tempfile::tempdir().unwrap();
    let at = root.path();
    save(at, &["two/good/0.png", "two/dent/0.png"]);
    std::fs::write(
        at.join("two/manifest.csv"),
        "path,label\ngood/0.png,normal\n",
    )
    .unwrap();
    save(at, &["none/a/0.png", "none/b/0.png"]);
    save(
        at,
        &[
            "labels/good/0.png",
            "labels/dent/0.png",
            "labels/labels/0.png",
        ],
    );
    for (folder, parts) in [
        ("two", ["--layout manifest", "--layout folder"]),
        ("none", ["--layout", "--normal"]),
        ("labels", ["'labels'", "--mask-dir"]),
    ] {
        let out = at.join("out");
        let arguments = ["train", "--out", out.to_str().unwrap()];
        let output = bgad(&arguments, &at.join(folder));
        assert_eq!(output.status.code(), Some(1), "{folder}");
        let text = errors(&output);
        assert!(
            parts.iter().all(|part| text.contains(part)),
            "{folder}: {text}"
        );
        assert!(!out.exists(), "{folder}");
    }
    // With one option from the user, each can be read.
    let reads = |arguments: &[&str], folder: &str| {
        let output = bgad(arguments, &at.join(folder));
        assert!(output.status.success(), "{}", errors(&output));
    };
    reads(&["data", "--layout", "folder"], "two");
    reads(&["data", "--normal=a", "--"], "none");
    reads(&["data", "--abnormal=dent", "--"], "labels");
}

#[test]
fn annotations_train_and_evaluate_pixels() {
    let root = tempfile::tempdir().unwrap();
    let at = root.path().join("coco");
    let names: Vec<String> = (0..8).map(|index| format!("images/{index}.png")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    save(&at, &names);
    let images: Vec<Value> = (0..8)
        .map(|id| {
            let name = format!("{id}.png");
            serde_json::json!({"id": id, "file_name": name, "width": 32, "height": 32})
        })
        .collect();
    let annotations = serde_json::json!([
        {"id": 0, "image_id": 6, "category_id": 1, "bbox": [4, 4, 10, 10]},
        {"id": 1, "image_id": 7, "category_id": 1, "segmentation": [[2, 2, 20, 2, 20, 20]]},
    ]);
    let categories = serde_json::json!([{"id": 1, "name": "dent"}]);
    let table = serde_json::json!({
        "images": images, "annotations": annotations, "categories": categories,
    });
    std::fs::write(at.join("annotations.json"), table.to_string()).unwrap();
    let out = root.path().join("run");
    let arguments = [
        "train",
        "--model=bgad-fas",
        "--anomalies=1",
        "--meta-epochs=1",
        "--sub-epochs=1",
        "--image-size=32",
        "--set=schedule.image_steps=1",
        "--json",
        "--out",
        out.to_str().unwrap(),
    ];
    let output = bgad(&arguments, &at);
    assert!(output.status.success(), "{}", errors(&output));
    assert!(
        errors(&output).contains("COCO annotations"),
        "{}",
        errors(&output)
    );
    let trained: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(
        trained["history"][0]["pixel_auroc"].is_number(),
        "{trained}"
    );
    assert!(out.join("report.html").is_file());
    let model = out.join("model.bgad");
    let output = bgad(
        &["evaluate", "--json", "--model", model.to_str().unwrap()],
        &at,
    );
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["pixel_auroc"], trained["history"][0]["pixel_auroc"]);
}

/// A tree with folders of masks inside those of images.
#[test]
fn a_question_is_answered_by_the_option_that_it_names() {
    let root = tempfile::tempdir().unwrap();
    let at = root.path();
    save(
        at,
        &[
            "train/ok_front/0.png",
            "test/ok_front/0.png",
            "test/dent/img/0.png",
            "test/dent/label/0.png",
        ],
    );
    let asked = |arguments: &[&str]| {
        let output = bgad(arguments, at);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        errors(&output)
    };
    let message = asked(&["train", "--out", "nowhere"]);
    assert!(message.contains("add --normal ok_front"), "{message}");
    let message = asked(&["data", "--normal=ok_front"]);
    assert!(message.contains("add --mask-dir label"), "{message}");
    let arguments = [
        "data",
        "--json",
        "--normal=ok_front",
        "--mask-dir=label",
        "--mask-values=half",
    ];
    let output = bgad(&arguments, at);
    assert!(output.status.success(), "{}", errors(&output));
    assert!(errors(&output).contains("MVTec AD layout"));
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["masks"]["present"], 1);
    let message = asked(&["data", "--layout=brain-mri", "--normal=no"]);
    assert!(message.contains("layouts folder and mvtec"), "{message}");
}

#[test]
fn the_rule_for_masks_decides_what_is_abnormal() {
    let root = tempfile::tempdir().unwrap();
    let at = root.path();
    save(at, &["train/1.png", "train/2.png", "test/3.png"]);
    for (name, value) in [
        ("train/1_GT.png", 0),
        ("train/2_GT.png", 1),
        ("test/3_GT.png", 2),
    ] {
        let mut mask = RgbImage::new(32, 32);
        mask.put_pixel(3, 4, [value; 3].into());
        mask.save(at.join(name)).unwrap();
    }
    for (rule, abnormal) in [("auto", 2), ("2", 1)] {
        let output = bgad(&["data", "--json", "--mask-values", rule], at);
        assert!(output.status.success(), "{}", errors(&output));
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(json["masks"]["present"], abnormal, "{rule}");
    }
}
