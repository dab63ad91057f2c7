//! `bgad learn`: a run that is taught becomes another run, completely or not at all.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bgad::{Detector, Device, DeviceKind, Lesson, Model, RunDirectory, Trainer};

use crate::case::{json_lines, stdout};
use crate::run_to_teach::{Case, content, hidden};

/// The model that training from scratch gives with a run's settings and images.
fn from_nothing(run: &Path, at: &Path) -> Vec<u8> {
    let directory = RunDirectory::at(run);
    let config = directory.description().unwrap().config;
    let detector = Trainer::new(config).fit(&directory.dataset().unwrap());
    detector.unwrap().save(at).unwrap();
    std::fs::read(at).unwrap()
}

#[test]
fn a_run_learns_and_does_not_change() {
    let case = Case::new(&["--keep-features"]);
    let before = content(&case.path("run"));
    // New images, which are deleted later.
    std::fs::create_dir(case.path("line")).unwrap();
    let images = [
        ("parts/test/dent/000.png", "line/a.png"),
        ("parts/ground_truth/dent/000_mask.png", "line/a_marked.png"),
        ("parts/test/stain/000.png", "line/b.png"),
        ("parts/test/scratch/000.png", "line/c.png"),
        ("parts/test/good/000.png", "line/d.png"),
    ];
    for (from, to) in images {
        std::fs::copy(case.path(from), case.path(to)).unwrap();
    }
    let lesson = [
        "--missed",
        "line/a.png",
        "--mask",
        "line/a_marked.png",
        "--missed",
        "line/b.png",
        "--box",
        "10,12,20,16",
        "--missed",
        "line/c.png",
        "--false-alarm",
        "line/d.png",
    ];
    let lines = json_lines(&stdout(case.learn("run", "run2", &lesson)));
    let (result, progress) = lines.split_last().unwrap();
    assert!(progress.len() >= 3, "{lines:?}");
    let shares = progress
        .iter()
        .map(|line| line["progress"].as_f64().unwrap());
    let shares: Vec<f64> = shares.collect();
    assert!(shares.is_sorted() && shares.iter().all(|s| (0.0..=1.0).contains(s)));
    assert!(progress.iter().any(|line| line["doing"] == "features"));
    let result = &result["result"];
    let kinds = result["taught"].as_array().unwrap().iter();
    let kinds: Vec<&str> = kinds
        .map(|taught| taught["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["missed", "missed", "missed", "false_alarm"]);
    assert_eq!(result["taught"][0]["image"], case.text("line/a.png"));
    // Two of the nine normal training images and the next one.
    assert_eq!(result["promised_rate"]["after"], 2.0 / 10.0);
    // 8 + 1 normal training images, 2 normal test images, and the abnormal ones.
    let directory = RunDirectory::at(&case.path("run2"));
    let dataset = directory.dataset().unwrap();
    let all = dataset.samples().count() as u64;
    assert_eq!(result["images"].as_u64(), Some(all));
    assert_eq!(
        dataset
            .test
            .iter()
            .filter(|s| !s.label.is_abnormal())
            .count(),
        2
    );
    let taught = dataset.train.iter().filter(|s| s.label.is_abnormal());
    let marked: Vec<Option<usize>> = taught
        .map(|sample| sample.load_mask().unwrap().map(|mask| mask.area()))
        .collect();
    assert_eq!(marked[1..], [Some(20 * 16), None]);
    assert!(marked[0].is_some_and(|area| area > 0));
    for image in result["taught"].as_array().unwrap() {
        let model = |run: &str| {
            let path = case.path(run).join("model.bgad");
            let detector = Detector::load(&path, &Device::flex()).unwrap();
            let path = Path::new(image["image"].as_str().unwrap());
            detector.predict(&bgad::load_image(path).unwrap()).unwrap()
        };
        for (when, run) in [("before", "run"), ("after", "run2")] {
            let prediction = model(run);
            assert_eq!(
                image["score"][when].as_f64().unwrap() as f32,
                prediction.score
            );
            assert_eq!(image["abnormal"][when], prediction.anomalous);
        }
    }
    let flipped = result["flipped"].as_array().unwrap();
    assert!(!flipped.is_empty());
    for image in flipped {
        for when in ["before", "after"] {
            let score = image["score"][when].as_f64().unwrap();
            let threshold = result["threshold"][when].as_f64().unwrap();
            assert_eq!(image["abnormal"][when], score > threshold, "{image}");
        }
    }
    assert!(content(&case.path("run")) == before, "the run has changed");
    for name in [
        "run.json",
        "metrics.jsonl",
        "scores.json",
        "evaluation.json",
    ] {
        assert!(case.path("run2").join(name).is_file(), "{name}");
    }
    let description = directory.description().unwrap();
    assert_eq!(description.learned_from, Some(case.path("run")));
    assert_eq!(description.config.model, Model::BgadFas);
    assert!(description.finished_unix_seconds.is_some());
    assert_eq!(description.dataset.training_abnormal, 3);
    assert_eq!(description.dataset.training_normal, 9);
    assert!(case.model("run2") == from_nothing(&case.path("run2"), &case.path("nothing.bgad")));

    // It continues without the earlier run and the new images, even after it was moved.
    std::fs::remove_dir_all(case.path("run")).unwrap();
    std::fs::remove_dir_all(case.path("line")).unwrap();
    std::fs::rename(case.path("run2"), case.path("moved")).unwrap();
    let result = case.learned("moved", "run3", &["--missed", "parts/test/dent/001.png"]);
    let directory = RunDirectory::at(&case.path("run3"));
    let dataset = directory.dataset().unwrap();
    let abnormal = dataset.train.iter().filter(|s| s.label.is_abnormal());
    assert_eq!(abnormal.clone().count(), 4);
    assert!(
        dataset
            .train
            .iter()
            .all(|s| !s.path.starts_with(case.path("moved")))
    );
    assert_eq!(
        result["images"].as_u64(),
        Some(dataset.samples().count() as u64)
    );
}

#[test]
fn kept_features_change_nothing_and_are_not_computed_again() {
    let case = Case::new(&["--keep-features", "--no-report"]);
    let lesson = ["--missed", "parts/test/dent/000.png", "--no-report"];
    let result = case.learned("run", "kept", &lesson);
    let files = |run: &str| content(&case.path(run).join("features"));
    let (before, after) = (files("run"), files("kept"));
    // The image itself, as a training image; nothing else is computed again.
    assert_eq!(after.len(), before.len() + 1);
    assert_eq!(
        result["features"]["files"].as_u64(),
        Some(after.len() as u64)
    );
    assert!(!case.path("kept/report.html").exists());

    std::fs::remove_dir_all(case.path("run/features")).unwrap();
    case.learned("run", "computed", &lesson);
    assert!(
        case.model("kept") == case.model("computed"),
        "one seed, one result"
    );
}

#[test]
fn two_lessons_equal_one_with_both() {
    let case = Case::new(&["--keep-features", "--no-report"]);
    let [first, second] = ["parts/test/dent/000.png", "parts/test/stain/001.png"];
    case.learned("run", "first", &["--missed", first, "--box", "8,8,24,24"]);
    case.learned("first", "second", &["--missed", second]);
    let both = ["--missed", first, "--box", "8,8,24,24", "--missed", second];
    case.learned("run", "both", &both);
    assert!(case.model("second") == case.model("both"));
}

#[test]
fn a_false_alarm_alone_does_not_make_the_model_bgad_fas() {
    let case = Case::new(&["--no-report"]);
    let result = case.learned("run", "run2", &["--false-alarm", "parts/test/good/001.png"]);
    let description = RunDirectory::at(&case.path("run2")).description().unwrap();
    assert_eq!(description.config.model, Model::Bgad);
    assert_eq!(description.dataset.training_normal, 9);
    let score = &result["taught"][0]["score"];
    let of = |when: &str| score[when].as_f64().unwrap();
    assert!(of("after") < of("before"), "{score}");
    assert!(case.model("run2") == from_nothing(&case.path("run2"), &case.path("nothing.bgad")));
}

#[test]
fn what_was_no_defect_can_be_taken_back() {
    let case = Case::new(&["--no-report"]);
    let image = "parts/test/dent/000.png";
    case.learned("run", "taught", &["--missed", image]);
    case.learned("taught", "back", &["--false-alarm", image]);
    let description = RunDirectory::at(&case.path("back")).description().unwrap();
    assert_eq!(description.config.model, Model::Bgad);
    let images = description.dataset;
    assert_eq!((images.training_normal, images.training_abnormal), (9, 0));
}

#[test]
fn a_normal_training_image_is_no_lesson() {
    let case = Case::new(&["--no-report"]);
    let result = case.learned(
        "run",
        "same",
        &["--false-alarm", "parts/train/good/003.png"],
    );
    let threshold = &result["threshold"];
    assert_eq!(threshold["before"], threshold["after"]);
    let warnings = result["warnings"].to_string();
    assert!(
        warnings.contains("is a normal training image already"),
        "{warnings}"
    );
    // Beside it, another lesson counts.
    let both = [
        "--false-alarm",
        "parts/train/good/003.png",
        "--missed",
        "parts/test/dent/000.png",
    ];
    case.learned("run", "both", &both);
    case.learned("run", "one", &both[2..]);
    assert!(case.model("both") == case.model("one"));
}

#[test]
fn a_run_that_was_started_again_is_finished_first() {
    let case = Case::new(&["--no-report"]);
    let file = case.path("run/run.json");
    let mut run: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    run["finished_unix_seconds"] = serde_json::Value::Null;
    std::fs::write(&file, run.to_string()).unwrap();
    let said = case.refused(&["--missed", "parts/test/dent/000.png"]);
    assert!(
        said.contains("has not finished") && said.contains("--resume"),
        "{said}"
    );
}

#[test]
fn tiles_need_the_place_of_a_defect() {
    let case = Case::new(&["--no-report", "--fit", "tiles:8"]);
    let image = "parts/test/dent/000.png";
    let said = case.refused(&["--missed", image]);
    assert!(
        said.contains("a mask or a box") && said.contains("000.png"),
        "{said}"
    );
    case.learned("run", "boxed", &["--missed", image, "--box", "10,12,20,16"]);
}

#[test]
fn a_threshold_from_training_images_is_a_warning() {
    let case = Case::new(&["--no-report"]);
    let calibrate = |images: &str| {
        let (model, images) = (case.text("run/model.bgad"), case.text(images));
        let output = case.bgad(&[
            "calibrate",
            "--fpr",
            "0.3",
            "--model",
            &model,
            "--normal",
            &images,
        ]);
        assert!(output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let said = calibrate("parts/train/good");
    assert!(said.contains("trained on 8 of these 8 images"), "{said}");
    let said = calibrate("parts/test/good");
    assert!(!said.contains("trained on"), "{said}");
    // A new model in its place would not be calibrated.
    let (parts, run) = (case.text("parts"), case.text("run"));
    let train = [
        "train",
        &parts,
        "--image-size",
        "32",
        "--no-report",
        "--out",
        &run,
    ];
    for is_calibrated in [true, false] {
        let output = case.bgad(&train);
        assert!(output.status.success());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(said.contains("was calibrated"), is_calibrated, "{said}");
    }
}

#[test]
fn abnormal_images_that_bgad_does_not_use_are_a_warning() {
    let case = Case::new(&["--no-report"]);
    let (parts, out) = (case.text("parts"), case.text("again"));
    let mut train = vec![
        "train",
        &parts,
        "--image-size",
        "32",
        "--no-report",
        "--out",
        &out,
    ];
    let said = |arguments: &[&str]| {
        let output = case.bgad(arguments);
        assert!(output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert!(!said(&train).contains("--model bgad-fas"));
    train.extend(["--anomalies", "2"]);
    let said = said(&train);
    assert!(
        said.contains("no abnormal image is used") && said.contains("--model bgad-fas"),
        "{said}"
    );
}

#[test]
fn the_output_says_what_changed_and_what_to_do_next() {
    let case = Case::new(&["--no-report"]);
    let mut arguments = case.lesson("run", "run2", &["--missed", "parts/test/dent/000.png"]);
    arguments.pop();
    let said = case.succeed(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    for start in [
        "model",
        "threshold",
        "promised",
        "missed",
        "decisions",
        "features",
        "next",
    ] {
        assert!(
            said.lines().any(|line| line.starts_with(start)),
            "{start}: {said}"
        );
    }
    assert!(said.lines().last().unwrap().starts_with("next"), "{said}");
}

#[test]
fn a_lost_calibration_is_a_warning() {
    let case = Case::new(&["--no-report"]);
    let model = case.text("run/model.bgad");
    let normal = case.text("parts/test/good");
    case.succeed(&[
        "calibrate",
        "--model",
        &model,
        "--fpr",
        "0.5",
        "--normal",
        &normal,
    ]);
    let result = case.learned("run", "run2", &["--missed", "parts/test/dent/000.png"]);
    let warnings = result["warnings"].to_string();
    assert!(warnings.contains("bgad calibrate"), "{warnings}");
    assert_eq!(result["promised_rate"]["before"], 0.5);
    assert_eq!(result["promised_rate"]["after"], 2.0 / 9.0);
}

#[test]
fn images_that_cannot_be_taught_are_named() {
    let case = Case::new(&["--no-report"]);
    let dent = "parts/test/dent/000.png";
    let said = case.refused(&["--missed", dent, "--missed", dent]);
    assert!(said.contains("named twice"), "{said}");
    let said = case.refused(&["--missed", dent, "--false-alarm", dent]);
    assert!(said.contains("named twice"), "{said}");
    let said = case.refused(&["--missed", dent, "--box", "60,60,10,4"]);
    assert!(
        said.contains("60,60,10,4") && said.contains("64x64"),
        "{said}"
    );
    let said = case.refused(&["--missed", dent, "--box", "1,1,0,4"]);
    assert!(said.contains("--box"), "{said}");
    image::GrayImage::new(64, 64)
        .save(case.path("black.png"))
        .unwrap();
    let said = case.refused(&["--missed", dent, "--mask", "black.png"]);
    assert!(said.contains("black.png marks no pixel"), "{said}");
    image::GrayImage::new(8, 8)
        .save(case.path("small.png"))
        .unwrap();
    let said = case.refused(&["--missed", dent, "--mask", "small.png"]);
    assert!(
        said.contains("small.png") && said.contains("64x64"),
        "{said}"
    );
    std::fs::write(case.path("damaged.png"), b"no image").unwrap();
    let said = case.refused(&["--false-alarm", "damaged.png"]);
    assert!(said.contains("damaged.png"), "{said}");
    let said = case.refused(&["--mask", "black.png", "--missed", dent]);
    assert!(said.contains("put it after its image"), "{said}");
    let said = case.refused(&["--missed", dent, "--mask", "black.png", "--box", "1,1,4,4"]);
    assert!(said.contains("second place"), "{said}");
    let said = case.refused(&[]);
    assert!(
        said.contains("--missed") && said.contains("--false-alarm"),
        "{said}"
    );

    // Something exists at the place.
    std::fs::create_dir(case.path("taken")).unwrap();
    std::fs::write(case.path("taken/file"), b"").unwrap();
    let output = case.learn("run", "taken", &["--missed", dent]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("taken") && said.contains("empty"), "{said}");
    assert_eq!(content(&case.path("taken")).len(), 1);
    // An empty folder does not count.
    std::fs::create_dir(case.path("empty")).unwrap();
    case.learned("run", "empty", &["--missed", dent]);

    let model = case.path("run/model.bgad");
    std::fs::rename(&model, case.path("model")).unwrap();
    let said = case.refused(&["--missed", dent]);
    assert!(said.contains("no model yet"), "{said}");
    std::fs::rename(case.path("model"), &model).unwrap();

    // Images of the run.
    let normal = case.path("parts/train/good/002.png");
    let bytes = std::fs::read(case.path("parts/train/good/003.png")).unwrap();
    std::fs::write(&normal, bytes).unwrap();
    let result = case.learned("run", "changed", &["--missed", dent]);
    let warnings = result["warnings"].to_string();
    assert!(warnings.contains("002.png"), "{warnings}");
    std::fs::remove_file(&normal).unwrap();
    let said = case.refused(&["--missed", dent]);
    assert!(said.contains("1 of this run's training images"), "{said}");
    assert!(said.contains("002.png"), "{said}");
}

#[test]
fn the_library_and_the_program_teach_the_same() {
    let case = Case::new(&["--no-report"]);
    let dent = case.path("parts/test/dent/000.png");
    case.learned("run", "program", &["--missed", "parts/test/dent/000.png"]);
    let lesson = Lesson {
        report: false,
        ..Lesson::default().missed(dent, bgad::DefectPlace::Unknown)
    };
    let trainer = Trainer::of_run(&case.path("run")).unwrap();
    let trainer = trainer.on(DeviceKind::default());
    let learned = trainer.learn(&case.path("run"), &lesson, &case.path("library"));
    let learned = learned.unwrap();
    assert_eq!(learned.run, case.path("library"));
    assert!(case.model("library") == case.model("program"));
    let threshold = learned.detector.description().threshold;
    assert_eq!(learned.threshold.after, Some(threshold));
}

#[test]
fn a_kill_at_any_moment_leaves_nothing_and_it_can_run_again() {
    let case = Case::new(&["--keep-features"]);
    let lesson = [
        "--missed",
        "parts/test/dent/000.png",
        "--false-alarm",
        "parts/test/good/000.png",
    ];
    let start = Instant::now();
    case.learned("run", "unbroken", &lesson);
    let whole = start.elapsed();
    let expected = case.model("unbroken");
    let before = content(&case.path("run"));
    let (mut killed, kills) = (0, 6);
    for attempt in 1.. {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bgad"));
        command.args(case.lesson("run", "killed", &lesson));
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Later attempts live longer, so that the loop also ends on a busy machine.
        let life = whole.mul_f64(f64::from(attempt) / f64::from(kills));
        let deadline = Instant::now() + life;
        let status = loop {
            match child.try_wait().unwrap() {
                Some(status) => break Some(status),
                None if Instant::now() >= deadline => break None,
                None => std::thread::sleep(Duration::from_millis(2)),
            }
        };
        if status.is_some() {
            let output = child.wait_with_output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{said}");
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        killed += 1;
        // Complete or absent.
        if case.path("killed").exists() {
            assert!(case.model("killed") == expected);
            std::fs::remove_dir_all(case.path("killed")).unwrap();
        }
    }
    assert!(killed > 0);
    assert!(case.model("killed") == expected, "after {killed} kills");
    assert_eq!(hidden(case.folder.path()), [""; 0]);
    assert!(content(&case.path("run")) == before, "the run has changed");
}

#[test]
fn two_lessons_with_one_output_do_not_mix() {
    let case = Case::new(&["--no-report"]);
    let held = case.path(".bgad-learn-refused");
    std::fs::create_dir(&held).unwrap();
    let lock = std::fs::File::create(held.join("lock")).unwrap();
    lock.lock().unwrap();
    let output = case.learn("run", "refused", &["--missed", "parts/test/dent/000.png"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("another program writes"), "{said}");
    assert!(held.join("lock").exists());
    drop(lock);
    case.learned("run", "refused", &["--missed", "parts/test/dent/000.png"]);
    assert_eq!(hidden(case.folder.path()), [""; 0]);
}

#[test]
fn attached_learning_ends_with_its_standard_input() {
    let case = Case::new(&["--keep-features", "--no-report"]);
    let image = case.text("parts/test/scratch/000.png");
    let mut arguments = case.lesson("run", "attached", &["--missed", &image]);
    arguments.push("--attached".to_owned());
    let mut command = Command::new(env!("CARGO_BIN_EXE_bgad"));
    command
        .args(&arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let ended = command.stdin(Stdio::null()).status().unwrap();
    assert_eq!(ended.code(), Some(1));
    assert!(!case.path("attached").exists());
    // As long as the input is open, it learns.
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let input = child.stdin.take();
    assert!(child.wait().unwrap().success());
    drop(input);
    assert!(case.path("attached/model.bgad").is_file());
}

#[cfg(unix)]
#[test]
fn an_interrupt_leaves_nothing() {
    use std::io::{BufRead as _, BufReader};

    let case = Case::new(&["--no-report"]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_bgad"));
    command.args(case.lesson("run", "stopped", &["--missed", "parts/test/dent/000.png"]));
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // The first line shows that work is in progress.
    assert!(lines.next().is_some());
    let id = child.id().to_string();
    let killed = Command::new("kill").args(["-INT", &id]).status();
    assert!(killed.unwrap().success());
    lines.for_each(drop);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    match output.status.success() {
        // It ended before it noticed the signal.
        true => assert!(case.path("stopped/model.bgad").exists()),
        false => {
            assert_eq!(output.status.code(), Some(130), "{said}");
            assert!(said.contains("nothing was written"), "{said}");
            assert!(!case.path("stopped").exists());
        }
    }
    assert_eq!(hidden(case.folder.path()), [""; 0]);
}
