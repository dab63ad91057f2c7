//! Folders that the user names: normal images, defects, and masks inside the folders of images.

use std::path::{Path, PathBuf};

use bgad_data::{DataError, Dataset, FolderNames, Layout, LayoutOptions, MaskLocation};
use tempfile::tempdir;

use crate::common::{images, mask, names, warned};

fn named(normal: &[&str], abnormal: &[&str], masks: Option<&str>) -> FolderNames {
    let paths = |names: &[&str]| names.iter().map(PathBuf::from).collect();
    FolderNames {
        normal: paths(normal),
        abnormal: paths(abnormal),
        masks: masks.map(|name| MaskLocation::Folder(name.into())),
    }
}

/// Reads the layout that the names imply.
fn read(root: &Path, folders: FolderNames) -> Result<(Layout, Dataset), DataError> {
    let layout = Layout::recognise_named(root, None, &folders)?.layout;
    let options = LayoutOptions {
        folders,
        ..LayoutOptions::default()
    };
    Ok((layout, layout.read_with(root, None, &options)?))
}

/// The mask of each abnormal test image, by the last three parts of the paths.
fn masks(dataset: &Dataset) -> Vec<(String, Option<String>)> {
    let short = |path: &Path| {
        let parts: Vec<_> = path
            .iter()
            .rev()
            .take(3)
            .map(|p| p.to_string_lossy())
            .collect();
        parts.into_iter().rev().collect::<Vec<_>>().join("/")
    };
    let abnormal = dataset.test.iter().filter(|s| s.label.is_abnormal());
    abnormal
        .map(|sample| {
            let mask = sample.mask.as_ref().and_then(|mask| mask.paths().next());
            (short(&sample.path), mask.map(short))
        })
        .collect()
}

fn pair(image: &str, mask: &str) -> (String, Option<String>) {
    (image.to_owned(), Some(mask.to_owned()))
}

#[test]
fn masks_lie_inside_the_folders_of_images() {
    let root = tempdir().unwrap();
    let at = root.path();
    images(at, &["good/0.jpg", "good/1.jpg", "good/2.jpg"]);
    images(
        at,
        &[
            "dent/0.jpg",
            "scratch/img/0.jpg",
            "scratch/img/1.jpg",
            "deep/a/0.jpg",
        ],
    );
    mask(at, "dent/labels/0.png", 8, 6);
    mask(at, "scratch/Labels/0_mask.png", 8, 6);
    mask(at, "scratch/Labels/7.png", 8, 6);
    mask(at, "deep/a/labels/0.png", 8, 6);
    mask(at, "good/labels/0.png", 8, 6);
    let (layout, dataset) = read(at, named(&[], &[], Some("labels"))).unwrap();
    assert_eq!(layout, Layout::Folder);
    assert_eq!(
        masks(&dataset),
        [
            pair("deep/a/0.jpg", "a/labels/0.png"),
            pair(&short_of(at, "dent/0.jpg"), "dent/labels/0.png"),
            pair("scratch/img/0.jpg", "scratch/Labels/0_mask.png"),
            ("scratch/img/1.jpg".to_owned(), None),
        ]
    );
    let normal = dataset.samples().filter(|s| !s.label.is_abnormal());
    assert_eq!(normal.count(), 3);
    assert_eq!(dataset.orphan_masks.len(), 1);
    assert!(warned(&dataset, &["1 mask of normal images not used"]));
    assert!(warned(&dataset, &["1 mask without an image", "7.png"]));
}

/// The last three parts of a path that has two below `root`.
fn short_of(root: &Path, path: &str) -> String {
    format!("{}/{path}", root.file_name().unwrap().display())
}

#[test]
fn a_tree_has_masks_beside_its_images_as_well() {
    let root = tempdir().unwrap();
    let at = root.path();
    images(
        at,
        &[
            "train/good/0.png",
            "valid/good/img/0.png",
            "test/good/img/0.png",
        ],
    );
    images(at, &["test/Ungood/img/0.png", "test/Ungood/img/1.png"]);
    for name in [
        "test/good/label/0",
        "test/Ungood/label/0",
        "test/Ungood/label/1",
    ] {
        mask(at, &format!("{name}.png"), 8, 6);
    }
    let error = read(at, FolderNames::default()).unwrap_err().to_string();
    assert!(error.contains("--mask-dir label"), "{error}");
    let (layout, dataset) = read(at, named(&[], &[], Some("label"))).unwrap();
    assert_eq!(layout, Layout::Mvtec);
    assert_eq!(
        masks(&dataset),
        [
            pair("Ungood/img/0.png", "Ungood/label/0.png"),
            pair("Ungood/img/1.png", "Ungood/label/1.png"),
        ]
    );
    assert_eq!(dataset.test.len(), 3);
    assert!(warned(&dataset, &["1 mask of normal images not used"]));
    assert!(warned(
        &dataset,
        &["valid", "1 image not used", "calibrate"]
    ));

    let beside = FolderNames {
        masks: Some(MaskLocation::Beside("_x.png".to_owned())),
        ..FolderNames::default()
    };
    std::fs::remove_dir_all(at.join("test/good/label")).unwrap();
    std::fs::remove_dir_all(at.join("test/Ungood/label")).unwrap();
    mask(at, "test/Ungood/img/1_x.png", 8, 6);
    let (_, dataset) = read(at, beside).unwrap();
    assert_eq!(
        masks(&dataset)[1],
        pair("Ungood/img/1.png", "Ungood/img/1_x.png")
    );
}

#[test]
fn a_tree_has_other_names_for_its_folders() {
    let root = tempdir().unwrap();
    let at = root.path();
    images(at, &["train/ok_front/0.jpeg", "train/def_front/0.jpeg"]);
    images(
        at,
        &[
            "test/ok_front/0.jpeg",
            "test/def_front/0.jpeg",
            "test/odd/0.jpeg",
        ],
    );
    for normal in ["ok_front", "train/ok_front"] {
        let (layout, dataset) = read(at, named(&[normal], &[], None)).unwrap();
        assert_eq!(layout, Layout::Mvtec);
        assert_eq!((dataset.train.len(), dataset.test.len()), (1, 3));
        assert_eq!(masks(&dataset).len(), 2);
        assert!(warned(&dataset, &["not trained on", "def_front"]));
    }
    let (_, dataset) = read(at, named(&["ok_front"], &["def_front"], None)).unwrap();
    assert_eq!(masks(&dataset).len(), 1, "the type that was named");
    // The masks are not where they usually are.
    mask(at, "gt/def_front/0.png", 8, 6);
    let (_, dataset) = read(at, named(&["ok_front"], &[], Some("gt"))).unwrap();
    assert_eq!(masks(&dataset)[0].1.as_deref(), Some("gt/def_front/0.png"));
}

#[test]
fn folders_that_suggest_no_defect_are_left_out_with_a_word() {
    let root = tempdir().unwrap();
    let at = root.path();
    images(
        at,
        &["plain/0.png", "plain/1.png", "cut/0.png", "test/0.png"],
    );
    let (_, dataset) = read(at, named(&["plain"], &[], None)).unwrap();
    assert_eq!(
        dataset.defect_types().into_iter().collect::<Vec<_>>(),
        ["cut"]
    );
    assert!(warned(&dataset, &["not read", "test", "--abnormal"]));
    let (_, dataset) = read(at, named(&["plain"], &["cut", "test"], None)).unwrap();
    assert_eq!(dataset.defect_types().len(), 2);
    assert!(!warned(&dataset, &["not read"]));
}

#[test]
fn a_folder_of_nothing_but_normal_images_is_named_by_a_dot() {
    let root = tempdir().unwrap();
    let at = root.path();
    images(at, &["0.png", "1.png", "2.png", "3.png", "4.png"]);
    let (_, dataset) = read(at, named(&["."], &[], None)).unwrap();
    assert_eq!((dataset.train.len(), dataset.test.len()), (3, 2));
    assert_eq!(names(&dataset.train).len(), 3);
    // Folders inside it are others.
    images(at, &["dent/0.png", "masks/dent/0.png"]);
    let (_, dataset) = read(at, named(&["."], &[], None)).unwrap();
    assert_eq!((dataset.train.len(), dataset.test.len()), (3, 3));
    assert_eq!(masks(&dataset).len(), 1);
    assert_eq!(dataset.root, at);
    let (_, dataset) = read(at, named(&["."], &["dent"], None)).unwrap();
    assert_eq!((dataset.train.len(), dataset.test.len()), (3, 3));
}

#[test]
fn names_that_fit_nothing_are_errors() {
    let root = tempdir().unwrap();
    let at = root.path();
    images(at, &["good/0.png", "dent/0.png"]);
    for folders in [
        named(&[], &[], Some("nowhere")),
        named(&["nowhere"], &[], None),
        named(&[], &["nowhere"], None),
    ] {
        let error = read(at, folders).unwrap_err();
        assert!(
            matches!(&error, DataError::FolderMissing { folder } if folder.ends_with("nowhere")),
            "{error}"
        );
    }
    let options = LayoutOptions {
        folders: named(&["good"], &[], None),
        ..LayoutOptions::default()
    };
    let error = Layout::BrainMri.read_with(at, None, &options).unwrap_err();
    assert!(error.to_string().contains("brain-mri"), "{error}");
}

#[test]
fn a_single_normal_image_is_for_training() {
    let root = tempdir().unwrap();
    let at = root.path();
    images(at, &["good/0.png", "dent/0.png"]);
    let dataset = Layout::Folder.read(at, None).unwrap();
    assert_eq!(names(&dataset.train), ["0.png"]);
    assert_eq!(dataset.test.len(), 1);
}
