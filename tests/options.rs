//! The options between the published method and the default one, through the public API.

use bgad::synthetic::{self, SyntheticConfig};
use bgad::{
    Aggregation, Detector, Device, EvaluateWhen, FeatureMean, FeatureScaling, FlowStart,
    Granularity, ImageScore, Layout, MapBaseline, Mirror, Model, PooledLevels, Pooling, Preset,
    Trainer, TrainerConfig, load_image,
};

use crate::common::{parts, settings};

#[test]
fn the_paper_preset_has_none_of_the_additions() {
    let paper = TrainerConfig::preset(Preset::Paper);
    assert_eq!(paper.feature_scaling, FeatureScaling::None);
    assert_eq!(paper.feature_mean, FeatureMean::Level);
    assert_eq!(paper.aggregation, Aggregation::Likelihood);
    assert_eq!(paper.map_baseline, MapBaseline::Keep);
    assert_eq!(paper.image_score, ImageScore::Maximum);
    assert_eq!(paper.flow_start, FlowStart::Random);
    assert_eq!(paper.pooled_folds, 0);
    assert!(!paper.pooled_flows && !paper.pooled_neighbors);
    assert_eq!(paper.mirror, Mirror::Off);
    assert_eq!(
        TrainerConfig::preset(Preset::Default),
        TrainerConfig::default()
    );
    assert_ne!(paper, TrainerConfig::default());
}

/// Each option by itself on top of the paper's settings: it trains, is kept with the model, and
/// scores bit-equal after loading.
#[test]
fn each_option_is_kept_with_the_model() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let image = load_image(&dataset.test[0].path).unwrap();
    let small = settings();
    let paper = TrainerConfig {
        model: small.model,
        image_size: small.image_size,
        coupling_blocks: small.coupling_blocks,
        position_dimension: small.position_dimension,
        meta_epochs: small.meta_epochs,
        sub_epochs: small.sub_epochs,
        batch_size: small.batch_size,
        image_steps: small.image_steps,
        abnormal_repeats: small.abnormal_repeats,
        evaluate: EvaluateWhen::Never,
        ..TrainerConfig::paper()
    };
    type Change = fn(&mut TrainerConfig);
    let changes: [(&str, Change); 14] = [
        ("paper", |_| {}),
        ("standardize", |c| {
            c.feature_scaling = FeatureScaling::Standardize
        }),
        ("whiten", |c| c.feature_scaling = FeatureScaling::Whiten),
        ("whiten from positions' means", |c| {
            c.feature_scaling = FeatureScaling::Whiten;
            c.feature_mean = FeatureMean::Position;
        }),
        ("map baseline", |c| c.map_baseline = MapBaseline::Remove),
        ("log-likelihood", |c| {
            c.aggregation = Aggregation::LogLikelihood
        }),
        ("standardized", |c| {
            c.aggregation = Aggregation::Standardized
        }),
        ("top", |c| c.image_score = ImageScore::Top(0.02)),
        ("joint-log-likelihood", |c| {
            c.aggregation = Aggregation::JointLogLikelihood
        }),
        ("mirror", |c| c.mirror = Mirror::On),
        ("pooled flows", |c| c.pooled_flows = true),
        ("joined", |c| {
            c.granularity = Some(Granularity::Image);
            c.pooled_levels = PooledLevels::Joined;
            c.pooling = Pooling::MeanStdMax;
            c.pooled_folds = 2;
        }),
        ("neighbors", |c| {
            c.pooled_flows = true;
            c.pooled_neighbors = true;
        }),
        ("neighbors of whole images", |c| {
            c.granularity = Some(Granularity::Image);
            c.pooled_neighbors = true;
            c.pooling = Pooling::MeanStdMax;
            c.pooled_folds = 2;
            c.mirror = Mirror::Auto;
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
}

#[test]
fn a_mirrored_image_has_the_mirrored_map() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let config = TrainerConfig {
        evaluate: EvaluateWhen::Never,
        mirror: Mirror::On,
        ..settings()
    };
    let detector = Trainer::new(config).fit(&dataset).unwrap();
    let image = load_image(&dataset.test[0].path).unwrap();
    // The size of the input, so that resizing does not come between.
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

/// A model that decides by itself takes mirrored images where normal ones look alike mirrored, and
/// not where they are lit from one side.
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
            let config = TrainerConfig {
                model: Model::Bgad,
                granularity: Some(granularity),
                image_steps: 20,
                evaluate: EvaluateWhen::Never,
                ..settings()
            };
            let detector = Trainer::new(config).fit(&dataset).unwrap();
            detector.description().mirrored
        };
        assert!(!train(Granularity::Pixel));
        train(Granularity::Image)
    };
    assert!(decided(true));
    assert!(!decided(false));
}

/// No training image is its own neighbour when the scale of distances is taken.
#[test]
fn distances_to_neighbors_are_those_to_other_images() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    for pooled_folds in [0, 3] {
        let config = TrainerConfig {
            pooled_folds,
            evaluate: EvaluateWhen::Never,
            ..settings()
        };
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
        let mean = spread.neighbor.unwrap().mean;
        assert!(mean > 0.01, "{mean}");
        let abnormal = dataset.test.iter().find(|s| s.label.is_abnormal());
        assert!(of(&abnormal.unwrap().path) > 0.01);
    }
}

/// Abnormal images without masks teach the pooled flows, those with masks the others too; maps and
/// pixel metrics are there.
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
        let config = TrainerConfig {
            model,
            batch_size: 3,
            ..settings()
        };
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

/// Held-out constants: the threshold is not flattered by images that the flows know by heart.
#[test]
fn folds_raise_the_threshold_to_what_unseen_images_score() {
    let folder = tempfile::tempdir().unwrap();
    let mut dataset = parts(&folder.path().join("parts"));
    for sample in dataset.train.iter_mut().chain(&mut dataset.test) {
        sample.mask = None;
    }
    let above = |pooled_folds: usize| {
        let config = TrainerConfig {
            model: Model::Bgad,
            pooled_folds,
            image_steps: 20,
            evaluate: EvaluateWhen::Never,
            ..settings()
        };
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
            TrainerConfig {
                image_score: ImageScore::Top(0.0),
                ..settings()
            },
            "image_score",
        ),
        (
            TrainerConfig {
                pooled_folds: 1,
                ..settings()
            },
            "pooled_folds",
        ),
    ] {
        let error = Trainer::new(config).fit(&dataset).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
    }
}
