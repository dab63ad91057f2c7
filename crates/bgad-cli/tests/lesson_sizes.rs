//! A lesson keeps the sizes of a run's inputs.

use std::path::Path;

use bgad::{Detector, Device, FinerSize, RunDirectory, Trainer};

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

#[test]
fn a_lesson_keeps_the_size_of_inputs() {
    let case = Case {
        folder: tempfile::tempdir().unwrap(),
    };
    for folder in ["parts/train/good", "parts/test/good", "line"] {
        std::fs::create_dir_all(case.path(folder)).unwrap();
    }
    for number in 0..4 {
        draw(
            &case.path(&format!("parts/train/good/{number}.png")),
            50,
            number,
        );
    }
    draw(&case.path("parts/test/good/0.png"), 50, 9);
    let (data, run) = (case.text("parts"), case.text("run"));
    let bank = ["--set", "memory_bank.size=500"];
    let train = [
        "train",
        "--layout",
        "mvtec",
        "--data",
        &data,
        "--out",
        &run,
        "--no-report",
    ];
    case.succeed(&[&train[..], &bank].concat());
    let size = |run: &str| {
        let model = case.path(run).join("model.bgad");
        let detector = Detector::load(&model, &Device::flex()).unwrap();
        let input = &detector.description().config.input;
        (input.image_size, input.finer_size)
    };
    let larger = (Some(384), FinerSize::Off);
    assert_eq!(size("run"), larger);
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
    assert_eq!(size("run2"), larger);
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
    let finer = |run: &str| {
        let model = case.path(run).join("model.bgad");
        let detector = Detector::load(&model, &Device::flex()).unwrap();
        detector.description().config.input.finer_size
    };
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
    let case = Case {
        folder: tempfile::tempdir().unwrap(),
    };
    for folder in ["surface/train/good", "surface/test/good", "line"] {
        std::fs::create_dir_all(case.path(folder)).unwrap();
    }
    for number in 0..4 {
        let image = format!("surface/train/good/{number}.png");
        draw(&case.path(&image), 400, number);
    }
    draw(&case.path("surface/test/good/0.png"), 400, 9);
    draw(&case.path("line/0.png"), 400, 10);
    let (data, run) = (case.text("surface"), case.text("run"));
    let settings = [
        "memory_bank.size=500",
        "schedule.train_flows=abnormal",
        "schedule.meta_epochs=1",
        "schedule.sub_epochs=1",
    ];
    let mut train = vec![
        "train",
        "--layout",
        "mvtec",
        "--data",
        &data,
        "--out",
        &run,
        "--no-report",
    ];
    train.extend(settings.iter().flat_map(|setting| ["--set", setting]));
    case.succeed(&train);
    let size = |run: &str| {
        let model = case.path(run).join("model.bgad");
        let detector = Detector::load(&model, &Device::flex()).unwrap();
        let input = &detector.description().config.input;
        (input.image_size, input.finer_size)
    };
    assert_eq!(size("run"), (Some(192), FinerSize::Pixels(384)));
    let box_of_defect = ["--missed", "line/0.png", "--box", "50,50,60,60"];
    case.learned(
        "run",
        "run2",
        &[&box_of_defect[..], &["--no-report"]].concat(),
    );
    assert_eq!(size("run2"), (Some(256), FinerSize::Off));
}
