//! Layouts whose masks show which images are abnormal: one rule for labels and masks.

use std::path::Path;

use bgad_data::{DataError, Dataset, Layout, LayoutOptions, MaskValues};
use image::{GrayImage, Luma};
use tempfile::tempdir;

use crate::common::{images, names, warned};

/// A mask with these values in its first row.
fn mask(root: &Path, name: &str, (width, height): (u32, u32), values: &[u8]) {
    let mut mask = GrayImage::new(width, height);
    for (x, value) in (0..).zip(values) {
        mask.put_pixel(x, 0, Luma([*value]));
    }
    let path = root.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    mask.save(path).unwrap();
}

fn read(layout: Layout, root: &Path, rule: &str) -> Result<Dataset, DataError> {
    let options = LayoutOptions {
        mask_values: rule.parse().unwrap(),
        ..LayoutOptions::default()
    };
    layout.read_with(root, None, &options)
}

fn abnormal(dataset: &Dataset) -> Vec<String> {
    let samples = dataset
        .samples()
        .filter(|sample| sample.label.is_abnormal());
    names(&samples.cloned().collect::<Vec<_>>())
}

/// KolektorSDD2 with masks of the classes 1 and 2 and empty ones.
fn kolektor(root: &Path) {
    for (name, values) in [
        ("train/1", &[][..]),
        ("train/2", &[1]),
        ("test/3", &[2, 1]),
        ("test/4", &[]),
    ] {
        images(root, &[&format!("{name}.png")]);
        mask(root, &format!("{name}_GT.png"), (8, 6), values);
    }
}

#[test]
fn labels_follow_the_chosen_rule() {
    let root = tempdir().unwrap();
    kolektor(root.path());
    let by = |rule| read(Layout::KolektorSdd2, root.path(), rule).unwrap();
    assert_eq!(abnormal(&by("auto")), ["2.png", "3.png"]);
    let dataset = by("2");
    assert_eq!(abnormal(&dataset), ["3.png"]);
    assert_eq!(names(&dataset.train), ["1.png", "2.png"]);
    let mask = dataset.test[1].load_mask().unwrap().unwrap();
    assert_eq!(mask.area(), 1, "of the two defects the one of class 2");
}

#[test]
fn the_rule_of_the_labels_stays_that_of_the_masks() {
    let root = tempdir().unwrap();
    kolektor(root.path());
    let mut dataset = Layout::KolektorSdd2.read(root.path(), None).unwrap();
    let decision = dataset
        .settle_mask_values(&MaskValues::Auto)
        .unwrap()
        .unwrap();
    assert_eq!(decision.values, MaskValues::NonZero);
    assert!(
        warned(&dataset, &["rule nonzero"]),
        "{:?}",
        dataset.warnings
    );
    assert!(
        dataset
            .samples()
            .all(|s| s.mask_values == MaskValues::NonZero)
    );
    // Another rule would leave abnormal images without a marked pixel.
    match dataset.settle_mask_values(&"2".parse().unwrap()) {
        Err(DataError::Parameter {
            found, expected, ..
        }) => {
            assert_eq!(found, "2");
            assert!(expected.starts_with("nonzero"), "{expected}");
        }
        other => panic!("{other:?}"),
    }
    let mut chosen = read(Layout::KolektorSdd2, root.path(), "2").unwrap();
    let decision = chosen.settle_mask_values(&"2".parse().unwrap()).unwrap();
    assert_eq!(decision.unwrap().reason, "chosen");
    // What trains straight from the layout.
    let mut open = Layout::KolektorSdd2.read(root.path(), None).unwrap();
    open.settle_open_masks().unwrap();
    assert!(open.samples().all(|s| s.mask_values == MaskValues::NonZero));
}

#[test]
fn unclear_masks_end_the_reading_unless_a_rule_is_chosen() {
    let root = tempdir().unwrap();
    kolektor(root.path());
    mask(root.path(), "test/3_GT.png", (8, 6), &[255]);
    match Layout::KolektorSdd2.read(root.path(), None) {
        Err(DataError::UnclearMaskValues { found, .. }) => assert!(found.contains("0, 1, 255")),
        other => panic!("{other:?}"),
    }
    let half = read(Layout::KolektorSdd2, root.path(), "half").unwrap();
    assert_eq!(abnormal(&half), ["3.png"]);
    let all = read(Layout::KolektorSdd2, root.path(), "nonzero").unwrap();
    assert_eq!(abnormal(&all), ["2.png", "3.png"]);
}

#[test]
fn an_unreadable_mask_costs_its_own_image() {
    let root = tempdir().unwrap();
    kolektor(root.path());
    std::fs::write(root.path().join("test/4_GT.png"), b"no image").unwrap();
    let dataset = Layout::KolektorSdd2.read(root.path(), None).unwrap();
    assert_eq!(names(&dataset.test), ["3.png"]);
    assert!(
        warned(&dataset, &["mask can't be read", "4_GT.png"]),
        "{:?}",
        dataset.warnings
    );
}

#[test]
fn the_published_archive_has_two_copies() {
    let root = tempdir().unwrap();
    kolektor(root.path());
    images(
        root.path(),
        &["train/10301 (copy).png", "train/10301_GT (copy).png"],
    );
    let dataset = Layout::KolektorSdd2.read(root.path(), None).unwrap();
    assert_eq!(names(&dataset.train), ["1.png", "2.png"]);
    assert_eq!(dataset.skipped.len(), 2);
    assert!(warned(&dataset, &["2 files skipped", "no mask beside it"]));
}

#[test]
fn aitex_patches_follow_the_chosen_rule() {
    let root = tempdir().unwrap();
    let at = root.path();
    let fabric = |name: &str| mask(at, name, (512, 256), &[9; 512]);
    for name in ["a/0001_000_05", "a/0002_000_05"] {
        fabric(&format!("NODefect_images/{name}.png"));
    }
    for (name, values) in [("0044_019_04", 1), ("0045_019_04", 2)] {
        fabric(&format!("Defect_images/{name}.png"));
        mask(
            at,
            &format!("Mask_images/{name}_mask.png"),
            (512, 256),
            &[values],
        );
    }
    let by = |rule| read(Layout::Aitex, at, rule).unwrap();
    assert_eq!(abnormal(&by("auto")).len(), 2);
    let mut dataset = by("2");
    assert_eq!(abnormal(&dataset), ["0045_019_04.png"]);
    assert!(
        warned(&dataset, &["marks no defect"]),
        "{:?}",
        dataset.warnings
    );
    dataset.settle_mask_values(&"2".parse().unwrap()).unwrap();
    assert!(dataset.settle_mask_values(&MaskValues::NonZero).is_err());
    dataset.verify().unwrap();
}

#[test]
fn other_layouts_settle_as_often_as_they_are_asked() {
    let root = tempdir().unwrap();
    let at = root.path();
    images(at, &["good/0.png", "good/1.png", "dent/0.png"]);
    mask(at, "masks/dent/0.png", (8, 6), &[1, 2]);
    let mut dataset = Layout::Folder.read(at, None).unwrap();
    for (rule, area) in [("auto", 2), ("2", 1), ("1", 1), ("nonzero", 2)] {
        dataset.settle_mask_values(&rule.parse().unwrap()).unwrap();
        let dent = dataset.test.iter().find(|s| s.label.is_abnormal()).unwrap();
        assert_eq!(dent.load_mask().unwrap().unwrap().area(), area, "{rule}");
    }
}
