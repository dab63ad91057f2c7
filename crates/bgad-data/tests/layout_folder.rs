//! The plain folder, on small trees.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use bgad_data::{DataError, FolderLayout, Layout, MaskLocation};
use common::{image, images, mask, warned};
use tempfile::tempdir;

#[test]
fn folder_finds_types_and_masks() {
    let root = tempdir().unwrap();
    let at = root.path();
    for number in 0..8 {
        image(at, &format!("Normal/{number}.png"));
    }
    images(
        at,
        &[
            "abnormal/dent/a.jpg",
            "abnormal/dent/b.jpg",
            "abnormal/c.png",
            "Scratch/deep/d.png",
        ],
    );
    mask(at, "masks/dent/a.png", 8, 6);
    mask(at, "masks/abnormal/dent/b_mask.tif", 8, 6);
    mask(at, "masks/Scratch/deep/d.bmp", 8, 6);

    let dataset = Layout::Folder.read(at, None).unwrap();
    assert_eq!((dataset.train.len(), dataset.test.len()), (6, 2 + 4));
    let abnormal: Vec<(String, bool)> = dataset.test[2..]
        .iter()
        .map(|s| {
            (
                format!(
                    "{}:{}",
                    s.defect_type,
                    s.path.file_stem().unwrap().display()
                ),
                s.mask.is_some(),
            )
        })
        .collect();
    let expected = [
        ("Scratch:d", true),
        ("abnormal:c", false),
        ("dent:a", true),
        ("dent:b", true),
    ];
    assert_eq!(
        abnormal,
        expected.map(|(name, mask)| (name.to_owned(), mask))
    );
    assert!(
        warned(
            &dataset,
            &["1 abnormal image without a mask", "abnormal/c.png"]
        ),
        "{:?}",
        dataset.warnings
    );
    dataset.verify().unwrap();
}

#[test]
fn folder_without_masks_does_not_complain_about_them() {
    let root = tempdir().unwrap();
    images(
        root.path(),
        &["ok/0.png", "ok/1.png", "ok/2.png", "ok/3.png", "bad/0.png"],
    );
    let dataset = Layout::Folder.read(root.path(), None).unwrap();
    assert!(!dataset.has_masks());
    assert!(dataset.warnings.is_empty(), "{:?}", dataset.warnings);
}

#[test]
fn folder_with_masks_beside_the_images() {
    let root = tempdir().unwrap();
    let at = root.path();
    images(
        at,
        &[
            "free/0.jpg",
            "free/1.jpg",
            "free/2.jpg",
            "free/3.jpg",
            "crack/Imgs/a.jpg",
            "crack/Imgs/b.jpg",
        ],
    );
    mask(at, "free/0.png", 8, 6);
    mask(at, "crack/Imgs/a.png", 8, 6);
    let layout = FolderLayout {
        name: "tile".to_owned(),
        normal: vec![at.join("free")],
        abnormal: vec![at.join("crack")],
        masks: Some(MaskLocation::Beside(".png".to_owned())),
        test_fraction: 0.5,
        random_state: 1,
    };
    let dataset = layout.read().unwrap();
    assert_eq!((dataset.train.len(), dataset.test.len()), (2, 2 + 2));
    assert!(
        dataset.test[2]
            .mask
            .as_ref()
            .and_then(|mask| mask.paths().next())
            .unwrap()
            .ends_with("crack/Imgs/a.png")
    );
    assert_eq!(
        (
            dataset.test[3].mask.as_ref(),
            dataset.test[3].defect_type.as_str()
        ),
        (None, "crack")
    );

    let wrong = FolderLayout {
        test_fraction: 1.0,
        ..layout
    };
    assert!(matches!(
        wrong.read(),
        Err(DataError::Parameter {
            name: "test_fraction",
            ..
        })
    ));
}

#[test]
fn folder_names_what_is_wrong() {
    let root = tempdir().unwrap();
    let at = root.path();
    assert!(matches!(
        Layout::Folder.read(at, None),
        Err(DataError::NoImages { .. })
    ));
    image(at, "bad/0.png");
    assert!(matches!(
        Layout::Folder.read(at, None),
        Err(DataError::NoNormalImages { .. })
    ));
    std::fs::create_dir(at.join("good")).unwrap();
    assert!(matches!(
        Layout::Folder.read(at, None),
        Err(DataError::NoNormalImages { .. })
    ));

    let root = tempdir().unwrap();
    image(root.path(), "lid/good/0.png");
    match Layout::Folder.read(root.path(), None) {
        Err(DataError::CategoryNeeded { found, .. }) => assert_eq!(found, ["lid"]),
        other => panic!("{other:?}"),
    }
    assert_eq!(
        Layout::Folder.read(root.path(), Some("lid")).unwrap().name,
        "lid"
    );
}
