//! The options between the published method and the default one, through the public API.

use bgad::synthetic::{self, SyntheticConfig};
use bgad::{
    Aggregation, Detector, Device, EvaluateWhen, FeatureMean, FeatureScaling, FlowStart,
    Granularity, ImageScore, Layout, MapBaseline, Mirror, Model, PooledLevels, Pooling, Preset,
    TrainFlows, Trainer, TrainerConfig, load_image,
};

use crate::common::{parts, settings};

#[test]
fn the_paper_preset_has_none_of_the_additions() {
    let paper = TrainerConfig::preset(Preset::Paper);
    assert_eq!(paper.features.scaling, FeatureScaling::None);
    assert_eq!(paper.features.mean, FeatureMean::Level);
    assert_eq!(paper.scoring.aggregation, Aggregation::Likelihood);
    assert_eq!(paper.scoring.map_baseline, MapBaseline::Keep);
    assert_eq!(paper.scoring.image_score, ImageScore::Maximum);
    assert_eq!(paper.flow.start, FlowStart::Random);
    assert_eq!(paper.pooled.folds, 0);
    assert!(!paper.pooled.flows && !paper.pooled.neighbors);
    assert_eq!(paper.scoring.mirror, Mirror::Off);
    assert_eq!(
        TrainerConfig::preset(Preset::Default),
        TrainerConfig::default()
    );
    assert_ne!(paper, TrainerConfig::default());
    let thorough = TrainerConfig::preset(Preset::Thorough);
    assert_eq!(thorough.schedule.train_flows, TrainFlows::Abnormal);
    assert!(thorough.memory_bank.size > TrainerConfig::default().memory_bank.size);
}

/// Each option alone on top of the paper's settings: it trains, is stored with the model, and gives bit-equal
/// scores after loading.
#[test]
fn each_option_is_kept_with_the_model() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let image = load_image(&dataset.test[0].path).unwrap();
    let small = settings();
    let paper = TrainerConfig::paper().with(|config| {
        config.model = small.model;
        config.input.image_size = small.input.image_size;
        config.flow.coupling_blocks = small.flow.coupling_blocks;
        config.flow.position_dimension = small.flow.position_dimension;
        config.schedule.meta_epochs = small.schedule.meta_epochs;
        config.schedule.sub_epochs = small.schedule.sub_epochs;
        config.schedule.batch_size = small.schedule.batch_size;
        config.schedule.image_steps = small.schedule.image_steps;
        config.abnormal.repeats = small.abnormal.repeats;
        config.schedule.evaluate = EvaluateWhen::Never;
    });
    type Change = fn(&mut TrainerConfig);
    let changes: [(&str, Change); 18] = [
        ("paper", |_| {}),
        ("standardize", |c| {
            c.features.scaling = FeatureScaling::Standardize
        }),
        ("whiten", |c| c.features.scaling = FeatureScaling::Whiten),
        ("whiten from positions' means", |c| {
            c.features.scaling = FeatureScaling::Whiten;
            c.features.mean = FeatureMean::Position;
        }),
        ("map baseline", |c| {
            c.scoring.map_baseline = MapBaseline::Remove
        }),
        ("log-likelihood", |c| {
            c.scoring.aggregation = Aggregation::LogLikelihood
        }),
        ("standardized", |c| {
            c.scoring.aggregation = Aggregation::Standardized
        }),
        ("top", |c| c.scoring.image_score = ImageScore::Top(0.02)),
        ("joint-log-likelihood", |c| {
            c.scoring.aggregation = Aggregation::JointLogLikelihood
        }),
        ("mirror", |c| c.scoring.mirror = Mirror::On),
        ("pooled flows", |c| c.pooled.flows = true),
        ("memory bank", |c| c.memory_bank.size = 500),
        ("memory bank of whole images", |c| {
            c.granularity = Some(Granularity::Image);
            c.memory_bank.size = 500;
            c.scoring.mirror = Mirror::On;
        }),
        ("small mini-batches", |c| c.schedule.mini_batch_size = 256),
        ("position steps", |c| {
            c.schedule.mini_batch_size = 256;
            c.schedule.position_steps = 1;
        }),
        ("joined", |c| {
            c.granularity = Some(Granularity::Image);
            c.pooled.levels = PooledLevels::Joined;
            c.pooled.pooling = Pooling::MeanStdMax;
            c.pooled.folds = 2;
        }),
        ("neighbors", |c| {
            c.pooled.flows = true;
            c.pooled.neighbors = true;
        }),
        ("neighbors of whole images", |c| {
            c.granularity = Some(Granularity::Image);
            c.pooled.neighbors = true;
            c.pooled.pooling = Pooling::MeanStdMax;
            c.pooled.folds = 2;
            c.scoring.mirror = Mirror::Auto;
        }),
    ];
    let mut scores = Vec::new();
    for (name, change) in changes {
        let mut config = paper.clone();
        change(&mut config);
        let detector = Trainer::new(config).fit(&dataset).unwrap();
        let path = folder.path().join("model.bgad");
        detector.save(&path).unwrap();
        let loaded = Detector::load(&path, &Device::flex()).unwrap();
        assert_eq!(loaded.description(), detector.description(), "{name}");
        let score = detector.predict(&image).unwrap().score;
        assert!(score.is_finite(), "{name}");
        let again = loaded.predict(&image).unwrap().score;
        assert_eq!(again.to_bits(), score.to_bits(), "{name}");
        scores.push((name, score));
    }
    let (_, published) = scores[0];
    for (name, score) in &scores[1..] {
        assert_ne!(*score, published, "{name} changes nothing");
    }
    let of = |wanted: &str| scores.iter().find(|(name, _)| *name == wanted).unwrap().1;
    assert_ne!(of("whiten from positions' means"), of("whiten"));
    assert_ne!(of("position steps"), of("small mini-batches"));
}

#[test]
fn a_mirrored_image_has_the_mirrored_map() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let config = settings().with(|config| {
        config.schedule.evaluate = EvaluateWhen::Never;
        config.scoring.mirror = Mirror::On;
    });
    let detector = Trainer::new(config).fit(&dataset).unwrap();
    let image = load_image(&dataset.test[0].path).unwrap();
    // The size of the input, so that resizing plays no part.
    let image = image::imageops::resize(&image, 64, 64, image::imageops::FilterType::Triangle);
    let mirrored = image::imageops::flip_horizontal(&image);
    let (one, other) = (
        detector.predict(&image).unwrap(),
        detector.predict(&mirrored).unwrap(),
    );
    assert!((one.score - other.score).abs() <= 1e-4 * one.score.abs().max(1.0));
    let (one, other) = (one.map.unwrap(), other.map.unwrap());
    for (a, b) in one.values.chunks(64).zip(other.values.chunks(64)) {
        for (a, b) in a.iter().zip(b.iter().rev()) {
            assert!((a - b).abs() <= 1e-3 * a.abs().max(1.0), "{a} {b}");
        }
    }
}

/// In automatic mode, a model uses mirrored images if normal ones look the same mirrored, and not if they are
/// lit from one side.
#[test]
fn mirrored_images_count_where_normal_ones_are_symmetric() {
    let decided = |symmetric: bool| {
        let folder = tempfile::tempdir().unwrap();
        let parts = SyntheticConfig {
            image_size: 64,
            train_images: 12,
            test_images: 2,
            abnormal_per_type: 1,
            ..SyntheticConfig::default()
        };
        synthetic::write(folder.path(), &parts).unwrap();
        let dataset = Layout::Mvtec.read(folder.path(), None).unwrap();
        if symmetric {
            for sample in &dataset.train {
                let mut image = load_image(&sample.path).unwrap();
                let mirrored = image::imageops::flip_horizontal(&image);
                for (x, y, pixel) in image.enumerate_pixels_mut().filter(|(x, ..)| *x >= 32) {
                    *pixel = *mirrored.get_pixel(x, y);
                }
                image.save(&sample.path).unwrap();
            }
        }
        let train = |granularity: Granularity| {
            let config = settings().with(|config| {
                config.model = Model::Bgad;
                config.granularity = Some(granularity);
                config.schedule.image_steps = 20;
                config.schedule.evaluate = EvaluateWhen::Never;
            });
            let detector = Trainer::new(config).fit(&dataset).unwrap();
            detector.description().mirrored
        };
        assert!(!train(Granularity::Pixel));
        train(Granularity::Image)
    };
    assert!(decided(true));
    assert!(!decided(false));
}

/// No training image is its own neighbour when the scale of distances is computed.
#[test]
fn distances_to_neighbors_are_those_to_other_images() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    for pooled_folds in [0, 3] {
        let config = settings().with(|config| {
            config.pooled.folds = pooled_folds;
            config.schedule.evaluate = EvaluateWhen::Never;
        });
        let detector = Trainer::new(config).fit(&dataset).unwrap();
        let of = |path: &std::path::Path| {
            let image = load_image(path).unwrap();
            let [maps] = detector
                .log_likelihoods(&image)
                .unwrap()
                .try_into()
                .unwrap();
            maps.neighbor_distance.unwrap()
        };
        let normal = dataset.train.iter().find(|s| !s.label.is_abnormal());
        assert!(of(&normal.unwrap().path) < 1e-6);
        let spread = detector.description().calibration.joint().unwrap();
        let median = spread.neighbor.unwrap().median;
        assert!(median > 0.01, "{median}");
        let median = spread.distance.unwrap().median;
        assert!(median > 0.01, "{median}");
        let abnormal = dataset.test.iter().find(|s| s.label.is_abnormal());
        assert!(of(&abnormal.unwrap().path) > 0.01);
    }
}

/// Abnormal images without masks train only the pooled flows, those with masks also the others; maps and
/// pixel metrics exist.
#[test]
fn a_set_may_have_masks_for_some_images_only() {
    let folder = tempfile::tempdir().unwrap();
    let mut dataset = parts(&folder.path().join("parts"));
    let with_mask = Trainer::new(settings()).fit(&dataset).unwrap();
    let abnormal = |dataset: &bgad::Dataset| {
        let position = dataset.train.iter().position(|s| s.label.is_abnormal());
        position.unwrap()
    };
    let first = abnormal(&dataset);
    dataset.train[first].mask = None;
    let mixed = Trainer::new(settings()).run(&dataset).unwrap();
    let evaluation = mixed.evaluation.unwrap();
    assert!(evaluation.pixel_auroc.is_some() && evaluation.image_auroc.is_some());
    let image = load_image(&dataset.test[0].path).unwrap();
    let (a, b) = (
        with_mask.log_likelihoods(&image).unwrap(),
        mixed.detector.log_likelihoods(&image).unwrap(),
    );
    assert_ne!(a, b, "the mask makes a difference");

    // With no mask at all in training, the flows of positions learn from normal images alone.
    for sample in &mut dataset.train {
        sample.mask = None;
    }
    let positions = |model: Model| {
        let config = settings().with(|config| {
            config.model = model;
            config.schedule.batch_size = 3;
        });
        let maps = Trainer::new(config)
            .fit(&dataset)
            .unwrap()
            .log_likelihoods(&image)
            .unwrap();
        let [maps] = maps.as_slice() else {
            panic!("{} inputs of one image", maps.len());
        };
        maps.levels.iter().filter(|map| !map.is_pooled()).count()
    };
    assert_eq!(positions(Model::BgadFas), 3);
}

/// Held-out constants: the threshold is not biased by images that the flows have memorised.
#[test]
fn folds_raise_the_threshold_to_what_unseen_images_score() {
    let folder = tempfile::tempdir().unwrap();
    let mut dataset = parts(&folder.path().join("parts"));
    for sample in dataset.train.iter_mut().chain(&mut dataset.test) {
        sample.mask = None;
    }
    let above = |pooled_folds: usize| {
        let config = settings().with(|config| {
            config.model = Model::Bgad;
            config.pooled.folds = pooled_folds;
            config.schedule.image_steps = 20;
            config.schedule.evaluate = EvaluateWhen::Never;
        });
        let detector = Trainer::new(config).fit(&dataset).unwrap();
        let normal = dataset.test.iter().filter(|s| !s.label.is_abnormal());
        normal
            .filter(|s| detector.predict_file(&s.path).unwrap().anomalous)
            .count()
    };
    assert!(above(3) <= above(0), "{} {}", above(3), above(0));
}

#[test]
fn settings_out_of_range_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    for (config, name) in [
        (
            settings().with(|config| config.scoring.image_score = ImageScore::Top(0.0)),
            "image_score",
        ),
        (
            settings().with(|config| config.pooled.folds = 1),
            "pooled.folds",
        ),
    ] {
        let error = Trainer::new(config).fit(&dataset).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
    }
}

/// The score and map of a test image by a model with this many contexts, before and after it is saved.
fn with_contexts(granularity: Granularity, contexts: usize) -> (u32, Vec<f32>) {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let config = settings().with(|config| {
        config.model = Model::Bgad;
        config.granularity = Some(granularity);
        config.memory_bank.size = 500;
        config.memory_bank.contexts = contexts;
        config.schedule.evaluate = EvaluateWhen::Never;
    });
    let detector = Trainer::new(config).fit(&dataset).unwrap();
    let path = folder.path().join("model.bgad");
    detector.save(&path).unwrap();
    let loaded = Detector::load(&path, &Device::flex()).unwrap();
    let predict = |detector: &Detector| {
        let prediction = detector.predict_file(&dataset.test[0].path).unwrap();
        (prediction.score.to_bits(), prediction.map.unwrap().values)
    };
    assert_eq!(predict(&detector), predict(&loaded), "{contexts}");
    predict(&detector)
}

/// Contexts change where a map shows a defect. The score of an image that has flows on positions stays, and that of
/// a whole image changes.
#[test]
fn contexts_change_maps_and_the_scores_of_whole_images() {
    let of = |granularity| [0, 200].map(|contexts| with_contexts(granularity, contexts));
    let [(score, map), (with_contexts, other_map)] = of(Granularity::Pixel);
    assert_eq!(score, with_contexts);
    assert_ne!(map, other_map);
    let [(score, map), (with_contexts, other_map)] = of(Granularity::Image);
    assert_ne!(score, with_contexts);
    assert_ne!(map, other_map);
}

/// The map of an image that is odd everywhere is scaled, unless maps keep their baseline. Its score is not.
#[test]
fn maps_of_images_that_differ_as_a_whole_are_scaled() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let mut odd = load_image(&dataset.test[0].path).unwrap();
    // A negative: nothing on it looks like a normal part.
    odd.pixels_mut()
        .for_each(|pixel| pixel.0 = pixel.0.map(|value| 255 - value));
    let of = |baseline: MapBaseline| {
        let config = settings().with(|config| {
            config.model = Model::Bgad;
            config.scoring.map_baseline = baseline;
            config.schedule.train_flows = TrainFlows::Never;
            config.schedule.evaluate = EvaluateWhen::Never;
        });
        let detector = Trainer::new(config).fit(&dataset).unwrap();
        let normal = detector.predict_file(&dataset.train[0].path).unwrap();
        let prediction = detector.predict(&odd).unwrap();
        assert!(prediction.score > normal.score);
        // Most of it stays a region, however the map is scaled.
        let area: f64 = prediction.regions.iter().map(|region| region.area).sum();
        assert!(2.0 * area > f64::from(odd.width() * odd.height()), "{area}");
        let mut values = prediction.map.unwrap().values;
        values.sort_unstable_by(f32::total_cmp);
        values[values.len() / 2]
    };
    let scaled = of(MapBaseline::Remove);
    assert!((scaled - 7.0).abs() < 1e-3, "{scaled}");
    let kept = of(MapBaseline::Keep);
    assert!(kept > 8.0, "{kept}");
}
