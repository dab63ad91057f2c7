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
        config.input.image_size = Some(64);
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

/// Twenty copies of four images say no more than the four.
#[test]
fn copies_promise_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut dataset = parts(folder.path());
    let files: Vec<_> = dataset.train.iter().map(|s| s.path.clone()).collect();
    for (index, file) in files.iter().enumerate().skip(4) {
        std::fs::copy(&files[index % 4], file).unwrap();
    }
    let copied = Trainer::new(settings()).run(&dataset).unwrap();
    dataset.train.truncate(4);
    let plain = Trainer::new(settings()).run(&dataset).unwrap();
    let [copied, plain] = [copied, plain].map(|training| training.detector);
    assert_eq!(copied.description(), plain.description());
    assert_eq!(copied.description().promised_rate, None);
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
    let training = Trainer::new(settings()).run(&dataset).unwrap();
    let left_out =
        |warning: &String| warning.starts_with("3 of 4 normal") && warning.contains("copies");
    assert!(
        training.warnings.iter().any(left_out),
        "{:?}",
        training.warnings
    );
    let detector = training.detector;
    assert_eq!(detector.description().normal_scores.len(), 1);
    assert!(!detector.description().has_threshold());
    let score = |path: &std::path::Path| detector.predict_file(path).unwrap();
    let own = score(&first);
    assert!(own.score.is_finite() && !own.anomalous);
    let abnormal = dataset.test.iter().find(|s| s.label.is_abnormal()).unwrap();
    let other = score(&abnormal.path);
    assert!(other.score.is_finite() && other.score > own.score);
}
