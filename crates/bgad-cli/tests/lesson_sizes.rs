//! A lesson keeps the sizes of a run's inputs, and turned copies.

use std::path::Path;

use bgad::{Detector, Device, FinerSize, Rotations, RunDirectory, Trainer};

use crate::run_to_teach::Case;

/// Writes a picture of noise with a part of `radius` pixels, whose surface has a pattern.
fn draw(path: &Path, radius: u32, number: u32) {
    const SIDE: u32 = 400;
    let middle = SIDE / 2 + number % 7;
    let pixels = (0..SIDE * SIDE).flat_map(|at| {
        let (x, y) = (at % SIDE, at / SIDE);
        let noise = (at * 7919 + number * 104_729) % 1009 % 4;
        let apart = x.abs_diff(middle).pow(2) + y.abs_diff(middle).pow(2);
        let part = (x / 5 * 37 + y / 7 * 59 + number) % 4 * 40;
        let value = if apart < radius * radius { part } else { 200 };
        [(value + noise) as u8; 3]
    });
    let image = bgad::RgbImage::from_raw(SIDE, SIDE, pixels.collect()).unwrap();
    image.save(path).unwrap();
}

/// The sizes of the inputs of a run's model.
fn sizes(case: &Case, run: &str) -> (Option<u32>, FinerSize) {
    let model = case.path(run).join("model.bgad");
    let detector = Detector::load(&model, &Device::flex()).unwrap();
    let input = &detector.description().config.input;
    (input.image_size, input.finer_size)
}

/// Four normal training images and one normal test image of the set `name`, with parts of `radius` pixels, and a folder
/// for new images.
fn drawn(name: &str, radius: u32) -> Case {
    let case = Case {
        folder: tempfile::tempdir().unwrap(),
    };
    let [train, test] = ["train", "test"].map(|part| format!("{name}/{part}/good"));
    for folder in [train.as_str(), test.as_str(), "line"] {
        std::fs::create_dir_all(case.path(folder)).unwrap();
    }
    for number in 0..4 {
        draw(&case.path(&format!("{train}/{number}.png")), radius, number);
    }
    draw(&case.path(&format!("{test}/0.png")), radius, 9);
    case
}

/// Trains on the set `name` with these settings; the run is `run`.
fn train(case: &Case, name: &str, settings: &[&str]) {
    let (data, run) = (case.text(name), case.text("run"));
    let mut train = vec!["train", "--layout", "mvtec", "--data", &data, "--out", &run];
    train.push("--no-report");
    train.extend(settings.iter().flat_map(|setting| ["--set", *setting]));
    case.succeed(&train);
}

#[test]
fn a_lesson_keeps_the_size_of_inputs() {
    let case = drawn("parts", 50);
    train(&case, "parts", &["memory_bank.size=500"]);
    let larger = (Some(384), FinerSize::Off);
    assert_eq!(sizes(&case, "run"), larger);
    // Without a background, a new run would have the usual size.
    let mut lesson = vec!["--no-report".to_owned()];
    for number in 0..12 {
        let image = case.path(&format!("line/{number}.png"));
        draw(&image, 400, 20 + number);
        lesson.extend([
            "--false-alarm".to_owned(),
            image.to_str().unwrap().to_owned(),
        ]);
    }
    let lesson: Vec<&str> = lesson.iter().map(String::as_str).collect();
    case.learned("run", "run2", &lesson);
    assert_eq!(sizes(&case, "run2"), larger);
    let dataset = RunDirectory::at(&case.path("run2")).dataset().unwrap();
    let mut config = RunDirectory::at(&case.path("run2"))
        .description()
        .unwrap()
        .config;
    config.input.image_size = None;
    config.input.finer_size = FinerSize::Auto;
    let anew = Trainer::new(config).fit(&dataset).unwrap();
    assert_eq!(anew.description().config.input.image_size, Some(256));
}

#[test]
fn a_lesson_keeps_the_finer_input_unless_it_trains_flows() {
    let case = Case::new(&[
        "--no-report",
        "--set",
        "input.finer_size=64",
        "--set",
        "schedule.train_flows=abnormal",
    ]);
    let finer = |run: &str| sizes(&case, run).1;
    assert_eq!(finer("run"), FinerSize::Pixels(64));
    let normal = ["--false-alarm", "parts/test/good/000.png", "--no-report"];
    case.learned("run", "run2", &normal);
    assert_eq!(finer("run2"), FinerSize::Pixels(64));
    let missed = ["--missed", "parts/test/dent/000.png", "--no-report"];
    let learned = case.learned("run2", "run3", &missed);
    assert_eq!(finer("run3"), FinerSize::Off);
    let warnings = learned["warnings"].as_array().unwrap();
    let mut warnings = warnings.iter().filter_map(serde_json::Value::as_str);
    assert!(
        warnings.any(|warning| warning.contains("finer input of 64 x 64")),
        "{learned}"
    );
}

#[test]
fn without_a_finer_input_a_lesson_has_the_usual_size() {
    let case = drawn("surface", 400);
    draw(&case.path("line/0.png"), 400, 10);
    let settings = [
        "memory_bank.size=500",
        "schedule.train_flows=abnormal",
        "schedule.meta_epochs=1",
        "schedule.sub_epochs=1",
    ];
    train(&case, "surface", &settings);
    assert_eq!(sizes(&case, "run"), (Some(192), FinerSize::Pixels(384)));
    let missed = [
        "--missed",
        "line/0.png",
        "--box",
        "50,50,60,60",
        "--no-report",
    ];
    case.learned("run", "run2", &missed);
    assert_eq!(sizes(&case, "run2"), (Some(256), FinerSize::Off));
}

#[test]
fn a_lesson_keeps_turned_copies() {
    let case = drawn("parts", 50);
    train(
        &case,
        "parts",
        &[
            "memory_bank.size=500",
            "input.image_size=64",
            "input.rotations=quarter",
        ],
    );
    draw(&case.path("line/0.png"), 50, 10);
    let rotations = |run: &str| {
        let model = case.path(run).join("model.bgad");
        let detector = Detector::load(&model, &Device::flex()).unwrap();
        let images = detector.description().normal_scores.len();
        (detector.description().config.input.rotations, images)
    };
    assert_eq!(rotations("run"), (Rotations::Quarter, 4));
    let normal = ["--false-alarm", "line/0.png", "--no-report"];
    case.learned("run", "run2", &normal);
    assert_eq!(rotations("run2"), (Rotations::Quarter, 5));
    // The same model as that of a new run on these images.
    let run = case.path("run2");
    let dataset = RunDirectory::at(&run).dataset().unwrap();
    let config = RunDirectory::at(&run).description().unwrap().config;
    let anew = Trainer::new(config).fit(&dataset).unwrap();
    let learned = Detector::load(&run.join("model.bgad"), &Device::flex()).unwrap();
    let scores = &learned.description().normal_scores;
    assert_eq!(&anew.description().normal_scores, scores);
}

#[test]
fn a_lesson_that_trains_flows_keeps_copies_that_were_asked_for() {
    let case = drawn("parts", 50);
    let settings = [
        "memory_bank.size=500",
        "input.image_size=64",
        "input.rotations=half",
        "schedule.train_flows=abnormal",
        "schedule.meta_epochs=1",
        "schedule.sub_epochs=1",
    ];
    train(&case, "parts", &settings);
    draw(&case.path("line/0.png"), 50, 10);
    let missed = [
        "--missed",
        "line/0.png",
        "--box",
        "180,180,60,60",
        "--no-report",
    ];
    case.learned("run", "run2", &missed);
    let model = case.path("run2").join("model.bgad");
    let detector = Detector::load(&model, &Device::flex()).unwrap();
    let rotations = detector.description().config.input.rotations;
    assert_eq!(rotations, Rotations::Half);
}
