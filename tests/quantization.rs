//! Models in bytes.

use std::path::{Path, PathBuf};

use bgad::{Dataset, Detector, Device, Error, Layout, Model, TrainFlows, Trainer, TrainerConfig};

use safetensors::SafeTensors;

use crate::common;

const WEIGHTS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../tests/goldens/tf_efficientnet_b0_random_weights.safetensors"
);

/// A set of twelve normal images, and a model of EfficientNet-B0 whose flows are not trained.
fn trained(folder: &Path, change: impl FnOnce(&mut TrainerConfig)) -> (Dataset, Detector) {
    common::write_parts(folder);
    let mut dataset = Layout::Mvtec.read(folder, None).unwrap();
    dataset.move_anomalies_to_training(2, 0).unwrap();
    let mut config = common::settings();
    config.backbone.name = "tf_efficientnet_b0".to_owned();
    config.backbone.weights = Some(PathBuf::from(WEIGHTS));
    config.schedule.train_flows = TrainFlows::Never;
    config.memory_bank.size = 500;
    change(&mut config);
    let detector = Trainer::new(config).fit(&dataset).unwrap();
    (dataset, detector)
}

/// The size of the tensors of those parts of a model file that are computed in bytes after quantization.
fn size_in_bytes(path: &Path) -> usize {
    let file = std::fs::read(path).unwrap();
    let file = SafeTensors::deserialize(&file).unwrap();
    let parts = ["backbone", "memory_bank", "contexts", "position_gaussians"];
    let of_parts = |name: &str| parts.contains(&name.split('.').next().unwrap());
    let tensors = file.tensors().into_iter();
    let tensors = tensors.filter(|(name, _)| of_parts(name));
    tensors.map(|(_, tensor)| tensor.data().len()).sum()
}

fn normal(dataset: &Dataset) -> Vec<PathBuf> {
    let normal = dataset.train.iter().filter(|s| !s.label.is_abnormal());
    normal.map(|sample| sample.path.clone()).collect()
}

#[test]
fn a_quantized_model_scores_like_the_one_it_is_from_and_is_smaller() {
    let folder = tempfile::tempdir().unwrap();
    let (dataset, detector) = trained(folder.path(), |_| {});
    let quantized = detector.quantize(&normal(&dataset)).unwrap();
    let (before, after) = (detector.description(), quantized.description());
    let errors = &after.quantization.as_ref().unwrap().feature_errors;
    assert_eq!(errors.len(), 3);
    assert!(
        errors.iter().all(|error| (1e-4..0.25).contains(error)),
        "{errors:?}"
    );
    assert_eq!(after.config, before.config);
    assert_eq!(after.training_anomalies, before.training_anomalies);
    assert_eq!(after.granularity, before.granularity);
    assert!(before.outlines_known_defects && after.outlines_known_defects);
    assert_eq!(after.pixel_threshold, before.pixel_threshold);
    assert!(before.quantization.is_none() && after.threshold.is_finite());

    let paths = [
        folder.path().join("before.bgad"),
        folder.path().join("after.bgad"),
    ];
    detector.save(&paths[0]).unwrap();
    quantized.save(&paths[1]).unwrap();
    let [single, bytes] = paths
        .each_ref()
        .map(|path| std::fs::metadata(path).unwrap().len());
    let small = bytes * 2 <= single && bytes < 2_500_000;
    assert!(small, "{bytes} bytes of {single}");
    let [single, bytes] = paths.each_ref().map(|path| size_in_bytes(path));
    assert!(bytes * 3 <= single, "{bytes} bytes of {single}");

    let read = Detector::load(&paths[1], &Device::flex()).unwrap();
    assert_eq!(read.description().quantization, after.quantization);
    assert_eq!(read.description().normal_scores, after.normal_scores);
    let mut ranks = (Vec::new(), Vec::new());
    for sample in &dataset.test {
        let image = sample.load_image().unwrap();
        let found = quantized.predict(&image).unwrap();
        assert_eq!(read.predict(&image).unwrap(), found);
        ranks.0.push(detector.predict(&image).unwrap().score);
        ranks.1.push(found.score);
    }
    let correlation = correlation(&ranks.0, &ranks.1);
    assert!(correlation > 0.75, "{correlation}: {ranks:?}");
    // The same images give the same bytes, and so does the file.
    let again = folder.path().join("again.bgad");
    detector
        .quantize(&normal(&dataset))
        .unwrap()
        .save(&again)
        .unwrap();
    assert_eq!(
        std::fs::read(&again).unwrap(),
        std::fs::read(&paths[1]).unwrap()
    );
    read.save(&again).unwrap();
    assert_eq!(
        std::fs::read(&again).unwrap(),
        std::fs::read(&paths[1]).unwrap()
    );
}

fn correlation(a: &[f32], b: &[f32]) -> f64 {
    let count = a.len() as f64;
    let mean = |values: &[f32]| values.iter().map(|v| f64::from(*v)).sum::<f64>() / count;
    let (of_a, of_b) = (mean(a), mean(b));
    let pairs = a.iter().zip(b);
    let pairs: Vec<(f64, f64)> = pairs
        .map(|(a, b)| (f64::from(*a) - of_a, f64::from(*b) - of_b))
        .collect();
    let sum = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>();
    sum(|(a, b)| a * b) / (sum(|(a, _)| a * a) * sum(|(_, b)| b * b)).sqrt()
}

#[test]
fn what_can_not_be_quantized_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let (dataset, detector) = trained(&folder.path().join("a"), |config| {
        config.backbone = TrainerConfig::default().backbone;
    });
    let normal = normal(&dataset);
    let refusal = |detector: &Detector| {
        let error = detector.quantize(&normal).unwrap_err();
        assert!(matches!(error, Error::NotQuantizable { .. }), "{error}");
        error.to_string()
    };
    let text = refusal(&detector);
    assert!(
        text.contains("`filter-bank`") && text.contains("EfficientNet"),
        "{text}"
    );

    let (_, detector) = trained(&folder.path().join("b"), |config| {
        config.schedule.train_flows = TrainFlows::Always;
        config.schedule.meta_epochs = 1;
    });
    let text = refusal(&detector);
    assert!(
        text.contains("tf_efficientnet_b0") && text.contains("train_flows=never"),
        "{text}"
    );

    let (_, detector) = trained(&folder.path().join("c"), |config| {
        config.model = Model::Bgad
    });
    let text = refusal(&detector.quantize(&normal).unwrap());
    assert!(text.contains("already"), "{text}");
    let error = detector.quantize(&[]).unwrap_err().to_string();
    assert!(error.contains("normal images"), "{error}");
    let missing = folder.path().join("missing.png");
    let error = detector
        .quantize(std::slice::from_ref(&missing))
        .unwrap_err();
    assert!(error.to_string().contains("missing.png"), "{error}");
    // An image that the bytes are not fitted to.
    let mut many: Vec<PathBuf> = (0..10).flat_map(|_| normal.clone()).collect();
    many[1] = missing;
    let error = detector.quantize(&many).unwrap_err();
    assert!(error.to_string().contains("missing.png"), "{error}");
}
