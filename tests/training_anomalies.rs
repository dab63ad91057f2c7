//! Abnormal images that were trained on are not tested on, whatever their names.

use std::path::Path;

use bgad::synthetic::{self, SyntheticConfig};
use bgad::{Layout, Trainer};

use crate::common::settings;

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
