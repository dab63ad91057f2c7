//! Which images `bgad predict` reads, and how it names the files that it writes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::case::{Case, json_lines, stdout};
use crate::run_to_teach::Case as RunToTeach;

/// Images of the same part, under these names.
fn copies(case: &Case, names: &[&str]) {
    for name in names {
        let to = case.path(name);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        let image = bgad::load_image(&case.path("parts/test/scratch/000.png")).unwrap();
        image.save(to).unwrap();
    }
}

/// The JSON lines of a prediction with masks, and the text on stderr.
fn predict(case: &Case, images: &[&str]) -> (Vec<serde_json::Value>, String) {
    let mut command = case.predict();
    command.args(images.iter().map(|name| case.path(name)));
    command.arg("--json").arg("--masks").arg(case.path("masks"));
    command.arg("--maps").arg(case.path("maps"));
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    (json_lines(&stdout(output)), errors)
}

fn mask_name(line: &serde_json::Value) -> String {
    let path = Path::new(line["mask"].as_str().unwrap());
    assert!(path.is_file(), "{path:?}");
    assert!(Path::new(line["map"].as_str().unwrap()).is_file());
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

#[test]
fn files_of_images_with_one_name_can_be_told_apart() {
    let case = Case::new();
    copies(
        &case,
        &[
            "new/dent/000.png",
            "new/dent/000.bmp",
            "new/dent/001.png",
            "new/hole/001.png",
            "new/hole/007.png",
            "new/hole/008.tif",
            "new/hole/008.PNG",
        ],
    );
    let (lines, errors) = predict(&case, &["new"]);
    assert_eq!(errors, "");
    let names: Vec<(String, String)> = lines
        .iter()
        .map(|line| {
            let image = PathBuf::from(line["path"].as_str().unwrap());
            let image = image.strip_prefix(case.path("new")).unwrap().to_owned();
            (image.to_str().unwrap().to_owned(), mask_name(line))
        })
        .collect();
    let expected = [
        ("dent/000.bmp", "000.bmp_mask.png"),
        ("dent/000.png", "000.png_mask.png"),
        ("dent/001.png", "dent_001_mask.png"),
        ("hole/001.png", "hole_001_mask.png"),
        ("hole/007.png", "007_mask.png"),
        ("hole/008.PNG", "008.PNG_mask.png"),
        ("hole/008.tif", "008.tif_mask.png"),
    ];
    let expected = expected.map(|(image, mask)| (image.to_owned(), mask.to_owned()));
    assert_eq!(names, expected);

    // Some file systems ignore case, and a generated name must not match another file.
    copies(&case, &["more/a/1.png", "more/b/A_1.png", "more/c/1.png"]);
    let (lines, _) = predict(&case, &["more"]);
    let names: BTreeSet<String> = lines
        .iter()
        .map(|line| mask_name(line).to_lowercase())
        .collect();
    assert_eq!(names.len(), 3, "{names:?}");
}

#[test]
fn earlier_files_are_not_replaced_silently_and_images_never() {
    let case = Case::new();
    copies(&case, &["new/1.png", "new/2.png"]);
    let (_, errors) = predict(&case, &["new"]);
    assert_eq!(errors, "");
    let (_, errors) = predict(&case, &["new/1.png"]);
    assert!(
        errors.contains("replacing 2 files of an earlier run") && errors.contains("1_mask.png"),
        "{errors}"
    );
    assert_eq!(errors.lines().count(), 1);

    copies(&case, &["new/1_mask.png"]);
    let before = std::fs::read(case.path("new/1_mask.png")).unwrap();
    let mut command = case.predict();
    command
        .arg(case.path("new"))
        .arg("--masks")
        .arg(case.path("new"));
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert!(
        errors.contains("1_mask.png") && errors.contains("another folder"),
        "{errors}"
    );
    assert_eq!(output.stdout, b"", "before any work");
    assert_eq!(std::fs::read(case.path("new/1_mask.png")).unwrap(), before);
}

#[cfg(unix)]
#[test]
fn folders_are_read_as_those_of_data_sets() {
    use std::os::unix::fs::symlink;

    let case = Case::new();
    copies(
        &case,
        &[
            "line/1.png",
            "line/._2.png",
            "line/.hidden/3.png",
            "line/camera/4.PNG",
            "elsewhere/5.png",
        ],
    );
    symlink(case.path("elsewhere"), case.path("line/link")).unwrap();
    symlink(case.path("line"), case.path("line/camera/circle")).unwrap();
    symlink(case.path("nothing.png"), case.path("line/6.png")).unwrap();
    let (lines, errors) = predict(&case, &["line"]);
    let images: Vec<&str> = lines
        .iter()
        .map(|line| line["path"].as_str().unwrap())
        .map(|path| path.rsplit('/').next().unwrap())
        .collect();
    assert_eq!(images, ["1.png", "4.PNG", "5.png"]);
    assert!(errors.contains("a broken link"), "{errors}");

    let mut command = Command::new(env!("CARGO_BIN_EXE_bgad"));
    command.args(["calibrate", "--fpr", "0.5", "--json", "--model"]);
    command
        .arg(&case.model)
        .arg("--normal")
        .arg(case.path("line"));
    let output = command.output().unwrap();
    // All three are found, and one counts: they are copies.
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(errors.contains("2 of 3 images are copies"), "{errors}");
    assert_eq!(json_lines(&stdout(output))[0]["images"], 1);
}

#[test]
fn a_model_trained_without_masks_writes_heat_maps_if_it_has_a_memory_bank() {
    let case = RunToTeach::without_masks();
    let image = case.text("parts/test/dent/000.png");
    let (heatmaps, masks) = (case.text("heatmaps"), case.text("masks"));
    let predict = |model: &str| {
        let files = ["--heatmaps", &heatmaps, "--masks", &masks];
        case.bgad(&[&["predict", "--model", model, &image], &files[..]].concat())
    };
    let output = predict(&case.text("run/model.bgad"));
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{errors}");
    for folder in ["heatmaps", "masks"] {
        let files = std::fs::read_dir(case.path(folder)).unwrap();
        let files = files.map(|file| file.unwrap().path());
        let files: Vec<PathBuf> = files.filter(|file| file.extension().is_some()).collect();
        assert_eq!(files.len(), 1);
        assert_eq!(image::open(&files[0]).unwrap().width(), 64);
    }

    let (parts, bare) = (case.text("parts"), case.text("bare"));
    let data = ["train", "--layout", "mvtec", "--data", &parts];
    let out = ["--out", &bare, "--set", "memory_bank.size=0", "--no-report"];
    let small = ["--image-size", "32", "--set", "schedule.image_steps=1"];
    case.succeed(&[data.as_slice(), &out, &small].concat());
    let output = predict(&case.text("bare/model.bgad"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(errors.contains("memory_bank.size"), "{errors}");
}

#[test]
fn a_file_that_cannot_be_written_costs_no_score() {
    let case = Case::new();
    copies(&case, &["new/a.png", "new/b.png"]);
    // A folder stands where the first heat map would.
    std::fs::create_dir_all(case.path("maps/a_heatmap.png")).unwrap();
    let mut command = case.predict();
    command.arg(case.path("new")).arg("--json");
    command.arg("--heatmaps").arg(case.path("maps"));
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("a_heatmap.png") && said.contains("scored all the same"),
        "{said}"
    );
    let lines = json_lines(&String::from_utf8_lossy(&output.stdout));
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(
        lines.iter().all(|line| line["score"].is_number()),
        "{lines:?}"
    );
    assert!(case.path("maps/b_heatmap.png").is_file());
}

#[test]
fn models_are_not_written_over_images_or_into_nothing() {
    let case = Case::new();
    copies(&case, &["new/a.png"]);
    let (model, images) = (case.model.to_str().unwrap(), case.path("new"));
    for (out, expected) in [
        ("new/a.png", "never replaced"),
        ("new", "model.bgad"),
        ("nowhere/model.bgad", "create it"),
    ] {
        for command in [
            &["calibrate", "--fpr", "0.5", "--normal"][..],
            &["quantize", "--images"],
        ] {
            let mut bgad = Command::new(env!("CARGO_BIN_EXE_bgad"));
            bgad.args(command).arg(&images).arg("--model").arg(model);
            let output = bgad.arg("--out").arg(case.path(out)).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(
                !output.status.success() && said.contains(expected),
                "{said}"
            );
        }
    }
    assert!(bgad::load_image(&case.path("new/a.png")).is_ok());
}
