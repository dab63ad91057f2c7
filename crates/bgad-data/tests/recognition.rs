//! Layouts recognised from the folders, and the questions that the program asks.

use std::path::Path;

use bgad_data::{DataError, FolderLayout, FolderNames, Layout, LayoutError, MaskLocation};
use tempfile::tempdir;

use crate::common::{image, images, mask, text};

/// The message about a folder with these images.
fn told(files: &[&str], category: Option<&str>) -> String {
    let root = tempdir().unwrap();
    let at = root.path().join("set");
    images(&at, files);
    said(&at, category)
}

fn said(at: &Path, category: Option<&str>) -> String {
    match Layout::recognise(at, category) {
        Ok(found) => {
            // What is recognised can be read.
            let folder = found.folder.file_name().unwrap().display();
            format!("{found} [{}, {folder}]", found.layout)
        }
        Err(error) => error.to_string(),
    }
}

#[test]
fn published_trees_are_told_apart() {
    for (files, category, expected) in [
        (
            &[
                "screw/train/good/0.png",
                "screw/test/scratch/0.png",
                "bottle/train/good/0.png",
            ][..],
            Some("screw"),
            "MVTec AD layout, category screw [mvtec, screw]",
        ),
        (
            &["train/good/0.png", "test/good/0.png", "test/bent/0.png"],
            None,
            "MVTec AD layout, category set [mvtec, set]",
        ),
        (
            &["train/NORMAL/0.png", "test/NORMAL/0.png", "test/dent/0.png"],
            None,
            "MVTec AD layout, category set [mvtec, set]",
        ),
        (
            &["tubes/train/good/0.png", "tubes/test/flattening/0.png"],
            None,
            "MPDD layout, category tubes [mpdd, tubes]",
        ),
        (
            &["01/train/ok/0.bmp", "01/test/ko/0.bmp", "02/train/ok/0.png"],
            Some("01"),
            "BTAD layout, category 01 [btad, 01]",
        ),
        (
            &["can/train/good/0.png", "can/test_public/bad/0.png"],
            None,
            "MVTec AD 2 layout, category can [mvtec-ad-2, can]",
        ),
        (
            &[
                "train/good/0.png",
                "test/good/0.png",
                "test/logical_anomalies/0.png",
            ],
            None,
            "MVTec LOCO layout, category set [mvtec-loco, set]",
        ),
        (
            &[
                "candle/Data/Images/Normal/0.JPG",
                "candle/Data/Images/Anomaly/0.JPG",
            ],
            Some("candle"),
            "VisA layout, category candle [visa, candle]",
        ),
        (
            &[
                "train/1.png",
                "train/1_GT.png",
                "test/2.png",
                "test/2_GT.png",
            ],
            None,
            "KolektorSDD2 layout [kolektor-sdd2, set]",
        ),
        (
            &[
                "NODefect_images/a/1.png",
                "Defect_images/2.png",
                "Mask_images/2_mask.png",
            ],
            None,
            "AITEX layout [aitex, set]",
        ),
        (
            &["no/1.png", "yes/1.png"],
            None,
            "BrainMRI layout [brain-mri, set]",
        ),
        (
            &["Good/1.png", "dent/1.png"],
            None,
            "a folder for each kind of image [folder, set]",
        ),
    ] {
        assert_eq!(told(files, category), expected, "{files:?}");
    }
}

#[test]
fn tables_are_told_by_their_content() {
    let root = tempdir().unwrap();
    let at = root.path();
    images(at, &["elpv/images/1.png", "ct/head_ct/0.png", "list/1.png"]);
    text(at, "elpv/labels.csv", "images/1.png  0.0  mono\n");
    text(at, "ct/labels.csv", "id,hemorrhage\n0,0\n");
    text(at, "list/manifest.csv", "path,label\n1.png,normal\n");
    text(
        at,
        "list/other.json",
        "[{\"path\": \"1.png\", \"label\": 0}]",
    );
    text(
        at,
        "list/coco.json",
        "{\"images\": [], \"annotations\": []}",
    );
    let layout = |name: &str| Layout::recognise(&at.join(name), None).unwrap().layout;
    assert_eq!(layout("elpv"), Layout::Elpv);
    assert_eq!(layout("ct"), Layout::HeadCt);
    assert_eq!(layout("list/manifest.csv"), Layout::Manifest);
    assert_eq!(layout("list/other.json"), Layout::Manifest);
    assert_eq!(layout("list/coco.json"), Layout::Coco);
    // Both the table and the annotations are there.
    let message = said(&at.join("list"), None);
    for part in [
        "--layout coco",
        "coco.json",
        " or ",
        "--layout manifest",
        "manifest.csv",
    ] {
        assert!(message.contains(part), "{part}: {message}");
    }
}

#[test]
fn two_readings_are_an_error_that_names_both() {
    let message = told(
        &[
            "good/0.png",
            "dent/0.png",
            "train/good/0.png",
            "test/good/0.png",
        ],
        None,
    );
    for part in [
        "--layout mvtec",
        "train/good",
        " or ",
        "--layout folder",
        "good",
    ] {
        assert!(message.contains(part), "{part}: {message}");
    }
}

#[test]
fn what_is_not_recognised_ends_with_what_to_say() {
    let message = told(&["a/0.png", "b/0.png"], None);
    for part in ["a, b", "--layout", "kolektor-sdd2", "--normal"] {
        assert!(message.contains(part), "{part}: {message}");
    }
    let message = told(&["0.png", "1.png"], None);
    assert!(message.contains("2 images and no folders"), "{message}");
    // Parts of a split are no categories.
    let message = told(&["train/defect/0.png", "test/good/0.png"], None);
    assert!(
        message.contains("no known layout in test, train"),
        "{message}"
    );
    let message = told(&["lid/good/0.png", "box/good/0.png"], None);
    assert!(
        message.contains("the categories box, lid") && message.contains("--category"),
        "{message}"
    );
    let root = tempdir().unwrap();
    assert!(matches!(
        Layout::recognise(root.path(), None),
        Err(DataError::NoImages { .. })
    ));
    assert!(matches!(
        Layout::recognise(&root.path().join("nowhere"), None),
        Err(DataError::FolderMissing { .. })
    ));
}

#[test]
fn only_clear_names_of_folders_are_normal() {
    let beside_cracks = |name: &str| told(&[&format!("{name}/0.png"), "crack/0.png"], None);
    for name in [
        "Good",
        "0.normal",
        "01_OK",
        "defect-free",
        "No Defects",
        "nonanomaly",
    ] {
        let message = beside_cracks(name);
        assert!(message.contains("[folder, set]"), "{name}: {message}");
    }
    for name in [
        "ok_front",
        "MT_Free",
        "Negative",
        "images_nor",
        "Gutteile",
        "clean",
        "No_Crack",
    ] {
        let message = beside_cracks(name);
        let answer = format!("--normal {name}");
        assert!(message.contains(&answer), "{name}: {message}");
    }
    for name in [
        "not_good",
        "abnormal",
        "ungood",
        "1.abnormal",
        "nok",
        "non_normal",
        "nocturne",
    ] {
        let message = beside_cracks(name);
        let taken =
            message.contains("[folder, set]") || message.contains(&format!("--normal {name}"));
        assert!(!taken, "{name}: {message}");
    }
}

#[test]
fn a_type_named_like_normal_images_is_asked_about() {
    for name in ["normal_test", "good2", "test-ok"] {
        let message = question(&[&format!("{name}/0.png"), "crack/0.png"]);
        assert!(
            message.contains("suggests normal images"),
            "{name}: {message}"
        );
    }
    for name in ["abnormal", "not_good", "no-normal", "token"] {
        assert_eq!(
            question(&[&format!("{name}/0.png"), "crack/0.png"]),
            "",
            "{name}"
        );
    }
}

/// The question about a plain folder with these images.
fn question(files: &[&str]) -> String {
    let root = tempdir().unwrap();
    images(root.path(), &["good/0.bmp", "good/1.bmp"]);
    images(root.path(), files);
    match Layout::Folder.read(root.path(), None) {
        Err(error @ DataError::Layout(LayoutError::Question { .. })) => error.to_string(),
        Err(other) => panic!("{files:?}: {other}"),
        Ok(_) => String::new(),
    }
}

#[test]
fn labels_are_asked_about_rather_than_trained_on() {
    for (files, found, answer) in [
        (
            &["dent/0.png", "labels/0.png"][..],
            "'labels'",
            "--mask-dir labels",
        ),
        (&["dent/0.png", "GT/0.png"], "'GT'", "--mask-dir GT"),
        (
            &["dent/0.png", "ground truth/0.png"],
            "'ground truth'",
            "--mask-dir 'ground truth'",
        ),
        (
            &["dent/images/0.png", "dent/masks/0.png"],
            "'masks'",
            "--mask-dir masks",
        ),
        (
            &["good/labels/0.png", "dent/0.png"],
            "'labels'",
            "--mask-dir labels",
        ),
        (&["dent/0.png", "test/0.png"], "'test'", "--abnormal"),
        (
            &["dent/0.png", "masks/dent/0.png", "ground_truth/0.png"],
            "'masks'",
            "--mask-dir",
        ),
        (
            &["dent/0.png", "dent/0_mask.png"],
            "0_mask.png",
            "--mask-suffix _mask",
        ),
        (
            &["dent/0.bmp", "dent/0_GT.png"],
            "0_GT.png",
            "--mask-suffix _GT",
        ),
        (
            &["dent/Imgs/0.jpg", "dent/Imgs/0.png"],
            "0.png",
            "--mask-suffix .png",
        ),
    ] {
        let message = question(files);
        assert!(
            message.contains(found) && message.contains(answer),
            "{files:?}: {message}"
        );
    }
    for files in [
        &["dent/0.png", "scratch/deep/0.png", "masks/dent/0.png"][..],
        // Other pictures of the same name have masks of their own.
        &["dent/0.jpg", "dent/0.png", "masks/dent/0.png"],
        &["dent/0.jpg", "dent/1.png"],
        &["dent/a_mask.png"],
    ] {
        assert_eq!(question(files), "", "{files:?}");
    }
    let root = tempdir().unwrap();
    images(
        root.path(),
        &["train/good/0.png", "test/cut/0.png", "test/cut/masks/0.png"],
    );
    let error = Layout::Mvtec.read(root.path(), None).unwrap_err();
    assert!(error.to_string().contains("--mask-dir masks"), "{error}");
}

#[test]
fn what_is_named_is_not_asked_about() {
    let root = tempdir().unwrap();
    let at = root.path();
    images(
        at,
        &["good/0.bmp", "good/1.bmp", "labels/0.bmp", "dent/0.jpg"],
    );
    mask(at, "dent/0.png", 8, 6);
    let read = |abnormal: &[&str], masks: Option<MaskLocation>| {
        let names = FolderNames {
            abnormal: abnormal.iter().map(|name| name.into()).collect(),
            masks,
            ..FolderNames::default()
        };
        FolderLayout::discover_named(at, &names)
            .unwrap()
            .read()
            .unwrap()
    };
    let dataset = read(&["labels", "dent"], None);
    let abnormal = dataset
        .test
        .iter()
        .filter(|sample| sample.label.is_abnormal());
    assert_eq!(abnormal.count(), 3);
    std::fs::remove_dir_all(at.join("labels")).unwrap();
    let dataset = read(&[], Some(MaskLocation::Beside(".png".to_owned())));
    assert!(dataset.has_masks());
    image(at, "labels/0.bmp");
    let dataset = read(&[], Some(MaskLocation::Folder("labels".into())));
    assert_eq!(
        dataset.defect_types().into_iter().collect::<Vec<_>>(),
        ["dent"]
    );
}
