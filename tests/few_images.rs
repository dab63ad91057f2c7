//! Few normal images, and images that are all equal.

use bgad::synthetic::{self, SyntheticConfig};
use bgad::{Dataset, EvaluateWhen, Layout, Trainer, TrainerConfig};

/// Drawn parts, twenty of them normal and in training, none abnormal.
fn parts(folder: &std::path::Path) -> Dataset {
    let parts = SyntheticConfig {
        image_size: 64,
        train_images: 20,
        test_images: 1,
        abnormal_per_type: 1,
        ..SyntheticConfig::default()
    };
    synthetic::write(folder, &parts).unwrap();
    Layout::Mvtec.read(folder, None).unwrap()
}

fn settings() -> TrainerConfig {
    TrainerConfig::default().with(|config| {
        config.input.image_size = 64;
        config.flow.coupling_blocks = 2;
        config.flow.position_dimension = 16;
        config.schedule.evaluate = EvaluateWhen::Never;
    })
}

#[test]
fn any_number_of_normal_images_trains_and_good_parts_pass() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(folder.path());
    for count in [1, 2, 4, 5, 6, 8, 12] {
        let mut few = dataset.clone();
        let fresh = few.train.split_off(count);
        let training = Trainer::new(settings()).run(&few).unwrap();
        let detector = training.detector;
        let description = detector.description();
        assert!(description.threshold.is_finite(), "{count}");
        // Without a threshold, nothing is promised.
        assert_eq!(description.promised_rate.is_some(), count >= 5, "{count}");
        // With fewer than five images there is no threshold, and the program says so.
        let says_so = |warning: &String| warning.contains("bgad calibrate");
        assert_eq!(training.warnings.iter().any(says_so), count < 5);
        let predictions = fresh.iter().map(|part| {
            let prediction = detector.predict_file(&part.path).unwrap();
            assert!(prediction.score.is_finite(), "{count}");
            prediction
        });
        let refused = predictions.filter(|p| p.anomalous).count();
        assert!(
            4 * refused <= fresh.len(),
            "{refused} of {} with {count}",
            fresh.len()
        );
        // Never more than the model promises; without a threshold, none.
        let promised = description.promised_rate.unwrap_or(0.0);
        let most = (promised * fresh.len() as f64).ceil() as usize;
        assert!(refused <= most, "{refused} of {} with {count}", fresh.len());
    }
}

#[test]
fn copies_of_an_image_train_and_find_what_differs() {
    let folder = tempfile::tempdir().unwrap();
    let mut dataset = parts(folder.path());
    let first = dataset.train[0].path.clone();
    for sample in &dataset.train[1..4] {
        std::fs::copy(&first, &sample.path).unwrap();
    }
    dataset.train.truncate(4);
    let detector = Trainer::new(settings()).fit(&dataset).unwrap();
    let score = |path: &std::path::Path| detector.predict_file(path).unwrap();
    let own = score(&first);
    assert!(own.score.is_finite() && !own.anomalous);
    let abnormal = dataset.test.iter().find(|s| s.label.is_abnormal()).unwrap();
    let other = score(&abnormal.path);
    assert!(other.score.is_finite() && other.score > own.score);
}
