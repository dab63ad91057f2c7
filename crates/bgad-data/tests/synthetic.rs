//! The synthetic set.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use bgad_data::synthetic::{self, SyntheticConfig};
use bgad_data::{DataError, Layout, Mask, load_image};
use tempfile::{TempDir, tempdir};

fn config() -> SyntheticConfig {
    SyntheticConfig {
        image_size: 96,
        train_images: 3,
        test_images: 2,
        abnormal_per_type: 2,
        ..Default::default()
    }
}

fn written(config: &SyntheticConfig) -> TempDir {
    let folder = tempdir().unwrap();
    synthetic::write(folder.path(), config).unwrap();
    folder
}

fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    fn visit(root: &Path, folder: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                visit(root, &path, found);
            } else {
                found.insert(
                    path.strip_prefix(root).unwrap().to_owned(),
                    fs::read(&path).unwrap(),
                );
            }
        }
    }
    let mut found = BTreeMap::new();
    visit(folder, folder, &mut found);
    found
}

#[test]
fn same_seed_same_bytes() {
    let first = files(written(&config()).path());
    assert_eq!(first.len(), 3 + 2 + 6 * 2 * 2);
    assert_eq!(first, files(written(&config()).path()));
    let other = files(
        written(&SyntheticConfig {
            seed: 1,
            ..config()
        })
        .path(),
    );
    assert_eq!(
        first.keys().collect::<Vec<_>>(),
        other.keys().collect::<Vec<_>>()
    );
    assert!(
        first
            .iter()
            .filter(|(path, _)| !path.starts_with("ground_truth"))
            .all(|(path, bytes)| other[path] != *bytes)
    );
}

#[test]
fn it_reads_as_mvtec() {
    let folder = written(&config());
    let dataset = Layout::Mvtec.read(folder.path(), None).unwrap();
    assert_eq!((dataset.train.len(), dataset.test.len()), (3, 2 + 12));
    assert!(dataset.warnings.is_empty(), "{:?}", dataset.warnings);
    assert!(
        dataset
            .test
            .iter()
            .all(|sample| sample.label.is_abnormal() == sample.mask.is_some())
    );
    dataset.verify().unwrap();
}

/// The same parts, photographed with and without their defects: parts are numbered in the order
/// training, normal test, abnormal test.
#[test]
fn masks_mark_what_the_defects_change() {
    let count = 6 * 3;
    let sound = written(&SyntheticConfig {
        train_images: 1 + count,
        test_images: 0,
        abnormal_per_type: 0,
        ..config()
    });
    let flawed = written(&SyntheticConfig {
        train_images: 1,
        test_images: 0,
        abnormal_per_type: 3,
        ..config()
    });
    let sound = Layout::Mvtec
        .read(sound.path(), None)
        .map(|dataset| (dataset, sound))
        .unwrap();
    let dataset = Layout::Mvtec.read(flawed.path(), None).unwrap();
    assert_eq!(dataset.test.len(), count);
    for (without, with) in sound.0.train[1..].iter().zip(&dataset.test) {
        let (a, b) = (
            load_image(&without.path).unwrap(),
            load_image(&with.path).unwrap(),
        );
        let mask = with.load_mask().unwrap().unwrap();
        let change = |index: usize| {
            (0..3)
                .map(|c| a.as_raw()[index * 3 + c].abs_diff(b.as_raw()[index * 3 + c]))
                .max()
        };
        let changes: Vec<u8> = (0..mask.pixels().len())
            .map(|index| change(index).unwrap())
            .collect();
        let largest = *changes.iter().max().unwrap();
        assert!(
            largest >= 6,
            "{}: a defect can be seen, {largest}",
            with.path.display()
        );
        // A quarter of the largest change, and two levels for the rounding of either photo.
        let limit = largest / 4 + 2;
        assert!(
            changes
                .iter()
                .zip(mask.pixels())
                .all(|(change, defect)| *defect || *change <= limit),
            "{}: changes over {limit} of {largest} outside the mask",
            with.path.display()
        );
        let inside = changes
            .iter()
            .zip(mask.pixels())
            .filter(|(_, defect)| **defect)
            .map(|(change, _)| *change);
        let visible = inside.filter(|change| *change + 2 >= largest / 4).count();
        assert!(
            visible * 2 > mask.area(),
            "{}: most of the mask changed",
            with.path.display()
        );
        let share = mask.area() as f64 / changes.len() as f64;
        assert!(
            (0.0003..0.03).contains(&share),
            "{}: {share} of the image",
            with.path.display()
        );
    }
}

#[test]
fn contrast_strengthens_defects() {
    let changed = |contrast| {
        let config = SyntheticConfig {
            train_images: 1,
            test_images: 0,
            abnormal_per_type: 2,
            contrast,
            ..config()
        };
        let folder = written(&config);
        let path = folder.path().join("test/stain/000.png");
        let mask = Mask::load(&folder.path().join("ground_truth/stain/000_mask.png")).unwrap();
        let image = load_image(&path).unwrap();
        let blue = image
            .pixels()
            .zip(mask.pixels())
            .filter(|(_, d)| **d)
            .map(|(p, _)| u32::from(p.0[2]));
        blue.sum::<u32>() / mask.area() as u32
    };
    assert!(
        changed(2.0) + 10 < changed(0.5),
        "a stain darkens more with more contrast"
    );
}

#[test]
fn it_never_writes_among_other_files() {
    let folder = written(&config());
    let before = files(folder.path());
    assert!(matches!(
        synthetic::write(folder.path(), &config()),
        Err(DataError::FolderNotEmpty { .. })
    ));
    assert_eq!(before, files(folder.path()));

    let new = tempdir().unwrap();
    let nested = new.path().join("a/b");
    let summary = synthetic::write(&nested, &config()).unwrap();
    assert_eq!(
        (summary.train, summary.test_normal, summary.test_abnormal),
        (3, 2, 12)
    );
    let mut names: Vec<_> = fs::read_dir(&nested)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["ground_truth", "test", "train"]);
}

#[test]
fn wrong_parameters_are_named() {
    let folder = tempdir().unwrap();
    let target = folder.path().join("set");
    let wrong = [
        (
            "image_size",
            SyntheticConfig {
                image_size: 0,
                ..config()
            },
        ),
        (
            "image_size",
            SyntheticConfig {
                image_size: 100_000,
                ..config()
            },
        ),
        (
            "train_images",
            SyntheticConfig {
                train_images: 0,
                ..config()
            },
        ),
        (
            "contrast",
            SyntheticConfig {
                contrast: f32::NAN,
                ..config()
            },
        ),
    ];
    for (expected, config) in wrong {
        match synthetic::write(&target, &config) {
            Err(DataError::Parameter { name, .. }) => assert_eq!(name, expected),
            other => panic!("{other:?}"),
        }
    }
    assert!(
        !target.exists(),
        "nothing is made before the parameters are right"
    );
}
