//! Training, prediction, saving and evaluation through the public API.

use bgad::{
    BoundaryScope, Detector, Device, EvaluateWhen, Granularity, LogLikelihoodMaps, Model, Pooling,
    ThresholdRule, TrainFlows, Trainer, load_image,
};

use crate::common::{parts, settings};

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

#[test]
fn a_saved_model_scores_bit_equal_and_independent_of_its_company() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let detector = Trainer::new(settings()).fit(&dataset).unwrap();
    let images: Vec<_> = dataset
        .test
        .iter()
        .map(|s| load_image(&s.path).unwrap())
        .collect();
    let together = detector.predict_batch(&images).unwrap();

    let path = folder.path().join("model.bgad");
    detector.save(&path).unwrap();
    let loaded = Detector::load(&path, &Device::flex()).unwrap();
    assert_eq!(loaded.description(), detector.description());
    for (image, in_batch) in images.iter().zip(&together) {
        for alone in [
            detector.predict(image).unwrap(),
            loaded.predict(image).unwrap(),
        ] {
            assert_eq!(alone.score.to_bits(), in_batch.score.to_bits());
            let (alone, in_batch) = (alone.map.unwrap(), in_batch.map.as_ref().unwrap());
            assert_eq!(bits(&alone.values), bits(&in_batch.values));
        }
    }
    assert!(together.iter().any(|p| p.score != together[0].score));
}

#[test]
fn the_same_seed_gives_the_same_file_and_another_seed_another() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let file = |seed: u64, feature_memory: u64, threads: usize| {
        let path = folder.path().join("model.bgad");
        let config = settings().with(|config| {
            config.seed = seed;
            config.features.memory = bgad::MemorySize::bytes(feature_memory);
        });
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let detector = pool.install(|| Trainer::new(config).fit(&dataset)).unwrap();
        detector.save(&path).unwrap();
        std::fs::read(path).unwrap()
    };
    let first = file(1, 1 << 30, 2);
    assert!(
        first == file(1, 1 << 30, 1),
        "the same seed, another number of threads"
    );
    assert!(first != file(2, 1 << 30, 2), "another seed");
}

#[test]
fn features_that_are_not_kept_give_the_same_model() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let maps = |feature_memory: u64| {
        let config = settings()
            .with(|config| config.features.memory = bgad::MemorySize::bytes(feature_memory));
        let detector = Trainer::new(config).fit(&dataset).unwrap();
        let image = load_image(&dataset.test[0].path).unwrap();
        detector.log_likelihoods(&image).unwrap()
    };
    assert_eq!(maps(1 << 30), maps(0));
}

#[test]
fn training_lowers_the_loss_and_reports_each_meta_epoch() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let config = settings().with(|config| {
        config.model = Model::Bgad;
        config.schedule.meta_epochs = 3;
        config.schedule.sub_epochs = 3;
        config.schedule.learning_rate = 2e-3;
    });
    let training = Trainer::new(config).run(&dataset).unwrap();
    let losses: Vec<f64> = training.history.iter().map(|m| m.loss.unwrap()).collect();
    assert_eq!(training.history.len(), 3);
    // The first meta-epoch has a different objective.
    assert!(losses[2] < losses[1], "{losses:?}");
    let last = &training.history[2];
    let evaluation = training.evaluation.unwrap();
    assert_eq!(last.image_auroc, evaluation.image_auroc);
    for metric in [
        last.image_auroc,
        last.pixel_auroc,
        last.aupro,
        evaluation.pixel_ap,
    ] {
        assert!((0.0..=1.0).contains(&metric.unwrap()));
    }
    assert_eq!(evaluation.images, dataset.test.len());
    // Three levels' positions, and pooled moments and maxima.
    assert_eq!(training.detector.description().boundaries.len(), 5);
}

#[test]
fn evaluation_leaves_out_what_the_model_was_trained_on() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("parts");
    let dataset = parts(&data);
    let config = settings().with(|config| config.schedule.evaluate = EvaluateWhen::Last);
    let training = Trainer::new(config).run(&dataset).unwrap();
    // Read again, the abnormal training images are in the test folders.
    let whole = bgad::Layout::Mvtec.read(&data, None).unwrap();
    let evaluation = training.detector.evaluate(&whole).unwrap();
    assert_eq!(evaluation.images, whole.test.len() - 2);
    let during = training.evaluation.unwrap();
    assert_eq!(evaluation.image_auroc, during.image_auroc);
    assert_eq!(evaluation.aupro, during.aupro);
    assert_eq!(evaluation.paper_protocol, during.paper_protocol);
}

#[test]
fn without_masks_images_are_scored_as_a_whole() {
    let folder = tempfile::tempdir().unwrap();
    let mut dataset = parts(&folder.path().join("parts"));
    for sample in dataset.train.iter_mut().chain(&mut dataset.test) {
        sample.mask = None;
    }
    for pooling in [Pooling::Mean, Pooling::MeanStd, Pooling::MeanStdMax] {
        let config = settings().with(|config| {
            config.pooled.pooling = pooling;
            config.memory_bank.size = 0;
        });
        let training = Trainer::new(config).run(&dataset).unwrap();
        let description = training.detector.description();
        assert_eq!(description.granularity, Granularity::Image);
        let evaluation = training.evaluation.unwrap();
        assert!(evaluation.image_auroc.is_some());
        assert_eq!((evaluation.pixel_auroc, evaluation.aupro), (None, None));
        let image = load_image(&dataset.test[0].path).unwrap();
        let prediction = training.detector.predict(&image).unwrap();
        assert!(prediction.map.is_none());
        assert!(matches!(
            training.detector.overlay(&image, &prediction),
            Err(bgad::Error::NoScoreMap)
        ));
    }
}

#[test]
fn the_memory_bank_gives_maps_where_there_are_no_masks() {
    let folder = tempfile::tempdir().unwrap();
    let mut dataset = parts(&folder.path().join("parts"));
    for sample in dataset.train.iter_mut().chain(&mut dataset.test) {
        sample.mask = None;
    }
    let trained = |granularity| {
        let config = settings().with(|config| config.granularity = granularity);
        Trainer::new(config).fit(&dataset).unwrap()
    };
    let image = load_image(&dataset.test[0].path).unwrap();
    for granularity in [None, Some(Granularity::Image)] {
        let detector = trained(granularity);
        let expected = granularity.unwrap_or(Granularity::Both);
        assert_eq!(detector.description().granularity, expected);
        let prediction = detector.predict(&image).unwrap();
        let map = prediction.map.as_ref().unwrap();
        assert_eq!((map.width, map.height), (64, 64));
        assert!(prediction.pixel_threshold.is_some());
        assert!(detector.overlay(&image, &prediction).is_ok());
        let positions = |maps: &LogLikelihoodMaps| maps.levels.iter().any(|map| map.width > 1);
        let maps = detector.log_likelihoods(&image).unwrap();
        assert_eq!(positions(&maps[0]), expected == Granularity::Both);
        let file = folder.path().join("model.bgad");
        detector.save(&file).unwrap();
        let loaded = Detector::load(&file, &Device::flex()).unwrap();
        let read = loaded.predict(&image).unwrap();
        assert_eq!((prediction.score, prediction.map), (read.score, read.map));
    }
}

#[test]
fn flows_are_trained_if_requested() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let train = |train_flows, model| {
        let config = settings().with(|config| {
            config.model = model;
            config.schedule.train_flows = train_flows;
        });
        Trainer::new(config).run(&dataset).unwrap()
    };
    for untrained in [
        train(TrainFlows::Abnormal, Model::Bgad),
        train(TrainFlows::Never, Model::BgadFas),
    ] {
        assert_eq!(untrained.history.len(), 1);
        assert_eq!(untrained.history[0].loss, None);
        assert!(untrained.evaluation.unwrap().image_auroc.unwrap() > 0.7);
    }
    for trained in [
        train(TrainFlows::Always, Model::Bgad),
        train(TrainFlows::Abnormal, Model::BgadFas),
    ] {
        assert!(trained.history.iter().all(|epoch| epoch.loss.is_some()));
    }
}

#[test]
fn the_boundary_over_the_set_and_best_f1_are_choices() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = parts(&folder.path().join("parts"));
    let train = |boundary, threshold| {
        let config = settings().with(|config| {
            config.schedule.boundary = boundary;
            config.scoring.threshold = threshold;
            config.schedule.evaluate = EvaluateWhen::Never;
            config.schedule.meta_epochs = 3;
            // Only without folds, neighbours and memory bank does the threshold come directly from the
            // training images.
            config.pooled.folds = 0;
            config.pooled.neighbors = false;
            config.memory_bank.size = 0;
        });
        Trainer::new(config).fit(&dataset).unwrap()
    };
    let rate = ThresholdRule::FalsePositiveRate(0.0);
    let batch = train(BoundaryScope::Batch, rate);
    let set = train(BoundaryScope::Set, rate);
    assert_ne!(batch.description().boundaries, set.description().boundaries);
    // At a false-positive rate of 0 no normal training image is anomalous, but one is at the edge.
    let normal = dataset.train.iter().filter(|s| !s.label.is_abnormal());
    let scores: Vec<f32> = normal
        .map(|s| batch.predict_file(&s.path).unwrap().score)
        .collect();
    let highest = scores.iter().copied().fold(f32::MIN, f32::max);
    assert_eq!(highest, batch.description().threshold);

    // The threshold of the best F1 finds some of the abnormal training images.
    let best = train(BoundaryScope::Batch, ThresholdRule::BestF1);
    let mut abnormal = dataset.train.iter().filter(|s| s.label.is_abnormal());
    assert!(abnormal.any(|s| best.predict_file(&s.path).unwrap().anomalous));
}

#[test]
fn a_detector_may_be_shared_by_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Detector>();
}
