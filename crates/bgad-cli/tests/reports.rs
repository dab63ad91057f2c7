//! A run's folder, its report, and experiments that continue where they stopped.
#![allow(clippy::print_stdout)]
#![cfg(feature = "report")]

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use bgad::synthetic::{self, SyntheticConfig};
use serde_json::Value;

const SETTINGS: &str = "input.image_size = 64\n[flow]\ncoupling_blocks = 2\nposition_dimension = 16\n\
                        [schedule]\ntrain_flows = \"always\"\nevaluate = \"each\"\nbatch_size = 4\nimage_steps = 40\n";

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bgad"));
    command.args(arguments);
    command
}

fn succeed(arguments: &[&str]) -> Output {
    let output = command(arguments).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    output
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn write_parts(folder: &Path) {
    let parts = SyntheticConfig {
        image_size: 64,
        train_images: 5,
        test_images: 3,
        abnormal_per_type: 2,
        ..SyntheticConfig::default()
    };
    synthetic::write(folder, &parts).unwrap();
}

fn check_page(path: &Path, pictures: bool) -> String {
    let page = std::fs::read_to_string(path).unwrap();
    assert!(page.len() < 20_000_000);
    let outside = page.replace("http://www.w3.org/2000/svg", "");
    assert!(!outside.contains("http://") && !outside.contains("https://"));
    for id in [
        "summary",
        "curves",
        "types",
        "training",
        "likelihoods",
        "embedding",
        "gallery",
        "scores",
        "settings",
    ] {
        assert!(page.contains(&format!("<section id=\"{id}\"")), "{id}");
    }
    assert_eq!(page.contains("data:image/jpeg;base64,"), pictures);
    for part in [
        "before the flow",
        "after the flow",
        "Stride 16",
        "Boundaries: ",
    ] {
        assert!(page.contains(part), "{part}");
    }
    page
}

/// CRC-32C as the standard defines it, a bit at a time, masked as TFRecord stores it.
fn masked_checksum(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ if crc & 1 == 1 { 0x82f6_3b78 } else { 0 }
        })
    };
    let crc = !bytes.iter().fold(!0, step);
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}

/// The records of a TensorBoard event file: length, its checksum, data, their checksum.
fn records(bytes: &[u8]) -> Vec<&[u8]> {
    let checksum = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().unwrap());
    let (mut rest, mut records) = (bytes, Vec::new());
    while !rest.is_empty() {
        let length = u64::from_le_bytes(rest[..8].try_into().unwrap()) as usize;
        let data = &rest[12..12 + length];
        assert_eq!(checksum(&rest[8..12]), masked_checksum(&rest[..8]));
        assert_eq!(checksum(&rest[12 + length..][..4]), masked_checksum(data));
        records.push(data);
        rest = &rest[16 + length..];
    }
    records
}

#[test]
fn the_checksum_of_the_tests_is_that_of_the_standard() {
    // Its check value, masked.
    let check = 0xe306_9283_u32.rotate_right(15).wrapping_add(0xa282_ead8);
    assert_eq!(masked_checksum(b"123456789"), check);
}

#[test]
fn the_report_can_be_made_again_from_a_runs_folder() {
    let folder = tempfile::tempdir().unwrap();
    let (data, out) = (folder.path().join("parts"), folder.path().join("run"));
    write_parts(&data);
    let settings = folder.path().join("settings.toml");
    std::fs::write(&settings, SETTINGS).unwrap();
    let (data, run) = (text(&data).to_owned(), text(&out).to_owned());
    let train = [
        "train",
        "--layout",
        "mvtec",
        "--data",
        &data,
        "--model",
        "bgad-fas",
        "--anomalies",
        "2",
        "--meta-epochs",
        "2",
        "--sub-epochs",
        "1",
        "--seed",
        "7",
        "--tensorboard",
        "--config",
        text(&settings),
        "--out",
        &run,
    ];
    succeed(&train);

    let described = json(&out.join("run.json"));
    assert_eq!(described["seed"], 7);
    assert_eq!(described["config"]["schedule"]["meta_epochs"], 2);
    assert_eq!(described["dataset"]["training_abnormal"], 2);
    let log = std::fs::read_to_string(out.join("metrics.jsonl")).unwrap();
    let lines: Vec<Value> = log
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    assert_eq!(lines.len(), 2);
    for (index, line) in lines.iter().enumerate() {
        assert_eq!(line["meta_epoch"], index + 1);
        assert!(line["seconds"].as_f64().unwrap() > 0.0);
        assert!(line["paper_protocol"]["aupro_approximated"].is_number());
    }
    let events: Vec<_> = std::fs::read_dir(&out)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| text(path).contains("tfevents"))
        .collect();
    assert_eq!(events.len(), 1);
    let events = std::fs::read(&events[0]).unwrap();
    let events = records(&events);
    assert_eq!(events.len(), 3, "the version and two meta-epochs");
    assert!(events[0].ends_with(b"brain.Event:2"));
    let mut loss = b"\x0a\x04loss\x15".to_vec();
    loss.extend((lines[1]["loss"].as_f64().unwrap() as f32).to_le_bytes());
    assert!(events[2].windows(loss.len()).any(|window| window == loss));

    let evaluation = json(&out.join("evaluation.json"));
    assert_eq!(evaluation["image_auroc"], lines[1]["image_auroc"]);
    assert!(evaluation["intervals"]["aupro"].is_array());
    assert!(!evaluation["by_defect_type"].as_array().unwrap().is_empty());
    let images = evaluation["images"].as_u64().unwrap() as usize;
    assert_eq!(evaluation["results"].as_array().unwrap().len(), images);
    let page = check_page(&out.join("report.html"), true);

    std::fs::remove_file(out.join("report.html")).unwrap();
    succeed(&["report", &run]);
    assert!(page == std::fs::read_to_string(out.join("report.html")).unwrap());
    screenshot(&out.join("report.html"));

    std::fs::rename(&data, folder.path().join("elsewhere")).unwrap();
    succeed(&["report", &run]);
    let page = check_page(&out.join("report.html"), false);
    assert!(page.contains(&format!("{images} of {images} images no longer exist")));

    std::fs::write(out.join("log_likelihoods.safetensors"), b"none").unwrap();
    let output = command(&["report", &run]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.contains("log_likelihoods.safetensors"), "{message}");
}

/// If there is a Chromium, it must be able to render the page.
fn screenshot(page: &Path) {
    let picture = page.with_extension("png");
    let shot = Command::new("chromium")
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--window-size=390,1200",
        ])
        .arg(format!("--screenshot={}", picture.display()))
        .arg(format!(
            "--user-data-dir={}",
            page.with_extension("profile").display()
        ))
        .arg(format!("file://{}", page.display()))
        .output();
    if shot.is_err() {
        println!("no chromium: no screenshot is taken");
        return;
    }
    let picture = bgad::load_image(&picture).unwrap();
    let first = picture.get_pixel(0, 0);
    assert!(
        picture.pixels().any(|pixel| pixel != first),
        "an empty page"
    );
}

#[test]
fn evaluate_computes_what_is_requested() {
    let folder = tempfile::tempdir().unwrap();
    let (data, out) = (folder.path().join("parts"), folder.path().join("run"));
    write_parts(&data);
    let settings = folder.path().join("settings.toml");
    std::fs::write(&settings, SETTINGS).unwrap();
    succeed(&[
        "train",
        "--layout",
        "mvtec",
        "--data",
        text(&data),
        "--meta-epochs",
        "1",
        "--sub-epochs",
        "1",
        "--set",
        "schedule.evaluate=never",
        "--config",
        text(&settings),
        "--out",
        text(&out),
    ]);
    assert!(!out.join("report.html").exists());
    let model = out.join("model.bgad");
    let evaluate = |more: &[&str]| -> Value {
        let mut arguments = vec![
            "evaluate",
            "--model",
            text(&model),
            "--layout",
            "mvtec",
            "--data",
            text(&data),
            "--json",
        ];
        arguments.extend(more);
        serde_json::from_slice(&succeed(&arguments).stdout).unwrap()
    };
    let plain = evaluate(&[]);
    assert!(plain["intervals"].is_null() && plain["aupimo"].is_null());
    assert_eq!(plain["aupro_limit"], 0.3);
    let more = evaluate(&["--confidence", "0.9", "--aupro-limit", "0.05"]);
    let ends = &more["intervals"]["image_auroc"];
    assert!(ends[0].as_f64() <= ends[1].as_f64());
    assert_eq!(more["intervals"]["level"], 0.9);
    assert!(more["aupro"].as_f64() != plain["aupro"].as_f64());
    let report = folder.path().join("report");
    evaluate(&["--report", text(&report)]);
    check_page(&report.join("report.html"), true);

    // Only normal images, then no masks: fewer metrics with a reason, but no error.
    std::fs::remove_dir_all(data.join("ground_truth")).unwrap();
    let maskless = evaluate(&[]);
    assert!(maskless["pixel_auroc"].is_null() && maskless["image_auroc"].is_number());
    assert_eq!(
        maskless["remarks"][0],
        "no metrics of the test pixels: no abnormal image has a mask"
    );
    for entry in std::fs::read_dir(data.join("test")).unwrap() {
        let path = entry.unwrap().path();
        if !path.ends_with("good") {
            std::fs::remove_dir_all(path).unwrap();
        }
    }
    let normal = evaluate(&[]);
    assert!(normal["image_auroc"].is_null());
    let remarks = normal["remarks"].as_array().unwrap();
    for of in ["images", "pixels"] {
        let remark = format!("no metrics of the test {of}: all are normal");
        assert!(remarks.contains(&Value::from(remark)), "{remarks:?}");
    }
    let remarks = normal["remarks"].to_string();
    assert!(!remarks.contains("mask"), "{remarks}");
}

/// HeadCT's layout: twelve images, four of them abnormal.
fn write_head_ct(folder: &Path) {
    let images = folder.join("headct/head_ct");
    std::fs::create_dir_all(&images).unwrap();
    let parts = folder.join("parts");
    write_parts(&parts);
    let mut table = "id,hemorrhage\n".to_owned();
    let normal = (0..8).map(|i| (i, "train/good", i % 5, 0));
    for (id, kind, number, label) in normal.chain((8..12).map(|i| (i, "test/scratch", i % 2, 1))) {
        let from = parts.join(kind).join(format!("{number:03}.png"));
        std::fs::copy(from, images.join(format!("{id:03}.png"))).unwrap();
        table.push_str(&format!("{id},{label}\n"));
    }
    std::fs::write(folder.join("headct/labels.csv"), table).unwrap();
}

#[test]
fn an_experiment_that_was_killed_repeats_nothing() {
    let folder = tempfile::tempdir().unwrap();
    write_head_ct(folder.path());
    let settings = folder.path().join("settings.toml");
    std::fs::write(&settings, SETTINGS).unwrap();
    let out = folder.path().join("out");
    let arguments = [
        "reproduce",
        "table3",
        "--data",
        text(folder.path()),
        "--categories",
        "head-ct",
        "--seeds",
        "6",
        "--meta-epochs",
        "8",
        "--sub-epochs",
        "4",
        "--backbone",
        "filter-bank",
        "--config",
        text(&settings),
        "--out",
        text(&out),
    ];
    let results = out.join("results.jsonl");
    let mut child = command(&arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let start = Instant::now();
    let lines = || {
        let text = std::fs::read_to_string(&results).unwrap_or_default();
        text.matches('\n').count()
    };
    while lines() < 1 && start.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let before = lines();
    assert!(
        (1..6).contains(&before),
        "{before} of 6 runs when it was killed"
    );
    let kept = std::fs::read_to_string(&results).unwrap();
    // As after a power cut while a line was written.
    std::fs::write(&results, format!("{kept}{{\"experiment\":\"tab")).unwrap();

    let output = succeed(&arguments);
    let notes = String::from_utf8(output.stderr).unwrap();
    assert_eq!(notes.matches("already done").count(), before, "{notes}");
    assert_eq!(notes.matches("running").count(), 6 - before, "{notes}");
    let all = std::fs::read_to_string(&results).unwrap();
    assert!(all.starts_with(&kept[..kept.rfind('\n').unwrap()]));
    assert_eq!(all.lines().count(), 6);
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.contains("published 0.807"), "{table}");

    let again = succeed(&arguments);
    assert_eq!(String::from_utf8(again.stdout).unwrap(), table);
    assert_eq!(std::fs::read_to_string(&results).unwrap(), all);
}

#[test]
fn missing_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |more: &[&str]| {
        let mut arguments = vec!["reproduce", "table2", "--data", text(folder.path())];
        arguments.extend(more);
        let output = command(&arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(refused(&[]).contains("--weights"));
    let message = refused(&["--backbone", "filter-bank"]);
    assert!(message.contains("02: not found"), "{message}");
}
