//! The plain folder, on small trees.

use bgad_data::{DataError, FolderLayout, FolderNames, Layout, MaskLocation};
use tempfile::tempdir;

use crate::common::{image, images, mask, names, text, warned};

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
        left_out: Vec::new(),
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

fn named(normal: &[&str], abnormal: &[&str], masks: Option<MaskLocation>) -> FolderNames {
    let paths = |names: &[&str]| names.iter().map(|name| (*name).into()).collect();
    FolderNames {
        normal: paths(normal),
        abnormal: paths(abnormal),
        masks,
    }
}

#[test]
fn folders_of_any_name_are_taken_when_named() {
    let root = tempdir().unwrap();
    let at = root.path();
    images(
        at,
        &[
            "line 1/frei/1.JPG",
            "line 1/frei/2.Png",
            "line 2/1.tiff",
            "line 2/2.WEBP",
            "Kratzer/größe.jpg",
            "Kratzer/b.jpg",
            "Delle/1.bmp",
        ],
    );
    mask(at, "Kratzer/größe_MASK.png", 8, 6);
    mask(at, "Kratzer/b_mask.BMP", 8, 6);
    mask(at, "Delle/9_mask.png", 8, 6);
    let beside = Some(MaskLocation::Beside("_mask".to_owned()));
    let names_of = named(&["line 1/frei", "line 2"], &[], beside);
    let dataset = FolderLayout::discover_named(at, &names_of)
        .unwrap()
        .read()
        .unwrap();
    assert_eq!((dataset.train.len(), dataset.test.len()), (3, 1 + 3));
    assert_eq!(dataset.root, at);
    let abnormal: Vec<(&str, bool)> = dataset.test[1..]
        .iter()
        .map(|s| (s.defect_type.as_str(), s.mask.is_some()))
        .collect();
    assert_eq!(
        abnormal,
        [("Delle", false), ("Kratzer", true), ("Kratzer", true)]
    );
    assert_eq!(dataset.orphan_masks, [at.join("Delle/9_mask.png")]);
    dataset.verify().unwrap();

    let only = named(&["line 2"], &["Delle"], None);
    let dataset = FolderLayout::discover_named(at, &only)
        .unwrap()
        .read()
        .unwrap();
    assert_eq!((dataset.train.len(), dataset.test.len()), (1, 1 + 2));

    let empty = named(&["line 2"], &[], Some(MaskLocation::Beside(String::new())));
    let error = FolderLayout::discover_named(at, &empty)
        .unwrap()
        .read()
        .unwrap_err();
    assert!(matches!(
        error,
        DataError::Parameter {
            name: "mask suffix",
            ..
        }
    ));
    let missing = named(&["line 3"], &[], None);
    let error = FolderLayout::discover_named(at, &missing)
        .unwrap()
        .read()
        .unwrap_err();
    assert!(matches!(error, DataError::FolderMissing { .. }), "{error}");
}

#[test]
fn a_named_mask_folder_is_no_defect_type() {
    let root = tempdir().unwrap();
    let at = root.path();
    images(at, &["good/1.png", "good/2.png", "dent/1.png"]);
    mask(at, "labels/dent/1.png", 8, 6);
    let folder = Some(MaskLocation::Folder("labels".into()));
    let layout = FolderLayout::discover_named(at, &named(&[], &[], folder)).unwrap();
    let dataset = layout.read().unwrap();
    assert_eq!(names(&dataset.test[1..]), ["1.png"]);
    assert_eq!(dataset.test[1].load_mask().unwrap().unwrap().area(), 1);
}

#[cfg(unix)]
#[test]
fn links_are_followed_once() {
    use std::os::unix::fs::symlink;
    let (root, elsewhere) = (tempdir().unwrap(), tempdir().unwrap());
    let at = root.path();
    images(
        at,
        &[
            "good/1.png",
            "good/deep/2.png",
            "good/deep/deeper/3.png",
            "bad/1.png",
        ],
    );
    images(elsewhere.path(), &["4.png", "inner/5.png"]);
    symlink("..", at.join("good/deep/deeper/up")).unwrap();
    symlink("deep", at.join("good/a link")).unwrap();
    symlink(at, elsewhere.path().join("inner/back")).unwrap();
    symlink(elsewhere.path(), at.join("good/elsewhere")).unwrap();
    symlink(elsewhere.path().join("4.png"), at.join("good/6.png")).unwrap();
    symlink("nothing.png", at.join("good/7.png")).unwrap();
    text(at, "good/notes.txt", "");
    let dataset = Layout::Folder.read(at, None).unwrap();
    let normal = dataset
        .samples()
        .filter(|s| !s.label.is_abnormal())
        .cloned();
    let mut normal = names(&normal.collect::<Vec<_>>());
    normal.sort();
    // The link back to the whole folder does not bring `bad/1.png`, which is abnormal.
    assert_eq!(
        normal,
        ["1.png", "2.png", "3.png", "4.png", "5.png", "6.png"]
    );
    assert!(
        warned(&dataset, &["1 file skipped", "a broken link"]),
        "{:?}",
        dataset.warnings
    );
    assert!(
        warned(&dataset, &["1 file skipped", "not an image by its name"]),
        "{:?}",
        dataset.warnings
    );
    assert_eq!(dataset.skipped.len(), 2);
}
