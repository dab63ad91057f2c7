//! Public data sets; run only where `BGAD_DATA` names the folder that holds them.
#![allow(clippy::print_stderr)]

use std::path::PathBuf;

use bgad_data::{AvailableMasks, FolderLayout, Layout, MaskLocation, MaskValues, load_image};

/// The folder of a data set, if it is there.
fn folder(name: &str) -> Option<PathBuf> {
    let Some(data) = std::env::var_os("BGAD_DATA") else {
        eprintln!("skipped: BGAD_DATA names no folder");
        return None;
    };
    let path = PathBuf::from(data).join(name);
    path.is_dir().then_some(path)
}

#[test]
fn head_ct() {
    let Some(folder) = folder("headct") else {
        return;
    };
    let dataset = Layout::HeadCt.read(&folder, None).unwrap();
    assert_eq!((dataset.train.len(), dataset.test.len()), (75, 25 + 100));
    let abnormal = dataset.test.iter().map(|s| s.label.is_abnormal());
    assert_eq!(abnormal.filter(|abnormal| *abnormal).count(), 100);
    // The published split: the table's order, drawn with the seed 42.
    let names: Vec<_> = dataset.test[..3].iter().map(|s| s.name()).collect();
    assert_eq!(names, ["183.png", "153.png", "170.png"]);
    assert_eq!(dataset.masks(), AvailableMasks::None);
    assert!(dataset.warnings.is_empty(), "{:?}", dataset.warnings);
    for sample in dataset.train.iter().chain(&dataset.test) {
        load_image(&sample.path).unwrap();
    }
}

#[test]
fn brain_mri() {
    let Some(folder) = folder("brainmri") else {
        return;
    };
    let dataset = Layout::BrainMri.read(&folder, None).unwrap();
    assert_eq!((dataset.train.len(), dataset.test.len()), (73, 25 + 155));
    for sample in dataset.train.iter().chain(&dataset.test) {
        load_image(&sample.path).unwrap();
    }
}

#[test]
fn leather() {
    let Some(folder) = folder("mvtec_leather_partial") else {
        return;
    };
    let dataset = Layout::Mvtec.read(&folder, None).unwrap();
    assert_eq!((dataset.train.len(), dataset.test.len()), (4, 4 + 8));
    let masks: Vec<_> = dataset
        .test
        .iter()
        .filter_map(|sample| sample.load_mask().unwrap())
        .collect();
    assert_eq!(masks.len(), 3);
    assert!(masks.iter().all(|mask| !mask.is_empty()));
    let warned = |text: &str| {
        dataset
            .warnings
            .iter()
            .any(|warning| warning.contains(text))
    };
    assert!(
        warned("5 abnormal images without a mask"),
        "{:?}",
        dataset.warnings
    );
    assert!(warned("4 masks without an image"), "{:?}", dataset.warnings);
    dataset.verify().unwrap();
}

#[test]
fn magnetic_tile() {
    let Some(folder) = folder("magnetic_tile") else {
        return;
    };
    let layout = FolderLayout {
        name: "magnetic_tile".to_owned(),
        normal: vec![folder.join("MT_Free")],
        abnormal: [
            "MT_Blowhole",
            "MT_Break",
            "MT_Crack",
            "MT_Fray",
            "MT_Uneven",
        ]
        .map(|name| folder.join(name))
        .into(),
        masks: Some(MaskLocation::Beside(".png".to_owned())),
        left_out: Vec::new(),
        test_fraction: 0.25,
        random_state: 42,
    };
    let dataset = layout.read().unwrap();
    assert_eq!((dataset.train.len(), dataset.test.len()), (714, 238 + 392));
    let abnormal: Vec<_> = dataset
        .test
        .iter()
        .filter(|sample| sample.label.is_abnormal())
        .collect();
    assert!(
        abnormal.iter().all(|sample| sample.mask.is_some()),
        "{:?}",
        dataset.warnings
    );
    dataset.verify().unwrap();
    let mut dataset = dataset.clone();
    let decision = dataset.settle_mask_values(&MaskValues::Auto).unwrap();
    assert_eq!(decision.unwrap().values, MaskValues::Half);
    let abnormal = dataset.test.iter();
    let abnormal = abnormal.filter(|sample| sample.label.is_abnormal());
    // Four masks of this set, as published, are black.
    let empty = abnormal.filter(|sample| sample.load_mask().unwrap().unwrap().is_empty());
    assert_eq!(empty.count(), 4);
}

#[test]
fn aitex() {
    let Some(folder) = folder("aitex_sample") else {
        return;
    };
    let dataset = Layout::Aitex.read(&folder, None).unwrap();
    assert_eq!((dataset.train.len(), dataset.test.len()), (24, 8 + 6));
    let abnormal: Vec<_> = dataset.test[8..]
        .iter()
        .map(|sample| (sample.name(), sample.defect_type.as_str()))
        .collect();
    let of = |image: &str| {
        abnormal
            .iter()
            .filter(|(name, _)| name.starts_with(image))
            .count()
    };
    assert_eq!(
        [
            of("0001_002"),
            of("0018_010"),
            of("0044_019"),
            of("0061_022")
        ],
        [1, 3, 1, 1]
    );
    // Whoever marked 0044 needed two files; its patch has what they mark together.
    let two = dataset
        .test
        .iter()
        .find(|sample| sample.name().starts_with("0044"))
        .unwrap();
    assert_eq!(
        (
            two.mask.as_ref().unwrap().paths().count(),
            two.defect_type.as_str()
        ),
        (2, "Fuzzyball")
    );
    assert_eq!(dataset.masks(), AvailableMasks::All);
    assert_eq!((dataset.skipped.len(), dataset.orphan_masks.len()), (1, 1));
    assert!(dataset.skipped[0].path.ends_with("0100_025_08.png"));
    assert!(dataset.orphan_masks[0].ends_with("0094_027_05_mask.png"));
    for sample in dataset.samples() {
        let image = sample.load_image().unwrap();
        assert_eq!(image.dimensions(), (256, 256));
        if let Some(mask) = sample.load_mask().unwrap() {
            assert_eq!((mask.width(), mask.height()), image.dimensions());
            assert!(!mask.is_empty());
        }
    }
    dataset.verify().unwrap();
}

#[test]
fn elpv() {
    let Some(folder) = folder("elpv_sample") else {
        return;
    };
    // The label file alone, wherever the images are.
    let alone = tempfile::tempdir().unwrap();
    std::fs::copy(folder.join("labels.csv"), alone.path().join("labels.csv")).unwrap();
    let dataset = Layout::Elpv.read(alone.path(), None).unwrap();
    let count = |kind: &str| {
        dataset
            .test
            .iter()
            .filter(|s| s.defect_type == kind)
            .count()
    };
    assert_eq!((dataset.train.len(), count("good")), (1131, 377));
    assert_eq!((count("mono"), count("poly")), (313, 402));
    assert_eq!(dataset.skipped.len(), 401);

    let mut dataset = Layout::Elpv.read(&folder, None).unwrap();
    assert_eq!(dataset.leave_out_absent_files(), 2223 - 59);
    for sample in dataset.samples() {
        assert_eq!(sample.load_image().unwrap().dimensions(), (300, 300));
    }
}
