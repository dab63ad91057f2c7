//! Abnormal images that were trained on are not tested on, whatever their names.

use std::path::Path;

use bgad::synthetic::{self, SyntheticConfig};
use bgad::{Foreground, Layout, MaskValues, Trainer};

use crate::common::{parts, settings};

/// Three abnormal images in nested folders, all called `1.png`.
fn write(folder: &Path) {
    let parts = SyntheticConfig {
        image_size: 64,
        train_images: 6,
        test_images: 2,
        abnormal_per_type: 2,
        ..SyntheticConfig::default()
    };
    let source = folder.join("source");
    synthetic::write(&source, &parts).unwrap();
    let copy = |from: &Path, to: &str| {
        let to = folder.join("set").join(to);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(from, to).unwrap();
    };
    let dataset = Layout::Mvtec.read(&source, None).unwrap();
    for (index, sample) in dataset.train.iter().enumerate() {
        copy(&sample.path, &format!("good/{index}.png"));
    }
    let abnormal = dataset.test.iter().filter(|s| s.label.is_abnormal());
    for (sample, deep) in abnormal.zip(["monday", "tuesday", "wednesday"]) {
        copy(&sample.path, &format!("scratch/{deep}/1.png"));
    }
}

#[test]
fn images_are_known_by_content_not_by_name() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    let set = folder.path().join("set");
    let read = || Layout::Folder.read(&set, None).unwrap();
    let mut dataset = read();
    dataset.move_anomalies_to_training(1, 0).unwrap();
    let trained = dataset
        .train
        .iter()
        .find(|sample| sample.label.is_abnormal())
        .unwrap();
    let trained = trained.path.clone();
    let config = settings().with(|config| config.schedule.meta_epochs = 1);
    let detector = Trainer::new(config).fit(&dataset).unwrap();
    let known = &detector.description().training_anomalies;
    assert_eq!(known.len(), 1);
    assert_eq!(known[0].name, "scratch/1.png");

    // The whole set: the other two images of that name count.
    let evaluation = detector.evaluate(&read()).unwrap();
    let names: Vec<_> = evaluation.results.iter().map(|r| r.path.clone()).collect();
    assert_eq!(evaluation.abnormal_images, 2, "{names:?}");
    assert!(!names.contains(&trained));

    // It is recognised in another place and under another name.
    std::fs::rename(&trained, trained.with_file_name("other.png")).unwrap();
    assert_eq!(detector.evaluate(&read()).unwrap().abnormal_images, 2);

    // Models of earlier versions only recognise names.
    let text = serde_json::to_string(detector.description()).unwrap();
    let mut earlier: serde_json::Value = serde_json::from_str(&text).unwrap();
    earlier["training_anomalies"] = serde_json::json!(["scratch/1.png"]);
    let earlier: bgad::ModelDescription = serde_json::from_value(earlier).unwrap();
    assert_eq!(earlier.training_anomalies[0].name, "scratch/1.png");
    assert!(earlier.training_anomalies[0].sha256.is_empty());
}

/// A program that calls only the trainer gets one rule for all foreground masks as well.
#[test]
fn training_decides_how_foreground_masks_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let masks = folder.path().join("objects");
    std::fs::create_dir(&masks).unwrap();
    let normal = dataset.train.iter().filter(|s| !s.label.is_abnormal());
    for (index, sample) in normal.enumerate() {
        let (width, height) = image::image_dimensions(&sample.path).unwrap();
        let class = 1 + index as u8 % 2;
        let mask = image::GrayImage::from_fn(width, height, |x, _| {
            image::Luma([if x < width / 2 { class } else { 0 }])
        });
        mask.save(masks.join(sample.path.file_name().unwrap()))
            .unwrap();
    }
    let config = settings().with(|config| {
        config.schedule.meta_epochs = 1;
        config.cut_paste.foreground = Foreground::Masks(masks);
    });
    let detector = Trainer::new(config).fit(&dataset).unwrap();
    let kept = &detector.description().config.cut_paste.foreground_values;
    assert_eq!(*kept, MaskValues::NonZero);
}
