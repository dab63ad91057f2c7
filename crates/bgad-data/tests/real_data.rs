//! Public data sets; run only where `BGAD_DATA` names the folder that holds them.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::PathBuf;

use bgad_data::{FolderLayout, Layout, MaskLocation, load_image};

/// The folder of a data set, if it is there.
fn folder(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(std::env::var_os("BGAD_DATA")?).join(name);
    path.is_dir().then_some(path)
}

#[test]
fn head_ct() {
    let Some(folder) = folder("headct") else {
        return;
    };
    let dataset = Layout::HeadCt.read(&folder, None).unwrap();
    assert_eq!((dataset.train.len(), dataset.test.len()), (75, 25 + 100));
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
    // Four masks of this set, as published, are black.
    let empty = abnormal
        .iter()
        .filter(|sample| sample.load_mask().unwrap().unwrap().is_empty());
    assert_eq!(empty.count(), 4);
}
