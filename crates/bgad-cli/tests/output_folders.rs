//! What the program writes is never read as an image of a part.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::case::{Case, json_lines, stdout};

fn bgad(arguments: &[&str], folder: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bgad"));
    command
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

/// The message of a command that is refused before it writes anything to standard output.
fn refused(arguments: &[&str], folder: &Path) -> String {
    let output = bgad(arguments, folder);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {errors}");
    assert_eq!(output.stdout, b"", "{arguments:?}");
    errors
}

/// Copies of a part as images under these names.
fn copies(case: &Case, names: &[&str]) {
    for name in names {
        let to = case.path(name);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(case.path("parts/test/scratch/000.png"), to).unwrap();
    }
}

fn paths(output: Output) -> Vec<String> {
    let lines = json_lines(&stdout(output));
    let path = |line: &Value| line["path"].as_str().unwrap().to_owned();
    lines.iter().map(path).collect()
}

fn files(folder: &Path) -> usize {
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}

#[test]
fn files_in_the_place_of_folders_are_named() {
    let case = Case::new();
    let at = case.folder.path();
    std::fs::write(at.join("taken"), "notes").unwrap();
    let train = ["train", "parts", "--image-size", "32", "--out"];
    let predict = ["predict", "parts/test", "--model", "model.bgad", "--maps"];
    for command in [train, predict] {
        for (folder, file) in [("taken", "taken: this"), ("taken/below", "below: taken")] {
            let message = refused(&[&command[..], &[folder]].concat(), at);
            let expected = "is a file, not a folder; remove it or name another folder";
            assert!(message.contains(&format!("{file} {expected}")), "{message}");
        }
    }
    assert_eq!(std::fs::read(at.join("taken")).unwrap(), b"notes");
}

#[test]
fn pictures_are_not_written_among_images() {
    let case = Case::new();
    let at = case.folder.path();
    copies(
        &case,
        &["new/1.png", "new/camera/2.png", "other/deep/3.png"],
    );
    let predict = ["predict", "--model", "model.bgad"];
    for (arguments, example) in [
        // The folder itself, one around an image, another folder of images, and a watched one.
        (&["--heatmaps", "new", "new"][..], "--heatmaps new-heatmaps"),
        (&["--masks", "new", "new/camera/2.png"], "--masks new-masks"),
        (&["--maps", "other", "new/1.png"], "--maps other-maps"),
        (&["--heatmaps", ".", "new/1.png"], "--heatmaps heatmaps"),
        (
            &["--maps", "parts/train/good", "--map-format", "tiff", "new"],
            "--maps parts/train/good-maps",
        ),
        (
            &["--masks", "new/camera", "--watch", "new"],
            "--masks new/camera-masks",
        ),
    ] {
        let message = refused(&[&predict[..], arguments].concat(), at);
        assert!(message.trim_end().ends_with(example), "{message}");
    }
    assert_eq!(
        (files(&at.join("new")), files(&at.join("new/camera"))),
        (2, 1)
    );
    assert_eq!(files(&at.join("parts/train/good")), 5);

    let preview = ["preview", "parts", "--anomalies", "1", "--out"];
    for out in ["parts", "parts/test/good", "."] {
        let message = refused(&[&preview[..], &[out]].concat(), at);
        assert!(message.contains("name another folder"), "{message}");
    }
    for out in ["parts", "parts/train/good"] {
        let message = refused(&["train", "parts", "--out", out], at);
        let example = format!("--out {out}-out");
        assert!(message.trim_end().ends_with(&example), "{message}");
    }
    assert!(!at.join("parts/run.json").exists());
}

#[test]
fn pictures_in_a_folder_of_their_own_are_never_read() {
    let case = Case::new();
    let at = case.folder.path();
    copies(&case, &["new/1.png", "new/camera/2.png"]);
    let maps = ["--heatmaps", "new/maps", "--masks", "new/maps", "--json"];
    let predict = ["predict", "--model", "model.bgad"];
    let into_new = [&predict[..], &["new"], &maps].concat();
    for _ in 0..2 {
        assert_eq!(
            paths(bgad(&into_new, at)),
            ["new/1.png", "new/camera/2.png"]
        );
        // Two files for each image, and the mark.
        assert_eq!(files(&at.join("new/maps")), 5);
    }
    let calibrate = ["calibrate", "--model", "model.bgad", "--out", "other.bgad"];
    copies(&case, &["new/3.png"]);
    let marked = std::fs::read(at.join("parts/test/good/000.png")).unwrap();
    std::fs::write(at.join("new/3.png"), marked).unwrap();
    let said = bgad(
        &[&calibrate[..], &["--json", "--normal", "new"]].concat(),
        at,
    );
    let said: Value = serde_json::from_slice(&said.stdout).unwrap();
    assert_eq!(said["images"], 2, "two are copies");

    // What `find` lists, and what a user names.
    let mut child = Command::new(env!("CARGO_BIN_EXE_bgad"))
        .args([&predict[..], &["-", "--json"]].concat())
        .current_dir(at)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let list = "new/1.png\nnew/maps/1_heatmap.png\nnew/maps/1_mask.png\n";
    child
        .stdin
        .take()
        .unwrap()
        .write_all(list.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        errors.contains("2 of 3 images left out") && errors.contains("1_heatmap.png"),
        "{errors}"
    );
    assert_eq!(paths(output), ["new/1.png"]);
    for named in ["new/maps", "new/maps/1_heatmap.png"] {
        let message = refused(&[&predict[..], &[named]].concat(), at);
        assert!(message.contains(".written-by-bgad"), "{message}");
    }

    // In a data set, heat maps are no kind of defect.
    let data = ["data", "parts", "--json"];
    let before = bgad(&data, at).stdout;
    let into_set = [&predict[..], &["new", "--heatmaps", "parts/test/maps"]].concat();
    assert!(bgad(&into_set, at).status.success());
    let preview = ["preview", "parts", "--anomalies", "1", "--count", "1"];
    let drawn = bgad(&[&preview[..], &["--out", "parts/test/sheet"]].concat(), at);
    assert!(drawn.status.success() && at.join("parts/test/sheet/preview.png").is_file());
    assert_eq!(bgad(&data, at).stdout, before);
}

#[test]
fn a_watched_folder_may_contain_the_pictures() {
    let case = Case::new();
    let at = case.folder.path();
    copies(&case, &["line/1.png"]);
    let mut child = case
        .predict()
        .args(["--watch", "line", "--heatmaps", "line/maps", "--json"])
        .current_dir(at)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || -> String {
        let line: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        line["path"].as_str().unwrap().to_owned()
    };
    assert_eq!(next(), "line/1.png");
    assert!(at.join("line/maps/1_heatmap.png").is_file());
    // The folder is looked at again before this image is taken.
    copies(&case, &["line/2.png"]);
    assert_eq!(next(), "line/2.png");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn foreground_masks_have_one_rule_that_is_said() {
    let case = Case::new();
    let at = case.folder.path();
    let masks = |values: [u8; 2]| {
        std::fs::create_dir_all(at.join("objects")).unwrap();
        for (number, value) in (0..5).zip([values[0], values[1]].into_iter().cycle()) {
            let mask = image::GrayImage::from_fn(64, 64, |x, _| {
                image::Luma([if x < 32 { value } else { 0 }])
            });
            mask.save(at.join(format!("objects/{number:03}.png")))
                .unwrap();
        }
    };
    let settings = ["--anomalies=1", "--set=cut_paste.foreground=masks:objects"];
    let flows = [
        "--model=bgad-fas",
        "--set=schedule.train_flows=abnormal",
        "--set=flow.coupling_blocks=2",
        "--set=schedule.image_steps=1",
        "--set=schedule.position_steps=1",
        "--image-size=32",
        "--no-report",
    ];
    let train = [&["train", "parts", "--out", "run"], &settings[..], &flows].concat();
    let preview = [
        &["preview", "parts", "--out", "sheet", "--count=2"],
        &settings[..],
    ]
    .concat();
    let said = "foreground masks read by the rule nonzero: class numbers: the values 0, 1, 2";
    masks([1, 2]);
    for command in [&train, &preview] {
        let output = bgad(command, at);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && errors.contains(said), "{errors}");
    }
    let kept = std::fs::read_to_string(at.join("run/run.json")).unwrap();
    let kept: Value = serde_json::from_str(&kept).unwrap();
    assert_eq!(kept["config"]["cut_paste"]["foreground_values"], "nonzero");

    // Class 1 in some files and white in others: nothing is trained by a rule for each file.
    masks([1, 255]);
    let train = [&["train", "parts", "--out", "run2"], &settings[..], &flows].concat();
    for command in [&train, &preview] {
        let message = refused(command, at);
        for part in [
            "objects",
            "the values 0, 1, 255",
            "cut_paste.foreground_values",
        ] {
            assert!(message.contains(part), "{part}: {message}");
        }
    }
    assert!(!at.join("run2").exists());
    let chosen = [&train[..], &["--set=cut_paste.foreground_values=nonzero"]].concat();
    let output = bgad(&chosen, at);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && !errors.contains("foreground"),
        "{errors}"
    );
}
