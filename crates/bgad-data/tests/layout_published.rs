//! VisA, MVTec AD 2, MVTec LOCO, MPDD and KolektorSDD2, on small trees.

use bgad_data::{AvailableMasks, DataError, Dataset, Layout, MaskValues};
use image::{GrayImage, Luma};
use tempfile::tempdir;

use crate::common::{images, mask, names, text, warned};

fn labels(dataset: &Dataset) -> Vec<bool> {
    let labels = dataset.test.iter().map(|sample| sample.label.is_abnormal());
    labels.collect()
}

#[test]
fn visa_is_split_by_its_table() {
    let root = tempdir().unwrap();
    let at = root.path();
    images(
        at,
        &[
            "candle/Data/Images/Normal/0000.JPG",
            "candle/Data/Images/Normal/0001.JPG",
            "candle/Data/Images/Normal/0002.JPG",
            "candle/Data/Images/Anomaly/000.JPG",
            "pcb1/Data/Images/Normal/0000.JPG",
        ],
    );
    mask(at, "candle/Data/Masks/Anomaly/000.png", 8, 6);
    text(
        at,
        "split_csv/1cls.csv",
        "object,split,label,image,mask\n\
         candle,train,normal,candle/Data/Images/Normal/0002.JPG,\n\
         candle,train,normal,candle/Data/Images/Normal/0000.JPG,\n\
         pcb1,train,normal,pcb1/Data/Images/Normal/0000.JPG,\n\
         candle,test,normal,candle/Data/Images/Normal/0001.JPG,\n\
         candle,test,anomaly,candle/Data/Images/Anomaly/000.JPG,candle/Data/Masks/Anomaly/000.png\n",
    );
    let dataset = Layout::Visa.read(at, Some("candle")).unwrap();
    assert_eq!(dataset.name, "candle");
    assert_eq!(names(&dataset.train), ["0002.JPG", "0000.JPG"]);
    assert_eq!(names(&dataset.test), ["0001.JPG", "000.JPG"]);
    assert_eq!(labels(&dataset), [false, true]);
    assert_eq!(dataset.masks(), AvailableMasks::All);
    dataset.verify().unwrap();
    match Layout::recognise(at, None) {
        Err(DataError::CategoryNeeded { found, .. }) => assert_eq!(found, ["candle", "pcb1"]),
        other => panic!("{other:?}"),
    }
    let found = Layout::recognise(at, Some("candle")).unwrap();
    assert_eq!(found.to_string(), "VisA layout, category candle");
    let alone = Layout::Visa.read(&at.join("candle"), None).unwrap();
    assert_eq!(alone.train, dataset.train);
    match Layout::Visa.read(at, None) {
        Err(DataError::CategoryNeeded { found, .. }) => assert_eq!(found, ["candle", "pcb1"]),
        other => panic!("{other:?}"),
    }

    text(
        at,
        "split_csv/1cls.csv",
        "object,split,label,image,mask\ncandle,train,normal,../elsewhere.JPG,\n",
    );
    assert!(matches!(
        Layout::Visa.read(at, Some("candle")),
        Err(DataError::PathEscape { line: 2, .. })
    ));
    std::fs::remove_dir_all(at.join("split_csv")).unwrap();
    let drawn = Layout::Visa.read(at, Some("candle")).unwrap();
    assert_eq!(drawn.train.len() + drawn.test.len(), 4);
    assert_eq!(drawn.masks(), AvailableMasks::All);
    assert!(
        warned(&drawn, &["the split is drawn"]),
        "{:?}",
        drawn.warnings
    );
}

#[test]
fn mvtec_ad_2_has_a_public_test_set() {
    let root = tempdir().unwrap();
    let at = root.path();
    images(
        at,
        &[
            "can/train/good/000_regular.png",
            "can/validation/good/000_regular.png",
            "can/test_public/good/000_regular.png",
            "can/test_public/bad/000_overexposed.png",
            "can/test_private/000_regular.png",
            "can/test_private_mixed/000_mixed.png",
        ],
    );
    mask(
        at,
        "can/test_public/ground_truth/bad/000_overexposed_mask.png",
        8,
        6,
    );
    let dataset = Layout::MvtecAd2.read(at, Some("can")).unwrap();
    assert_eq!(names(&dataset.train), ["000_regular.png"]);
    assert_eq!(
        names(&dataset.test),
        ["000_regular.png", "000_overexposed.png"]
    );
    assert_eq!(labels(&dataset), [false, true]);
    assert_eq!(dataset.masks(), AvailableMasks::All);
    assert!(dataset.orphan_masks.is_empty());
    assert!(warned(
        &dataset,
        &["validation", "1 image not used", "calibrate"]
    ));
    dataset.verify().unwrap();
}

#[test]
fn mvtec_loco_has_several_masks_an_image() {
    let root = tempdir().unwrap();
    let at = root.path();
    images(
        at,
        &[
            "train/good/000.png",
            "validation/good/000.png",
            "test/good/000.png",
            "test/logical_anomalies/000.png",
            "test/logical_anomalies/001.png",
            "test/structural_anomalies/000.png",
        ],
    );
    let region = |name: &str, x: u32, value: u8| {
        let path = at.join("ground_truth").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut mask = GrayImage::new(8, 6);
        mask.put_pixel(x, 1, Luma([value]));
        mask.save(path).unwrap();
    };
    region("logical_anomalies/000/000.png", 1, 255);
    region("logical_anomalies/000/001.png", 5, 253);
    region("structural_anomalies/000/000.png", 2, 250);
    region("structural_anomalies/009/000.png", 2, 250);
    text(
        at,
        "defects_config.json",
        "[{\"defect_name\": \"missing\", \"pixel_value\": 255}]",
    );
    let mut dataset = Layout::MvtecLoco.read(at, None).unwrap();
    assert_eq!(dataset.train.len(), 1);
    assert_eq!(labels(&dataset), [false, true, true, true]);
    dataset.settle_mask_values(&MaskValues::Auto).unwrap();
    let areas: Vec<Option<usize>> = dataset.test[1..]
        .iter()
        .map(|sample| sample.load_mask().unwrap().map(|mask| mask.area()))
        .collect();
    assert_eq!(areas, [Some(2), None, Some(1)]);
    assert!(warned(&dataset, &["1 abnormal image without a mask"]));
    assert_eq!(names_of(&dataset.orphan_masks), ["009/000.png"]);
    dataset.verify().unwrap();
}

fn names_of(paths: &[std::path::PathBuf]) -> Vec<String> {
    let short = |path: &std::path::PathBuf| {
        let parts: Vec<_> = path
            .iter()
            .rev()
            .take(2)
            .map(|part| part.to_string_lossy())
            .collect();
        format!("{}/{}", parts[1], parts[0])
    };
    paths.iter().map(short).collect()
}

#[test]
fn mpdd_is_a_tree_as_mvtec_ad() {
    let root = tempdir().unwrap();
    let at = root.path();
    images(
        at,
        &[
            "tubes/train/good/000.png",
            "tubes/train/flattening/000.png",
            "tubes/test/good/000.png",
            "tubes/test/flattening/000.png",
        ],
    );
    mask(at, "tubes/ground_truth/flattening/000_mask.png", 8, 6);
    let dataset = Layout::Mpdd.read(at, Some("tubes")).unwrap();
    assert_eq!(
        (dataset.train.len(), dataset.masks()),
        (1, AvailableMasks::All)
    );
    assert!(
        warned(&dataset, &["not trained on", "flattening"]),
        "{:?}",
        dataset.warnings
    );
}

#[test]
fn kolektor_is_labelled_by_its_masks() {
    let root = tempdir().unwrap();
    let at = root.path();
    images(
        at,
        &[
            "train/1.png",
            "train/2.png",
            "test/3.png",
            "test/4.png",
            "test/5.png",
        ],
    );
    for name in ["train/1_GT.png", "test/4_GT.png"] {
        GrayImage::new(8, 6).save(at.join(name)).unwrap();
    }
    mask(at, "train/2_GT.png", 8, 6);
    mask(at, "test/3_GT.png", 8, 6);
    mask(at, "test/6_GT.png", 8, 6);
    let dataset = Layout::KolektorSdd2.read(at, None).unwrap();
    assert_eq!(names(&dataset.train), ["1.png", "2.png"]);
    assert!(!dataset.train[0].label.is_abnormal() && dataset.train[1].label.is_abnormal());
    assert_eq!(names(&dataset.test), ["4.png", "3.png"]);
    assert_eq!(labels(&dataset), [false, true]);
    assert_eq!(dataset.masks(), AvailableMasks::All);
    assert!(warned(&dataset, &["no mask beside it"]));
    assert!(warned(&dataset, &["6_GT.png"]));
    mask(at, "train/1_GT.png", 8, 6);
    assert!(matches!(
        Layout::KolektorSdd2.read(at, None),
        Err(DataError::NoNormalImages { .. })
    ));
}

#[test]
fn names_of_layouts_are_one_in_text_and_files() {
    for layout in Layout::ALL {
        let name = layout.to_string();
        assert_eq!(serde_json::to_value(layout).unwrap(), name);
        assert_eq!(name.parse::<Layout>().unwrap(), layout);
    }
}
