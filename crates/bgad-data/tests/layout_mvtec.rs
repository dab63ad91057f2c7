//! The MVTec layout, on small trees.

use bgad_data::{DataError, Label, Layout};
use tempfile::tempdir;

use crate::common::{images, mask, names, text, warned};

#[test]
fn mvtec_reads_a_category() {
    let root = tempdir().unwrap();
    let at = root.path();
    images(
        at,
        &[
            "nut/train/good/001.png",
            "nut/train/good/000.PNG",
            "nut/train/good/002.jpg",
        ],
    );
    images(
        at,
        &[
            "nut/test/good/000.png",
            "nut/test/cut/000.png",
            "nut/test/cut/001.png",
            "nut/test/bent/000.bmp",
        ],
    );
    mask(at, "nut/ground_truth/cut/000_mask.png", 8, 6);
    mask(at, "nut/ground_truth/cut/009_mask.png", 8, 6);
    mask(at, "nut/ground_truth/bent/000.bmp", 8, 6);
    text(at, "nut/train/good/notes.txt", "no image");
    text(at, "nut/train/good/.hidden.png", "no image");

    let dataset = Layout::Mvtec.read(at, Some("nut")).unwrap();
    assert_eq!(dataset.name, "nut");
    assert_eq!(names(&dataset.train), ["000.PNG", "001.png", "002.jpg"]);
    assert!(
        dataset
            .train
            .iter()
            .all(|s| s.label == Label::Normal && s.defect_type == "good" && s.mask.is_none())
    );
    let test: Vec<(&str, bool, bool)> = dataset
        .test
        .iter()
        .map(|s| {
            (
                s.defect_type.as_str(),
                s.label.is_abnormal(),
                s.mask.is_some(),
            )
        })
        .collect();
    assert_eq!(
        test,
        [
            ("good", false, false),
            ("bent", true, true),
            ("cut", true, true),
            ("cut", true, false)
        ]
    );
    assert!(
        dataset.test[2]
            .mask
            .as_ref()
            .and_then(|mask| mask.paths().next())
            .unwrap()
            .ends_with("ground_truth/cut/000_mask.png")
    );
    assert!(dataset.has_masks());
    assert!(
        warned(
            &dataset,
            &["1 abnormal image without a mask", "cut/001.png"]
        ),
        "{:?}",
        dataset.warnings
    );
    assert!(
        warned(&dataset, &["1 mask without an image", "cut/009_mask.png"]),
        "{:?}",
        dataset.warnings
    );
    assert!(
        warned(&dataset, &["1 file skipped"]),
        "{:?}",
        dataset.warnings
    );
    assert_eq!(dataset.warnings.len(), 3, "{:?}", dataset.warnings);

    let same = Layout::Mvtec.read(&at.join("nut"), None).unwrap();
    assert_eq!(same.name, "nut");
    assert_eq!(same.test, dataset.test);
}

#[test]
fn mvtec_names_what_is_wrong() {
    let root = tempdir().unwrap();
    let at = root.path();
    assert!(matches!(
        Layout::Mvtec.read(&at.join("nowhere"), None),
        Err(DataError::FolderMissing { .. })
    ));
    assert!(matches!(
        Layout::Mvtec.read(at, None),
        Err(DataError::NoImages { .. })
    ));
    images(
        at,
        &[
            "nut/train/good/000.png",
            "pill/train/good/000.png",
            "odd/test/good/000.png",
        ],
    );
    match Layout::Mvtec.read(at, None) {
        Err(DataError::CategoryNeeded { found, .. }) => assert_eq!(found, ["nut", "pill"]),
        other => panic!("{other:?}"),
    }
    match Layout::Mvtec.read(at, Some("screw")) {
        Err(error @ DataError::CategoryMissing { .. }) => {
            let text = error.to_string();
            assert!(
                text.contains("screw") && text.contains("nut") && text.contains("pill"),
                "{text}"
            );
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(
        Layout::Mvtec.read(at, Some("../nut")),
        Err(DataError::CategoryMissing { .. })
    ));
    assert!(matches!(
        Layout::Mvtec.read(at, Some("odd")),
        Err(DataError::NoNormalImages { .. })
    ));
}

#[test]
fn layout_names_round_trip() {
    for layout in Layout::ALL {
        assert_eq!(layout.to_string().parse::<Layout>().unwrap(), layout);
    }
    let error = "Mvtec".parse::<Layout>().unwrap_err().to_string();
    assert!(
        error.contains("head-ct") && error.contains("'Mvtec'"),
        "{error}"
    );
}
