//! `bgad predict` and `bgad calibrate` in all their forms.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use bgad::{Detector, Device, load_image};
use serde_json::Value;

use crate::case::{Case, json_lines, score, stdout};

#[test]
fn folders_lists_and_tables_give_the_same_scores() {
    let case = Case::new();
    let tests = case.path("parts/test");
    let of_folder = stdout(case.predict().arg(&tests).arg("--json").output().unwrap());
    let of_folder = json_lines(&of_folder);
    let paths: Vec<PathBuf> = of_folder
        .iter()
        .map(|line| PathBuf::from(line["path"].as_str().unwrap()))
        .collect();
    assert!(paths.is_sorted() && paths.len() > 4, "{paths:?}");
    for (path, line) in paths.iter().zip(&of_folder) {
        let alone = case.detector.predict_file(path).unwrap();
        assert_eq!(score(line), alone.score);
        let regions = line["regions"].as_array().unwrap();
        assert_eq!(regions.len(), alone.regions.len());
        assert!(line["seconds"].as_f64().unwrap() > 0.0);
    }

    let mut child = case
        .predict()
        .args(["-", "--csv"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    for path in paths.iter().rev() {
        writeln!(stdin, "{}", path.display()).unwrap();
    }
    drop(stdin);
    let table = stdout(child.wait_with_output().unwrap());
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let columns = reader.headers().unwrap().clone();
    assert_eq!(&columns[0], "path");
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), paths.len());
    for (row, line) in rows.iter().zip(of_folder.iter().rev()) {
        assert_eq!(line["path"], row[0]);
        assert_eq!(row[1].parse::<f32>().unwrap(), score(line));
        assert_eq!(row[3] == *"true", line["anomalous"] == true);
    }

    let empty = case.path("empty");
    std::fs::create_dir(&empty).unwrap();
    let output = case.predict().arg(&empty).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no image"));
}

#[test]
fn maps_and_masks_match_the_prediction() {
    let case = Case::new();
    let wide = case.path("wide.png");
    let image = load_image(&case.path("parts/test/scratch/000.png")).unwrap();
    let image = image::imageops::thumbnail(&image, 48, 24);
    image.save(&wide).unwrap();
    let prediction = case.detector.predict(&image).unwrap();
    let map = prediction.map.unwrap();
    let threshold = prediction.pixel_threshold.unwrap();

    let out = case.path("out");
    let files = |arguments: &[&str]| {
        let mut command = case.predict();
        command.arg(&wide).args(arguments);
        for folder in ["--maps", "--masks"] {
            command.arg(folder).arg(&out);
        }
        stdout(command.output().unwrap());
    };
    files(&[]);
    let array = std::fs::read(out.join("wide.npy")).unwrap();
    assert_eq!(&array[..8], b"\x93NUMPY\x01\x00");
    let start = 10 + usize::from(u16::from_le_bytes([array[8], array[9]]));
    assert_eq!(start % 64, 0);
    let header = std::str::from_utf8(&array[10..start]).unwrap();
    assert!(header.contains("'shape': (32, 32)"), "{header}");
    let values = array[start..].as_chunks::<4>().0.iter();
    let values: Vec<f32> = values.map(|b| f32::from_le_bytes(*b)).collect();
    assert_eq!(values, map.values);

    let mask = image::open(out.join("wide_mask.png")).unwrap().to_luma8();
    assert_eq!(mask.dimensions(), (48, 24));
    for (x, y, pixel) in mask.enumerate_pixels() {
        let (column, row) = (x as usize * 32 / 48, y as usize * 32 / 24);
        let above = map.values[row * 32 + column] > threshold;
        assert_eq!(pixel.0[0], if above { 255 } else { 0 });
    }

    files(&["--map-format", "tiff", "--original-size"]);
    let file = std::fs::File::open(out.join("wide.tiff")).unwrap();
    let mut decoder = tiff::decoder::Decoder::new(BufReader::new(file)).unwrap();
    assert_eq!(decoder.dimensions().unwrap(), (48, 24));
    let tiff::decoder::DecodingResult::F32(values) = decoder.read_image().unwrap() else {
        panic!("no 32-bit floating point numbers");
    };
    assert_eq!(values, map.resized(48, 24).values);
    let names = std::fs::read_dir(&out).unwrap();
    let names = names.map(|e| e.unwrap().file_name().to_string_lossy().into_owned());
    let hidden: Vec<String> = names.filter(|name| name.starts_with('.')).collect();
    assert_eq!(hidden, [".written-by-bgad"]);
}

#[test]
fn a_watched_folder_is_scored_as_it_fills() {
    let case = Case::new();
    let folder = case.path("line");
    std::fs::create_dir_all(folder.join("camera")).unwrap();
    let copy = |from: &str, to: &str| {
        std::fs::copy(case.path("parts/test").join(from), folder.join(to)).unwrap();
    };
    copy("good/000.png", "1.png");
    // A file that macOS puts beside an image, which is not an image.
    std::fs::write(folder.join("._1.png"), "companion").unwrap();
    let mut child = case
        .predict()
        .arg("--watch")
        .arg(&folder)
        .arg("--json")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    let expected = |path: &str| case.detector.predict_file(&case.path(path)).unwrap().score;
    let first = next();
    assert!(first["path"].as_str().unwrap().ends_with("1.png"));
    assert_eq!(score(&first), expected("parts/test/good/000.png"));
    std::fs::write(folder.join("2.png"), "no image").unwrap();
    assert!(next()["error"].is_string());
    std::fs::write(folder.join("note.txt"), "no image either").unwrap();
    copy("scratch/000.png", "camera/3.PNG");
    let third = next();
    assert!(third["path"].as_str().unwrap().ends_with("3.PNG"));
    assert_eq!(score(&third), expected("parts/test/scratch/000.png"));
    // A damaged file is scored once it has become an image.
    copy("good/001.png", "2.png");
    assert_eq!(score(&next()), expected("parts/test/good/001.png"));
    child.kill().unwrap();
    child.wait().unwrap();

    let output = case
        .predict()
        .arg("--watch")
        .arg(case.path("nowhere"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("nowhere"));
}

#[test]
fn a_calibration_replaces_the_threshold_and_nothing_else() {
    let case = Case::new();
    let calibrate = |normal: &Path, rest: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bgad"));
        command.arg("calibrate").arg("--model").arg(&case.model);
        command.arg("--normal").arg(normal).args(rest);
        command.output().unwrap()
    };
    let before = std::fs::read(&case.model).unwrap();
    let out = case.path("calibrated.bgad");
    let good = case.path("parts/test/good");
    let output = calibrate(
        &good,
        &["--fpr", "0.3", "--json", "--out", out.to_str().unwrap()],
    );
    assert!(String::from_utf8_lossy(&output.stderr).is_empty());
    let said: Value = serde_json::from_str(&stdout(output)).unwrap();
    assert_eq!(said["images"], 3);
    let model = Detector::load(&out, &Device::flex()).unwrap();
    assert_eq!(
        said["threshold"].as_f64().unwrap() as f32,
        model.description().threshold
    );
    // With three normal images, a new one scores above the highest with probability 1/4.
    assert_eq!(said["false_positive_rate"], 0.25);
    assert!(said["false_positive_bound"].as_f64().unwrap() > 0.25);
    let image = good.join("000.png");
    let scores = [&case.detector, &model].map(|d| d.predict_file(&image).unwrap().score);
    assert_eq!(scores[0], scores[1]);
    assert!(std::fs::read(&case.model).unwrap() == before);

    // Three images can't promise one in a hundred, and the program says so.
    let output = calibrate(&good, &["--out", out.to_str().unwrap()]);
    let warned = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.success() && warned.contains("99 or more"),
        "{warned}"
    );

    // If one image can't be read, the model does not change.
    std::fs::write(good.join("bad.png"), "no image").unwrap();
    let output = calibrate(&good, &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("bad.png"));
    assert!(std::fs::read(&case.model).unwrap() == before);
}

#[test]
fn thresholds_of_the_best_f1_and_of_the_user() {
    let case = Case::new();
    let calibrate = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bgad"));
        command.arg("calibrate").arg("--model").arg(&case.model);
        command.args(arguments).output().unwrap()
    };
    let (good, bad) = (case.path("parts/test/good"), case.path("parts/test/dent"));
    let [good, bad] = [&good, &bad].map(|folder| folder.to_str().unwrap());
    let output = calibrate(&["--normal", good, "--abnormal", bad, "--json"]);
    let said: Value = serde_json::from_str(&stdout(output)).unwrap();
    assert_eq!(
        (&said["images"], &said["abnormal_images"]),
        (&3.into(), &1.into())
    );
    assert!(said["f1"].as_f64().unwrap() > 0.0);
    let model = Detector::load(&case.model, &Device::flex()).unwrap();
    let threshold = said["threshold"].as_f64().unwrap() as f32;
    assert_eq!(model.description().threshold, threshold);

    let output = calibrate(&["--threshold", "-1.5", "--pixel-threshold", "2.25"]);
    assert!(stdout(output).contains("-1.5 (was"));
    let model = Detector::load(&case.model, &Device::flex()).unwrap();
    assert_eq!(model.description().threshold, -1.5);
    assert_eq!(model.description().pixel_threshold, Some(2.25));

    let usage = [
        vec!["--threshold", "nan"],
        vec!["--threshold", "1", "--normal", good],
        vec!["--pixel-threshold", "1", "--normal", good],
        vec!["--abnormal", bad],
        vec!["--threshold", "1", "--abnormal", bad],
        vec!["--normal", good, "--abnormal", bad, "--fpr", "0.1"],
        vec![],
    ];
    for arguments in usage {
        assert_eq!(
            calibrate(&arguments).status.code(),
            Some(2),
            "{arguments:?}"
        );
    }
}

#[test]
fn images_of_another_depth_than_the_models_are_named() {
    let case = Case::new();
    let camera = case.path("camera");
    std::fs::create_dir(&camera).unwrap();
    for (name, white) in [("0.png", 1023), ("1.png", 900)] {
        let image = image::ImageBuffer::from_pixel(40, 40, image::Luma([white]));
        let image = image::DynamicImage::ImageLuma16(image);
        image.save(camera.join(name)).unwrap();
    }
    let said = case.predict().arg(&camera).output().unwrap();
    let warned = String::from_utf8(said.stderr).unwrap();
    for part in [
        "2 images of 16 bits",
        "no value above 1023",
        "input.bit_depth=10",
    ] {
        assert!(warned.contains(part), "{part}: {warned}");
    }
    let model = case.model.to_str().unwrap();
    let calibrated = case.path("calibrated.bgad");
    let said = Command::new(env!("CARGO_BIN_EXE_bgad"))
        .args(["calibrate", "--model", model, "--normal"])
        .arg(&camera)
        .arg("--out")
        .arg(&calibrated)
        .output()
        .unwrap();
    let warned = String::from_utf8(said.stderr).unwrap();
    assert!(warned.contains("input.bit_depth=10"), "{warned}");
    let ours = case.path("parts/test/good");
    let said = case.predict().arg(&ours).output().unwrap();
    let warned = String::from_utf8(said.stderr).unwrap();
    assert!(!warned.contains("16 bits"), "{warned}");
}
