//! Images that are not square: letterboxes and tiles.

use std::path::Path;
use std::sync::{Arc, Mutex};

use bgad::{
    Dataset, Detector, Device, Error, Fit, Granularity, Layout, Model, Progress, RgbImage, Trainer,
    TrainerConfig,
};
use image::{Rgb, imageops};

use crate::common::{parts, settings};

fn with(fit: Fit) -> TrainerConfig {
    settings().with(|config| config.input.fit = fit)
}

/// A wide texture, its grain from a seed.
fn texture(width: u32, height: u32, seed: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let hash = (x.wrapping_mul(0x9e37_79b1) ^ y.wrapping_mul(0x85eb_ca6b) ^ seed)
            .wrapping_mul(0xc2b2_ae35);
        let grain = (hash >> 27) as u8;
        Rgb([100 + grain, 90 + grain, 110 + grain / 2])
    })
}

/// The defect in [`wide_set`], as left, top, width and height.
const DEFECT: (u32, u32, u32, u32) = (150, 20, 18, 16);

fn damaged(width: u32, height: u32, seed: u32) -> RgbImage {
    let mut image = texture(width, height, seed);
    let (left, top, across, down) = DEFECT;
    for y in top..top + down {
        for x in left..left + across {
            image.put_pixel(x, y, Rgb([230, 20, 20]));
        }
    }
    image
}

/// Images of this size, two of three abnormal ones with a mask.
fn wide_set(folder: &Path, (width, height): (u32, u32)) -> Dataset {
    let save = |image: &RgbImage, name: &str| {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        image.save(path).unwrap();
    };
    for index in 0..6 {
        save(
            &texture(width, height, index),
            &format!("train/good/{index}.png"),
        );
    }
    for index in 0..3 {
        save(
            &texture(width, height, 100 + index),
            &format!("test/good/{index}.png"),
        );
        save(
            &damaged(width, height, 200 + index),
            &format!("test/spot/{index}.png"),
        );
        let mut mask = RgbImage::new(width, height);
        let (left, top, across, down) = DEFECT;
        for y in top..top + down {
            for x in left..left + across {
                mask.put_pixel(x, y, Rgb([255; 3]));
            }
        }
        save(&mask, &format!("ground_truth/spot/{index}_mask.png"));
    }
    Layout::Mvtec.read(folder, None).unwrap()
}

#[test]
fn square_images_don_t_depend_on_the_fit() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let stretched = Trainer::new(with(Fit::Stretch)).run(&dataset).unwrap();
    // The images are as large as inputs, so they fill a letterbox and a tile.
    for fit in [Fit::Letterbox, Fit::Tiles(8)] {
        let fitted = Trainer::new(with(fit)).run(&dataset).unwrap();
        assert_eq!(fitted.history, stretched.history, "{fit}");
        let image = bgad::load_image(&dataset.test[0].path).unwrap();
        let (a, b) = (&stretched.detector, &fitted.detector);
        assert_eq!(
            a.predict(&image).unwrap(),
            b.predict(&image).unwrap(),
            "{fit}"
        );
    }
}

#[test]
fn letterboxes_score_the_image_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let mut dataset = wide_set(folder.path(), (192, 64));
    dataset.move_anomalies_to_training(1, 0).unwrap();
    let training = Trainer::new(with(Fit::Letterbox)).run(&dataset).unwrap();
    let evaluation = training.evaluation.unwrap();
    assert!(evaluation.pixel_auroc.unwrap() > 0.9, "{evaluation:?}");
    let detector = training.detector;
    let image = damaged(192, 64, 300);
    let prediction = detector.predict(&image).unwrap();
    let map = prediction.map.as_ref().unwrap();
    // The image covers a third of the 64 by 64 pixels.
    assert_eq!((map.width, map.height), (64, 21));
    let region = &prediction.regions[0];
    let (left, top, across, down) = DEFECT;
    let overlaps = |start: u32, length: u32, from: u32, over: u32| {
        start < from + over && from < start + length
    };
    assert!(
        overlaps(region.left, region.width, left, across),
        "{region:?}"
    );
    assert!(overlaps(region.top, region.height, top, down), "{region:?}");
    assert!(region.left + region.width <= 192 && region.top + region.height <= 64);
    let overlay = detector.overlay(&image, &prediction).unwrap();
    assert_eq!(overlay.dimensions(), (192, 64));

    // Upright, the same content is elsewhere in the input but keeps its shape.
    let upright = detector.predict(&imageops::rotate90(&image)).unwrap();
    let map = upright.map.unwrap();
    assert_eq!((map.width, map.height), (21, 64));

    let file = folder.path().join("model.bgad");
    detector.save(&file).unwrap();
    let loaded = Detector::load(&file, &Device::flex()).unwrap();
    assert_eq!(loaded.description().config.input.fit, Fit::Letterbox);
    assert_eq!(loaded.predict(&image).unwrap(), prediction);
}

#[test]
fn padding_moves_neither_thresholds_nor_constants() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = wide_set(folder.path(), (192, 64));
    let config = with(Fit::Letterbox).with(|config| {
        config.model = Model::Bgad;
        // Of the images as they are.
        config.pooled.folds = 0;
    });
    let detector = Trainer::new(config).fit(&dataset).unwrap();
    let description = detector.description();
    // The constants come from log-likelihoods inside the image, not from the padding.
    let mut largest = vec![f32::NEG_INFINITY; description.calibration.level_maxima().len()];
    for sample in &dataset.train {
        let maps = detector
            .log_likelihoods(&sample.load_image().unwrap())
            .unwrap();
        assert_eq!(maps.len(), 1);
        for (map, largest) in maps[0].levels.iter().zip(&mut largest).take(3) {
            let stride = 64 / map.width;
            for (index, value) in map.values.iter().enumerate() {
                // The image's rows are 21 to 41 of 64.
                let middle = (index / map.width) as f64 * stride as f64 + stride as f64 / 2.0;
                if (21.0..42.0).contains(&middle) {
                    *largest = largest.max(*value);
                }
            }
        }
    }
    assert_eq!(description.calibration.level_maxima()[..3], largest[..3]);
}

#[test]
fn tiles_find_small_defects_and_are_joined() {
    let folder = tempfile::tempdir().unwrap();
    let mut dataset = wide_set(folder.path(), (200, 100));
    dataset.move_anomalies_to_training(1, 0).unwrap();
    let training = Trainer::new(with(Fit::Tiles(16))).run(&dataset).unwrap();
    let evaluation = training.evaluation.unwrap();
    assert_eq!(evaluation.images, 5);
    assert!(evaluation.image_auroc.unwrap() > 0.9, "{evaluation:?}");
    assert!(evaluation.pixel_auroc.unwrap() > 0.9, "{evaluation:?}");
    let first = &evaluation.results[0];
    assert_eq!((first.width, first.height), (200, 100));
    let detector = training.detector;
    // The training image that was cut into tiles is recognised as a whole.
    assert_eq!(detector.description().training_anomalies.len(), 1);
    let again = detector
        .evaluate(&wide_set(folder.path(), (200, 100)))
        .unwrap();
    assert_eq!(again.images, 5);
    assert_eq!(again.image_auroc, evaluation.image_auroc);

    let image = damaged(200, 100, 300);
    // Four by two tiles of 64 pixels.
    assert_eq!(detector.log_likelihoods(&image).unwrap().len(), 8);
    let prediction = detector.predict(&image).unwrap();
    let map = prediction.map.as_ref().unwrap();
    assert_eq!((map.width, map.height), (200, 100));
    let region = &prediction.regions[0];
    let (left, top, across, down) = DEFECT;
    assert!(region.left < left + across && left < region.left + region.width);
    assert!(region.top < top + down && top < region.top + region.height);

    // An image's result does not depend on threads or on other predictions.
    let pool = rayon_of(1);
    let alone = pool.install(|| detector.predict(&image).unwrap());
    assert_eq!(alone, prediction);
    let batch = detector
        .predict_batch(&[texture(90, 70, 1), image])
        .unwrap();
    assert_eq!(batch[1], prediction);
    // Smaller than a tile: the rest is padding.
    let small = detector.predict(&texture(40, 24, 3)).unwrap();
    let map = small.map.unwrap();
    assert_eq!((map.width, map.height), (40, 24));
}

fn rayon_of(threads: usize) -> rayon::ThreadPool {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    pool.build().unwrap()
}

#[test]
fn tiles_of_an_image_without_a_mask_are_not_used() {
    let folder = tempfile::tempdir().unwrap();
    wide_set(folder.path(), (200, 100));
    std::fs::remove_dir_all(folder.path().join("ground_truth")).unwrap();
    let mut dataset = Layout::Mvtec.read(folder.path(), None).unwrap();
    dataset.move_anomalies_to_training(1, 0).unwrap();
    let config = with(Fit::Tiles(16)).with(|config| config.granularity = Some(Granularity::Image));
    let error = Trainer::new(config.clone()).run(&dataset).unwrap_err();
    assert!(matches!(error, Error::NoAbnormalImages { .. }), "{error}");
    let normal_only = config.with(|config| config.model = Model::Bgad);
    let training = Trainer::new(normal_only).run(&dataset).unwrap();
    let prediction = training.detector.predict(&damaged(200, 100, 9)).unwrap();
    // The memory bank's map covers the whole image.
    let map = prediction.map.unwrap();
    assert_eq!((map.width, map.height), (200, 100));
    assert!(prediction.score.is_finite());
}

#[test]
fn overlaps_beyond_half_a_tile_are_refused() {
    let error = with(Fit::Tiles(33)).check().unwrap_err();
    assert!(error.to_string().contains("tiles:33"), "{error}");
    assert!(error.to_string().contains("at most 32"), "{error}");
}

#[test]
fn progress_counts_images_whole_or_cut() {
    let folder = tempfile::tempdir().unwrap();
    let mut dataset = wide_set(folder.path(), (192, 64));
    dataset.move_anomalies_to_training(1, 0).unwrap();
    for (model, fit) in [
        (Model::BgadFas, Fit::Tiles(16)),
        (Model::BgadFas, Fit::Stretch),
        (Model::Bgad, Fit::Tiles(16)),
    ] {
        let told = Arc::new(Mutex::new(Vec::new()));
        let config = with(fit).with(|config| {
            config.model = model;
            // Nothing fits in memory, and the warning counts images.
            config.features.memory = bgad::MemorySize::bytes(0);
        });
        let list = Arc::clone(&told);
        let trainer = Trainer::new(config).observed_by(move |progress| {
            if let Progress::Features { done, total } = progress {
                list.lock().unwrap().push((done, total));
            }
        });
        let training = trainer.run(&dataset).unwrap();
        let trained = if model == Model::Bgad { 6 } else { 7 };
        let total = trained + dataset.test.len();
        let mut told = told.lock().unwrap().clone();
        told.sort_unstable();
        let expected: Vec<_> = (1..=total).map(|done| (done, total)).collect();
        assert_eq!(told, expected, "{model:?} {fit}");
        let warning = training
            .warnings
            .iter()
            .find(|w| w.contains("features.memory"));
        let warning = warning.unwrap();
        assert!(
            warning.contains(&format!(" {trained} training images ")),
            "{warning}"
        );
        // They are also computed before the first epoch.
        assert!(!warning.contains("in each epoch"), "{warning}");
    }
}
