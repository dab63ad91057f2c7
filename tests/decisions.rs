//! What an evaluation says about a model's decisions.

use bgad::synthetic::{self, SyntheticConfig};
use bgad::{
    Dataset, Decisions, Detector, Device, Evaluation, Layout, RgbImage, ThresholdRule, TrainFlows,
    Trainer, load_image,
};

use crate::common::{parts, settings, write_parts};

fn decisions(detector: &Detector, dataset: &Dataset) -> (Decisions, Evaluation) {
    let evaluation = detector.evaluate(dataset).unwrap();
    (evaluation.decisions.unwrap(), evaluation)
}

fn normal_test_images(dataset: &Dataset) -> Vec<RgbImage> {
    let normal = dataset.test.iter().filter(|s| !s.label.is_abnormal());
    normal.map(|s| load_image(&s.path).unwrap()).collect()
}

/// How many of the normal, or of the abnormal, images score above a threshold.
fn above(evaluation: &Evaluation, abnormal: bool, threshold: f32) -> usize {
    let results = evaluation.results.iter();
    let above = results.filter(|r| r.abnormal == abnormal && r.score > threshold);
    above.count()
}

#[test]
fn decisions_are_those_of_the_models_thresholds() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let training = Trainer::new(settings()).run(&dataset).unwrap();
    let mut detector = training.detector;
    let threshold = detector.description().threshold;
    let (of_model, evaluation) = decisions(&detector, &dataset);
    assert_eq!(training.evaluation.unwrap().decisions, Some(of_model));
    assert_eq!(of_model.threshold, threshold);
    assert!(!of_model.calibrated);
    // Asked for 1 %, but two of this few images are more than that.
    let images = detector.description().normal_scores.len();
    assert_eq!(of_model.promised_rate, Some(2.0 / (images + 1) as f64));
    assert_eq!(detector.description().images_needed(), Some(99));
    assert_eq!(of_model.normal_images, 3);
    assert_eq!(of_model.abnormal_images, evaluation.abnormal_images);
    assert_eq!(of_model.found, above(&evaluation, true, threshold));
    assert_eq!(of_model.false_alarms, above(&evaluation, false, threshold));
    // Of three images, two may be false alarms; all three would be, in fewer than one test set of forty.
    assert_eq!(of_model.most_false_alarms, Some(2));
    let [low, high] = of_model.false_alarm_interval.unwrap();
    let rate = of_model.false_alarm_rate.unwrap();
    assert!(low <= rate && rate <= high && low < high);
    let highest = evaluation.results.iter().filter(|r| !r.abnormal);
    let highest = highest.map(|r| r.score).fold(f32::MIN, f32::max);
    let reachable = above(&evaluation, true, highest);
    assert_eq!(of_model.found_at_promised_rate, Some(reachable));

    // Everything is called anomalous, every pixel defective.
    detector.set_threshold(f32::MIN);
    detector.set_pixel_threshold(f32::MIN);
    let (all, evaluation) = decisions(&detector, &dataset);
    assert_eq!((all.recall, all.false_alarm_rate), (Some(1.0), Some(1.0)));
    assert_eq!(all.false_alarm_interval.unwrap()[1], 1.0);
    // A threshold set by hand promises nothing.
    assert_eq!((all.promised_rate, all.promise_kept), (None, None));
    assert_eq!((all.found_at_promised_rate, all.recall_ratio), (None, None));
    let pixels = all.pixels.unwrap();
    assert!(pixels.f1 > 0.0 && pixels.f1 < pixels.best_f1);
    assert_eq!(Some(pixels.best_f1), evaluation.pixel_f1);

    // The best pixel threshold is one of their scores, which count as defective themselves.
    detector.set_pixel_threshold(pixels.best_threshold.next_down());
    let (best, _) = decisions(&detector, &dataset);
    assert_eq!(best.pixels.unwrap().ratio, Some(1.0));
    detector.set_pixel_threshold(f32::MAX);
    let (none, _) = decisions(&detector, &dataset);
    assert_eq!(none.pixels.unwrap().f1, 0.0);
}

#[test]
fn masks_of_training_defects_choose_the_pixel_threshold() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("parts");
    let parts = SyntheticConfig {
        image_size: 64,
        train_images: 12,
        test_images: 6,
        abnormal_per_type: 3,
        ..SyntheticConfig::default()
    };
    synthetic::write(&root, &parts).unwrap();
    let mut dataset = Layout::Mvtec.read(&root, None).unwrap();
    dataset.move_anomalies_to_training(6, 0).unwrap();
    let config = settings().with(|config| config.schedule.train_flows = TrainFlows::Never);
    let of = |dataset: &Dataset| Trainer::new(config.clone()).fit(dataset).unwrap();
    let detector = of(&dataset);
    assert!(detector.description().outlines_known_defects);
    let (found, _) = decisions(&detector, &dataset);
    let ratio = found.pixels.unwrap().ratio.unwrap();

    // The defect of a single image is known to the model that it would be judged by.
    let mut single = dataset.clone();
    let mut defects = 0;
    single.train.retain(|sample| {
        defects += usize::from(sample.label.is_abnormal());
        !sample.label.is_abnormal() || defects == 1
    });
    let by_normal = of(&single);
    assert!(!by_normal.description().outlines_known_defects);
    let (of_single, _) = decisions(&by_normal, &dataset);
    let of_single = of_single.pixels.unwrap().ratio.unwrap();
    assert!(ratio > of_single, "{ratio} {of_single}");

    let file = folder.path().join("model.bgad");
    detector.save(&file).unwrap();
    let mut loaded = Detector::load(&file, &Device::flex()).unwrap();
    let before = loaded.description().pixel_threshold;
    let normal = || normal_test_images(&dataset).into_iter().map(Ok);
    loaded.recalibrate(normal(), 0.1).unwrap();
    assert_eq!(loaded.description().pixel_threshold, before);
    // One that was set by hand is chosen again.
    loaded.set_pixel_threshold(0.25);
    loaded.recalibrate(normal(), 0.1).unwrap();
    assert!(loaded.description().pixel_threshold > Some(0.25));
    assert!(!loaded.description().outlines_known_defects);
}

#[test]
fn empty_masks_outline_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("parts");
    write_parts(&root);
    let mut dataset = Layout::Mvtec.read(&root, None).unwrap();
    dataset.move_anomalies_to_training(2, 0).unwrap();
    let outlines = || {
        let detector = Trainer::new(settings()).fit(&dataset).unwrap();
        detector.description().outlines_known_defects
    };
    assert!(outlines());
    // The other defect is then known to the model that its image would be judged by.
    let image = dataset.train.iter().find(|s| s.label.is_abnormal());
    let image = &image.unwrap().path;
    let kind = image.parent().unwrap().file_name().unwrap();
    let name = image.file_stem().unwrap().to_string_lossy();
    let mask = format!("ground_truth/{}/{name}_mask.png", kind.to_string_lossy());
    let mask = root.join(mask);
    assert!(mask.exists(), "{}", mask.display());
    RgbImage::new(64, 64).save(&mask).unwrap();
    assert!(!outlines());
}

#[test]
fn a_calibrated_model_says_so_and_promises_what_it_can() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let mut detector = Trainer::new(settings()).fit(&dataset).unwrap();
    let image = normal_test_images(&dataset).remove(0);
    assert!(!detector.predict(&image).unwrap().calibrated);

    let normal = || normal_test_images(&dataset).into_iter().map(Ok);
    assert_eq!(detector.recalibrate(normal(), 0.01).unwrap(), 3);
    let (of_model, _) = decisions(&detector, &dataset);
    assert!(of_model.calibrated);
    // Three images can promise one in four, not less.
    assert_eq!(of_model.promised_rate, Some(0.25));
    assert_eq!(detector.description().images_needed(), None);
    // That promise is so weak that no count among three contradicts it.
    assert_eq!(of_model.most_false_alarms, Some(3));
    assert_eq!(of_model.promise_kept, Some(true));
    // Calibrated on the same images that it is measured on.
    assert_eq!(of_model.false_alarms, 0);
    assert_eq!(of_model.found_at_promised_rate, Some(of_model.found));
    assert!(detector.predict(&image).unwrap().calibrated);
    let file = folder.path().join("model.bgad");
    detector.save(&file).unwrap();
    let loaded = Detector::load(&file, &Device::flex()).unwrap();
    assert_eq!(loaded.description(), detector.description());

    let abnormal = dataset.test.iter().filter(|s| s.label.is_abnormal());
    let abnormal = abnormal.map(|s| Ok(load_image(&s.path)?));
    detector.recalibrate_by_f1(normal(), abnormal).unwrap();
    let (by_f1, _) = decisions(&detector, &dataset);
    assert!(by_f1.calibrated);
    assert_eq!(by_f1.promised_rate, None);
}

#[test]
fn figures_without_images_are_none() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let detector = Trainer::new(settings()).fit(&dataset).unwrap();
    let only = |abnormal: bool| {
        let mut dataset = dataset.clone();
        dataset.test.retain(|s| s.label.is_abnormal() == abnormal);
        decisions(&detector, &dataset).0
    };
    let abnormal = only(true);
    assert_eq!(abnormal.false_alarm_interval, None);
    assert_eq!(abnormal.most_false_alarms, None);
    assert_eq!(abnormal.found_at_promised_rate, None);
    assert!(abnormal.recall.is_some());
    let normal = only(false);
    assert_eq!((normal.recall, normal.found_at_promised_rate), (None, None));
    assert_eq!(normal.pixels, None);
    assert!(normal.promise_kept.is_some());

    let config = settings().with(|config| config.scoring.threshold = ThresholdRule::BestF1);
    let by_f1 = Trainer::new(config).fit(&dataset).unwrap();
    assert_eq!(by_f1.description().promised_rate, None);
    assert_eq!(by_f1.description().images_needed(), None);
}
