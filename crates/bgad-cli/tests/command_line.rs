//! The binary as a person or a script uses it.

use std::path::Path;
use std::process::{Command, Output};

use bgad::synthetic::{self, SyntheticConfig};
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

fn stdout(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Expects exit status 1 with one readable message.
fn refused(arguments: &[&str]) -> String {
    let output = bgad(arguments);
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{message}");
    assert!(!message.contains("panicked"), "{message}");
    message
}

fn write_parts(folder: &Path) {
    let parts = SyntheticConfig {
        image_size: 64,
        train_images: 5,
        test_images: 2,
        abnormal_per_type: 2,
        ..SyntheticConfig::default()
    };
    synthetic::write(folder, &parts).unwrap();
}

#[test]
fn train_evaluate_and_predict_with_json() {
    let folder = tempfile::tempdir().unwrap();
    let (data, out) = (folder.path().join("parts"), folder.path().join("run"));
    write_parts(&data);
    let settings = folder.path().join("settings.toml");
    std::fs::write(
        &settings,
        "[flow]\ncoupling_blocks = 2\nposition_dimension = 16\n[schedule]\nbatch_size = 4\nevaluate = \"each\"\n",
    )
    .unwrap();
    let arguments = [
        "train",
        "--layout",
        "mvtec",
        "--data",
        text(&data),
        "--model",
        "bgad-fas",
        "--anomalies",
        "2",
        "--meta-epochs",
        "2",
        "--sub-epochs",
        "1",
        "--image-size",
        "64",
        "--set",
        "objective.focal=program",
        "--set",
        "schedule.train_flows=abnormal",
        "--config",
        text(&settings),
        "--out",
        text(&out),
        "--json",
    ];
    let report: Value = serde_json::from_str(&stdout(&bgad(&arguments))).unwrap();
    let model = report["model"].as_str().unwrap().to_owned();
    let history = report["history"].as_array().unwrap();
    assert_eq!(history.len(), 2);
    for (index, entry) in history.iter().enumerate() {
        assert_eq!(entry["meta_epoch"], index + 1);
        for key in ["loss", "image_auroc", "pixel_auroc", "aupro"] {
            assert!(entry[key].is_number(), "{key} in {entry}");
        }
    }
    for key in ["features", "flow", "evaluation", "total"] {
        assert!(report["seconds"][key].as_f64().unwrap() > 0.0, "{key}");
    }
    if cfg!(target_os = "linux") {
        assert!(report["peak_rss_bytes"].as_u64().unwrap() > 1 << 20);
    }

    let evaluated = bgad(&[
        "evaluate",
        "--model",
        &model,
        "--layout",
        "mvtec",
        "--data",
        text(&data),
        "--json",
    ]);
    let evaluated: Value = serde_json::from_str(&stdout(&evaluated)).unwrap();
    for key in [
        "image_auroc",
        "pixel_auroc",
        "aupro",
        "image_ap",
        "pixel_ap",
        "image_f1",
    ] {
        assert!(evaluated[key].is_number(), "{key} in {evaluated}");
    }
    assert_eq!(evaluated["image_auroc"], history[1]["image_auroc"]);
    for key in ["image_auroc", "pixel_auroc", "aupro"] {
        assert!(
            evaluated["paper_protocol"][key].is_number(),
            "{key} in {evaluated}"
        );
    }
    // Two of each kind and two normal ones, without the two that were trained on.
    let kinds = std::fs::read_dir(data.join("test")).unwrap().count() - 1;
    assert_eq!(evaluated["images"], 2 * kinds + 2 - 2);

    let images = [
        data.join("test/good/000.png"),
        data.join("test/scratch/000.png"),
    ];
    let maps = folder.path().join("maps");
    let predicted = bgad(&[
        "predict",
        "--model",
        &model,
        text(&images[0]),
        text(&images[1]),
        "--heatmaps",
        text(&maps),
        "--json",
    ]);
    let lines = stdout(&predicted);
    let lines: Vec<Value> = lines
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    assert_eq!(lines.len(), 2);
    for (line, image) in lines.iter().zip(&images) {
        assert_eq!(line["path"], text(image));
        let (score, threshold) = (
            line["score"].as_f64().unwrap(),
            line["threshold"].as_f64().unwrap(),
        );
        assert_eq!(line["anomalous"], score > threshold);
    }
    // Both images have the same name; neither map may be lost.
    let names = ["good_000_heatmap.png", "scratch_000_heatmap.png"];
    for (line, name) in lines.iter().zip(names) {
        assert_eq!(line["heatmap"], text(&maps.join(name)));
        assert_eq!(image_size(&maps.join(name)), (64, 64));
    }

    // One bad file among several: the others are predicted, and the status reports the failure.
    let text_file = folder.path().join("note.png");
    std::fs::write(&text_file, "hello").unwrap();
    let output = bgad(&[
        "predict",
        "--model",
        &model,
        text(&text_file),
        text(&images[0]),
        "--json",
    ]);
    assert_eq!(output.status.code(), Some(1));
    let lines = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Value> = lines
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    assert!(lines[0]["error"].is_string() && lines[0]["score"].is_null());
    assert!(lines[1]["score"].is_number());
    assert_eq!(lines.len(), 2);
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(
        message.contains("note.png") && message.contains("1 of 2"),
        "{message}"
    );
}

fn image_size(path: &Path) -> (u32, u32) {
    let image = bgad::load_image(path).unwrap();
    image.dimensions()
}

#[test]
fn wrong_usage_is_status_2() {
    for arguments in [
        vec!["train"],
        vec!["train", "--layout", "circus", "--data", "x", "--out", "y"],
        vec!["evaluate", "--model"],
        vec!["predict", "--model", "m"],
        vec![
            "train", "--layout", "mvtec", "--data", "x", "--out", "y", "--device", "abacus",
        ],
        vec!["juggle"],
        vec![],
    ] {
        let output = bgad(&arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn bad_input_is_status_1_with_one_message() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("parts");
    let out = folder.path().join("out");
    let train = |data: &Path, more: &[&str]| {
        let mut arguments = vec![
            "train",
            "--layout",
            "mvtec",
            "--data",
            text(data),
            "--out",
            text(&out),
        ];
        arguments.extend(more);
        refused(&arguments)
    };
    assert!(train(&data, &[]).contains("parts"));
    std::fs::create_dir(&data).unwrap();
    assert!(train(&data, &[]).contains("parts"));
    std::fs::remove_dir(&data).unwrap();
    write_parts(&data);
    assert!(train(&data, &["--category", "zebra"]).contains("zebra"));
    assert!(train(&data, &["--model", "bgad-fas", "--anomalies", "500"]).contains("500"));
    let none = folder.path().join("none.safetensors");
    let message = train(
        &data,
        &["--backbone", "tf_efficientnet_b6", "--weights", text(&none)],
    );
    assert!(message.contains("none.safetensors"), "{message}");
    assert!(train(&data, &["--set", "objective.beta=7"]).contains("beta"));
    let message = train(&data, &["--config", text(&data.join("none.toml"))]);
    assert!(message.contains("none.toml"), "{message}");
    let settings = folder.path().join("typo.toml");
    std::fs::write(&settings, "batchsize = 3").unwrap();
    let message = train(&data, &["--config", text(&settings)]);
    assert!(
        ["typo.toml", "batchsize", "schedule.batch_size"]
            .iter()
            .all(|said| message.contains(said)),
        "{message}"
    );
    let missing = bgad::DeviceKind::ALL.into_iter();
    for device in missing.filter(|kind| !kind.is_compiled()) {
        let message = train(&data, &["--device", device.name()]);
        assert!(
            message.contains(&format!("--features {device}")),
            "{message}"
        );
    }
    std::fs::remove_dir_all(data.join("train/good")).unwrap();
    std::fs::create_dir(data.join("train/good")).unwrap();
    assert!(train(&data, &[]).contains("good"));
    assert!(!out.join("model.bgad").exists());

    let model = folder.path().join("no.bgad");
    assert!(refused(&["predict", "--model", text(&model), "x.png"]).contains("no.bgad"));
    std::fs::write(&model, "no model").unwrap();
    assert!(refused(&["predict", "--model", text(&model), "x.png"]).contains("no.bgad"));

    // A wrong path is answered with the right one.
    let said = refused(&["predict", "--model", text(folder.path()), "x.png"]);
    assert!(said.contains("a folder"), "{said}");
    let photo = data.join("test/good/000.png");
    let said = refused(&["train", text(&photo), "--out", text(&out)]);
    assert!(said.contains("a folder of images, or a table"), "{said}");
    let nowhere = folder.path().join("nowhere");
    let said = refused(&[
        "learn",
        "--run",
        text(&nowhere),
        "--missed",
        "x.png",
        "--out",
        "y",
    ]);
    assert!(said.contains("--out folder of a `bgad train`"), "{said}");
}
