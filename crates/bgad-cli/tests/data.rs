//! Data sets on the command line: inspection, layouts, splits.

use std::path::Path;
use std::process::{Command, Output};

use bgad::synthetic::{self, SyntheticConfig};
use bgad::{Detector, Device, RgbImage};
use serde_json::Value;

fn bgad(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bgad"))
        .args(arguments)
        .output()
        .unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn json(arguments: &[&str]) -> Value {
    let output = bgad(arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn refused(arguments: &[&str], status: i32) -> String {
    let output = bgad(arguments);
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(status), "{message}");
    assert!(!message.contains("panicked"), "{message}");
    message
}

/// An image whose pixel at column `x`, row `y` is `pixel(x, y)` in all channels.
fn save(root: &Path, name: &str, width: u32, height: u32, pixel: impl Fn(u32, u32) -> u8) {
    let path = root.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut image = RgbImage::new(width, height);
    for (x, y, to) in image.enumerate_pixels_mut() {
        to.0 = [pixel(x, y); 3];
    }
    image.save(path).unwrap();
}

/// Drawn parts: five normal ones for training, two for the test, and two of each defect type.
fn write_parts(folder: &Path) {
    let config = SyntheticConfig {
        image_size: 64,
        train_images: 5,
        test_images: 2,
        abnormal_per_type: 2,
        ..SyntheticConfig::default()
    };
    synthetic::write(folder, &config).unwrap();
}

const QUICK: [&str; 15] = [
    "--set",
    "schedule.train_flows=abnormal",
    "--meta-epochs",
    "2",
    "--sub-epochs",
    "1",
    "--image-size",
    "64",
    "--batch-size",
    "4",
    "--model",
    "bgad-fas",
    "--quiet",
    "--json",
    "--out",
];

#[test]
fn a_folder_of_any_names_is_inspected() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    for number in 0..8 {
        save(at, &format!("Free/{number}.png"), 20, 10, |_, _| 9);
    }
    save(at, "Crack/a.jpg", 20, 10, |_, _| 9);
    save(
        at,
        "Crack/a.png",
        20,
        10,
        |x, _| if x == 3 { 255 } else { 0 },
    );
    save(at, "Crack/b.jpg", 20, 10, |_, _| 9);
    let data = ["data", "--layout", "folder", "--data", text(at)];
    assert!(refused(&data, 1).contains("--normal"));

    let named = [
        &data[..],
        &[
            "--normal",
            "Free",
            "--abnormal",
            "Crack",
            "--mask-suffix",
            ".png",
        ],
    ]
    .concat();
    assert!(
        refused(&named, 1).contains("no normal images"),
        "all normal images end in .png"
    );
    for number in 0..8 {
        std::fs::rename(
            at.join(format!("Free/{number}.png")),
            at.join(format!("Free/{number}.bmp")),
        )
        .unwrap();
    }
    let found = json(&[&named[..], &["--json"]].concat());
    assert_eq!(
        (
            &found["train"]["good"],
            &found["test"]["good"],
            &found["test"]["Crack"]
        ),
        (&6.into(), &2.into(), &2.into())
    );
    assert_eq!(
        (&found["masks"]["available"], &found["masks"]["present"]),
        (&"some".into(), &1.into())
    );
    assert_eq!(found["sizes"][0]["images"], 10);
    let table = String::from_utf8(bgad(&named).stdout).unwrap();
    assert!(
        table.contains("Crack") && table.contains("20x10 (10)"),
        "{table}"
    );

    let fold = [&named[..], &["--folds", "4", "--fold"]].concat();
    let first = json(&[&fold[..], &["1", "--json"]].concat());
    assert_eq!(
        (&first["train"]["good"], &first["test"]["good"]),
        (&6.into(), &2.into())
    );
    assert!(refused(&[&fold[..], &["5"]].concat(), 1).contains("from 1 to 4"));
    assert!(refused(&[&data[..], &["--folds", "4"]].concat(), 2).contains("--fold"));
    let wrong = [
        "data",
        "--layout",
        "brain-mri",
        "--data",
        text(at),
        "--normal",
        "Free",
    ];
    assert!(refused(&wrong, 1).contains("layouts folder and mvtec"));
}

#[test]
fn a_written_split_repeats_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let (parts, split) = (
        folder.path().join("parts"),
        folder.path().join("split.json"),
    );
    write_parts(&parts);
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    let data = ["--layout", "mvtec", "--data", text(&parts)];
    let written = [
        "--anomaly-types",
        "stain",
        "--anomalies",
        "1",
        "--write-split",
        text(&split),
    ];
    let first = json(&[&["train"], &data[..], &written, &QUICK, &[text(&one)]].concat());
    let content = std::fs::read_to_string(&split).unwrap();
    assert!(content.contains("test/stain/"), "{content}");

    let read = ["--split-file", text(&split)];
    let again = json(&[&["train"], &data[..], &read, &QUICK, &[text(&two)]].concat());
    assert_eq!(first["history"], again["history"]);
    let model = two.join("model.bgad");
    let evaluate = [
        &["evaluate", "--model", text(&model), "--json"],
        &data[..],
        &read,
    ]
    .concat();
    let all = json(&evaluate);
    assert_eq!(all["image_auroc"], first["history"][1]["image_auroc"]);
    let some = json(&[&evaluate[..], &["--test-types", "stain"]].concat());
    assert_eq!(some["images"], 2 + 1);
    let message = refused(&[&evaluate[..], &["--test-types", "rust"]].concat(), 1);
    assert!(
        message.contains("no defect type 'rust'") && message.contains("stain"),
        "{message}"
    );
}

#[test]
fn training_and_test_types_may_differ() {
    let folder = tempfile::tempdir().unwrap();
    let (parts, out) = (folder.path().join("parts"), folder.path().join("out"));
    write_parts(&parts);
    let command = |test: &'static str| {
        let data = ["train", "--layout", "mvtec", "--data", text(&parts)];
        let types = ["--anomaly-types", "stain", "--anomalies", "1"];
        let test = ["--test-types", test];
        [&data[..], &types, &test, &QUICK, &[text(&out)]].concat()
    };
    json(&command("dent,scratch"));
    let evaluate = ["evaluate", "--layout", "mvtec", "--data", text(&parts)];
    let model = out.join("model.bgad");
    let options = ["--test-types", "dent,scratch", "--json", "--model"];
    let found = json(&[&evaluate[..], &options, &[text(&model)]].concat());
    // Two normal ones and both of each type, because none of them is in training.
    assert_eq!(found["images"], 2 + 2 + 2);
    let detector = Detector::load(&model, &Device::flex()).unwrap();
    assert_eq!(detector.description().training_anomalies.len(), 1);
    let message = refused(&command("rust"), 1);
    assert!(message.contains("no defect type 'rust'"), "{message}");
}

#[test]
fn aitex_trains_on_patches() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    for number in 1..=2 {
        // No two are equal, so no training image is tested under another name.
        let weave = |x: u32, y: u32| (100 + (x * 7 + y * 3 + number) % 40) as u8;
        save(
            at,
            &format!("NODefect_images/2306881/000{number}_000_05.png"),
            1024,
            256,
            weave,
        );
        let hole = |x: u32, y: u32| (300..340).contains(&x) && (90..130).contains(&y);
        save(
            at,
            &format!("Defect_images/000{number}_002_00.png"),
            1024,
            256,
            |x, y| if hole(x, y) { 0 } else { weave(x, y) },
        );
        save(
            at,
            &format!("Mask_images/000{number}_002_00_mask.png"),
            1024,
            256,
            |x, y| u8::from(hole(x, y)) * 255,
        );
    }
    let out = at.join("run");
    let data = ["--layout", "aitex", "--data", text(at)];
    let trained = json(
        &[
            &["train", "--anomalies", "1"],
            &data[..],
            &QUICK,
            &[text(&out)],
        ]
        .concat(),
    );
    assert!(
        trained["history"][1]["pixel_auroc"].is_number(),
        "{trained}"
    );
    let model = out.join("model.bgad");
    let found = json(&[&["evaluate", "--model", text(&model), "--json"], &data[..]].concat());
    // Two normal patches, and the abnormal one that was not trained on.
    assert_eq!(found["images"], 2 + 1);
    assert_eq!(found["image_auroc"], trained["history"][1]["image_auroc"]);
}

#[test]
fn missing_images_of_a_table_are_one_warning() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let mut table = String::new();
    for number in 0..40 {
        table += &format!(
            "images/{number}.png {} mono\n",
            if number < 32 { "0.0" } else { "1.0" }
        );
    }
    std::fs::write(at.join("labels.csv"), table).unwrap();
    for number in (0..40).step_by(2) {
        save(at, &format!("images/{number}.png"), 32, 32, |x, y| {
            (x * y + number) as u8
        });
    }
    let out = at.join("run");
    let data = ["--layout", "elpv", "--data", text(at)];
    let trained = json(
        &[
            &["train", "--anomalies", "1"],
            &data[..],
            &QUICK,
            &[text(&out)],
        ]
        .concat(),
    );
    let warnings = trained["warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(
        warnings[0].as_str().unwrap().contains("20 images left out"),
        "{warnings:?}"
    );
    let found = json(&[&["data", "--json"], &data[..]].concat());
    assert_eq!(found["absent"].as_array().unwrap().len(), 20);
    assert_eq!(found["train"]["good"], 24);
}

#[test]
fn a_preview_takes_the_same_choices_as_training() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    for number in 0..4 {
        save(at, &format!("Free/{number}.bmp"), 20, 10, |_, _| 90);
    }
    for kind in ["Crack", "Fray"] {
        save(at, &format!("{kind}/a.jpg"), 20, 10, |_, _| 200);
        save(at, &format!("{kind}/a.png"), 20, 10, |x, _| {
            if x < 4 { 255 } else { 0 }
        });
    }
    let out = at.join("sheet");
    let arguments = [
        "preview",
        "--layout",
        "folder",
        "--data",
        text(at),
        "--normal",
        "Free",
        "--mask-suffix",
        ".png",
        "--anomaly-types",
        "Crack",
        "--anomalies",
        "1",
        "--count",
        "3",
        "--out",
        text(&out),
    ];
    let output = bgad(&arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let sheet = bgad::load_image(&out.join("preview.png")).unwrap();
    // Three columns of five pictures.
    assert_eq!(sheet.dimensions(), (3 * 196 + 4, 5 * 196 + 4));
}
