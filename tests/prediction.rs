//! The contents of a prediction: regions, thresholds, and their promises.

use std::path::{Path, PathBuf};

use bgad::{
    Dataset, Detector, Device, Error, Fit, Prediction, Preset, RgbImage, Sample, Trainer,
    TrainerConfig, load_image,
};

use crate::common::{parts, settings};

fn images(samples: &[Sample]) -> Vec<RgbImage> {
    samples
        .iter()
        .map(|s| load_image(&s.path).unwrap())
        .collect()
}

fn normal(dataset: &Dataset) -> Vec<RgbImage> {
    let normal = dataset.train.iter().filter(|s| !s.label.is_abnormal());
    images(&normal.cloned().collect::<Vec<_>>())
}

#[test]
fn regions_are_where_the_map_lies_above_the_pixel_threshold() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let detector = Trainer::new(settings()).fit(&dataset).unwrap();
    let threshold = detector.description().pixel_threshold.unwrap();

    for image in normal(&dataset) {
        let prediction = detector.predict(&image).unwrap();
        assert!(prediction.regions.is_empty(), "a normal training image");
    }
    let mut with_regions = 0;
    for image in images(&dataset.test) {
        // Half as high as wide: regions are in the image's pixels, not the map's.
        let (width, height) = (image.width(), image.height() / 2);
        let image = image::imageops::thumbnail(&image, width, height);
        let prediction = detector.predict(&image).unwrap();
        let map = prediction.map.as_ref().unwrap();
        let above = map.values.iter().filter(|v| **v > threshold).count();
        let share = above as f64 / map.values.len() as f64;
        let area: f64 = prediction.regions.iter().map(|r| r.area).sum();
        assert!((area - share * f64::from(width * height)).abs() < 1e-6);
        for region in &prediction.regions {
            assert!(region.left + region.width <= width && region.width > 0);
            assert!(region.top + region.height <= height && region.height > 0);
            assert!(region.area <= f64::from(region.width * region.height));
            assert!(region.peak > threshold);
        }
        if let Some(first) = prediction.regions.first() {
            assert_eq!(first.peak, map.maximum());
            with_regions += 1;
        }
    }
    assert!(with_regions > 0, "no test image has a region");
}

/// Inputs of 64 pixels have 8 x 8 positions in the memory bank, and a halo reaches two of them, twice.
#[test]
fn a_region_ends_where_its_peak_has_fallen_by_half() {
    const REACH: usize = 2 * 2 * 64 / 8;
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let detector = Trainer::new(settings()).fit(&dataset).unwrap();
    let threshold = detector.description().pixel_threshold.unwrap();
    let mut strong = 0;
    for image in images(&dataset.test) {
        let map = detector.predict(&image).unwrap().map.unwrap();
        let mut sorted = map.values.clone();
        sorted.sort_unstable_by(f32::total_cmp);
        // Where most of an image is odd, its halos are, too.
        if sorted[sorted.len() / 2] >= threshold {
            continue;
        }
        strong += usize::from(map.maximum() > 2.0 * threshold);
        for (at, value) in map.values.iter().enumerate() {
            let near = |a: usize, b: usize| a.abs_diff(b) <= REACH;
            let window = map.values.iter().enumerate().filter(|(other, _)| {
                near(at % map.width, other % map.width) && near(at / map.width, other / map.width)
            });
            let highest = window.map(|(_, value)| *value).fold(0.0, f32::max);
            assert!(
                *value <= threshold || *value >= 0.5 * highest,
                "{value} {highest}"
            );
        }
    }
    assert!(strong > 0, "no strong defect");
}

#[test]
fn with_the_papers_score_pixels_and_images_share_a_threshold() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let paper = TrainerConfig::preset(Preset::Paper);
    let config = settings().with(|config| {
        config.scoring.image_score = paper.scoring.image_score;
        config.scoring.aggregation = paper.scoring.aggregation;
        config.pooled.flows = paper.pooled.flows;
        config.memory_bank.size = paper.memory_bank.size;
    });
    let mut detector = Trainer::new(config).fit(&dataset).unwrap();
    let description = detector.description();
    assert_eq!(description.pixel_threshold, Some(description.threshold));
    detector.set_threshold(0.25);
    assert_eq!(detector.description().pixel_threshold, Some(0.25));
}

#[test]
fn a_calibration_on_new_images_keeps_its_promise_and_the_scores() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let mut detector = Trainer::new(settings()).fit(&dataset).unwrap();
    let new = images(&dataset.test);
    let before = detector.predict(&new[0]).unwrap();

    let count = detector
        .recalibrate(new.iter().cloned().map(Ok), 0.25)
        .unwrap();
    assert_eq!(count, new.len());
    // The threshold is the k-th smallest of n, so n - k are above it.
    let expected = count - ((count as f64 + 1.0) * 0.75).ceil() as usize;
    let predictions = detector.predict_batch(&new).unwrap();
    let flagged = predictions.iter().filter(|p| p.anomalous).count();
    assert_eq!(flagged, expected);
    assert!(expected > 0);
    let description = detector.description();
    assert!(description.false_positive_rate() <= 0.25);
    assert!(description.false_positive_bound(0.95) > description.false_positive_rate());
    assert!(description.false_positive_bound(0.99) > description.false_positive_bound(0.95));
    let highest = predictions
        .iter()
        .max_by(|a, b| a.score.total_cmp(&b.score))
        .unwrap();
    assert_eq!(highest.p_value, 2.0 / (count as f64 + 1.0));
    assert_eq!(description.p_value(f32::MAX), 1.0 / (count as f64 + 1.0));
    assert_eq!(predictions[0].score.to_bits(), before.score.to_bits());

    let file = folder.path().join("model.bgad");
    detector.save(&file).unwrap();
    let loaded = Detector::load(&file, &Device::flex()).unwrap();
    assert_eq!(loaded.predict(&new[0]).unwrap(), predictions[0]);

    let kept = detector.description().clone();
    let none: [RgbImage; 0] = [];
    assert!(detector.recalibrate(none.into_iter().map(Ok), 0.1).is_err());
    for rate in [0.0, 1.0, f64::NAN] {
        let error = detector.recalibrate(new.iter().cloned().map(Ok), rate);
        assert!(matches!(error, Err(Error::Input { .. })), "{rate}");
    }
    let damaged = load_image(Path::new("no-such.png")).map_err(Error::from);
    let with_damaged = [Ok(new[0].clone()), damaged];
    assert!(detector.recalibrate(with_damaged, 0.1).is_err());
    assert_eq!(*detector.description(), kept);
}

#[test]
fn thresholds_of_the_best_f1_and_of_the_user() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let mut detector = Trainer::new(settings()).fit(&dataset).unwrap();
    let (abnormal, normal): (Vec<Sample>, Vec<Sample>) = dataset
        .test
        .iter()
        .cloned()
        .partition(|sample| sample.label.is_abnormal());
    let (normal, abnormal) = (images(&normal), images(&abnormal));
    let f1 = detector
        .recalibrate_by_f1(
            normal.iter().cloned().map(Ok),
            abnormal.iter().cloned().map(Ok),
        )
        .unwrap();
    let scores = |images: &[RgbImage], detector: &Detector| -> Vec<f32> {
        let predictions = detector.predict_batch(images).unwrap();
        predictions.iter().map(|p| p.score).collect()
    };
    let of = [scores(&normal, &detector), scores(&abnormal, &detector)];
    let at = |threshold: f32| {
        let above = |scores: &[f32]| scores.iter().filter(|s| **s > threshold).count() as f64;
        2.0 * above(&of[1]) / (above(&of[0]) + above(&of[1]) + abnormal.len() as f64)
    };
    assert_eq!(at(detector.description().threshold), f1);
    // No other threshold has a better F1.
    for score in of.iter().flatten() {
        assert!(at(score.next_down()) <= f1);
    }
    assert!(f1 > 0.0);
    let kept = detector.description().clone();
    let missing = load_image(Path::new("no-such.png")).map_err(Error::from);
    let damaged = detector.recalibrate_by_f1(normal.iter().cloned().map(Ok), [missing]);
    assert!(matches!(damaged, Err(Error::Data(_))));
    let nothing = detector.recalibrate_by_f1([], abnormal.iter().cloned().map(Ok));
    assert!(matches!(nothing, Err(Error::Input { .. })));
    assert_eq!(*detector.description(), kept);

    // Thresholds set by the user are stored as they are, or the file is not written.
    detector.set_threshold(f32::MAX);
    detector.set_pixel_threshold(f32::MIN);
    let prediction = detector.predict(&abnormal[0]).unwrap();
    assert!(!prediction.anomalous);
    assert_eq!(prediction.regions.len(), 1);
    let file = folder.path().join("model.bgad");
    for threshold in [f32::NAN, f32::INFINITY] {
        detector.set_threshold(threshold);
        let error = detector.save(&file);
        assert!(matches!(error, Err(Error::State { .. })), "{threshold}");
        assert!(!file.exists());
    }
}

#[test]
fn a_stream_keeps_order_and_continues_after_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let detector = Trainer::new(settings()).fit(&dataset).unwrap();
    let mut files: Vec<_> = dataset.test.iter().map(|s| s.path.clone()).collect();
    files.insert(1, folder.path().join("missing.png"));
    let images = files.iter().map(|file| Ok(load_image(file)?));
    let stream: Vec<_> = detector.predict_stream(images).collect();
    assert_eq!(stream.len(), files.len());
    same_as_alone(&detector, &files, stream);
}

/// Compares predictions of files with those of each file alone.
fn same_as_alone(
    detector: &Detector,
    files: &[PathBuf],
    predictions: Vec<bgad::Result<Prediction>>,
) {
    assert_eq!(predictions.len(), files.len());
    for (file, prediction) in files.iter().zip(predictions) {
        match (detector.predict_file(file), prediction) {
            (Ok(alone), Ok(together)) => assert_eq!(alone, together),
            (Err(alone), Err(together)) => assert_eq!(alone.to_string(), together.to_string()),
            other => panic!("{}: {other:?}", file.display()),
        }
    }
}

#[test]
fn files_keep_their_order_and_go_on_after_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let detector = Trainer::new(settings()).fit(&dataset).unwrap();
    let known: Vec<_> = dataset.test.iter().map(|s| s.path.clone()).collect();
    // More than all threads take at once.
    let number = 20 * rayon::current_num_threads();
    let mut files: Vec<_> = known.iter().cycle().take(number).cloned().collect();
    files.insert(1, folder.path().join("missing.png"));
    same_as_alone(&detector, &files, detector.predict_files(&files).collect());

    let few = &files[..4];
    let with_images: Vec<_> = detector.predict_files_with_images(few).collect();
    for (file, found) in few.iter().zip(&with_images) {
        let image = found.as_ref().ok().map(|(image, _)| image);
        assert!(
            image == load_image(file).ok().as_ref(),
            "{}",
            file.display()
        );
    }
    let predictions = with_images.into_iter();
    let predictions = predictions.map(|found| found.map(|(_, prediction)| prediction));
    same_as_alone(&detector, few, predictions.collect());
}

/// An image without pixels exists but can't be predicted.
#[test]
fn images_stay_with_their_predictions_when_one_fails() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let detector = Trainer::new(settings()).fit(&dataset).unwrap();
    let mut all = images(&dataset.test);
    all.insert(1, bgad::RgbImage::new(0, 0));
    let predicted = detector.predict_images(all.iter().cloned().map(Ok));
    let predicted: Vec<_> = predicted.collect();
    assert_eq!(predicted.len(), all.len());
    for (image, predicted) in all.iter().zip(predicted) {
        match (image.is_empty(), predicted) {
            (true, Err(error)) => assert!(matches!(error, Error::Input { .. }), "{error}"),
            (false, Ok((given, prediction))) => {
                assert!(given == *image);
                assert_eq!(prediction, detector.predict(image).unwrap());
            }
            (_, other) => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_channel_gives_each_image_its_prediction_without_waiting_for_others() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let detector = Trainer::new(settings()).fit(&dataset).unwrap();
    let new = images(&dataset.test);
    let (sender, receiver) = std::sync::mpsc::sync_channel(new.len());
    let mut predictions = detector.predict_channel(receiver);
    // One after the other: a stream that waited for more would never return.
    for image in &new[..2] {
        sender.send(Ok(image.clone())).unwrap();
        let prediction = predictions.next().unwrap().unwrap();
        assert_eq!(prediction, detector.predict(image).unwrap());
    }
    // Many at once, one of them an error, and then the end.
    for image in &new[2..] {
        sender.send(Ok(image.clone())).unwrap();
    }
    let missing = load_image(Path::new("no-such.png")).map_err(Error::from);
    sender.send(missing).unwrap();
    drop(sender);
    for image in &new[2..] {
        let prediction = predictions.next().unwrap().unwrap();
        assert_eq!(prediction, detector.predict(image).unwrap());
    }
    let error = predictions.next().unwrap().unwrap_err();
    assert!(error.to_string().contains("no-such.png"), "{error}");
    assert!(predictions.next().is_none());
}

#[test]
fn images_of_any_size_have_a_prediction_or_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    for fit in [Fit::Stretch, Fit::Letterbox, Fit::Tiles(16)] {
        let config = settings().with(|config| {
            config.input.fit = fit;
            config.schedule.meta_epochs = 1;
        });
        let detector = Trainer::new(config).fit(&dataset).unwrap();
        for (width, height) in [(1, 1), (1, 300), (300, 1), (63, 65)] {
            let prediction = detector.predict(&RgbImage::new(width, height)).unwrap();
            assert!(prediction.score.is_finite(), "{fit} {width} {height}");
        }
        for (width, height) in [(0, 0), (0, 5), (5, 0)] {
            let error = detector.predict(&RgbImage::new(width, height)).unwrap_err();
            assert!(matches!(error, Error::Input { .. }), "{error}");
        }
    }
}
