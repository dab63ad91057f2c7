//! The cost of a short training and of predictions on a device, and the quality of the model; one JSON object
//! per number format of features. `benches/gpu.sh` makes a table of it.
//!
//!     BGAD_DEVICE=flex cargo bench --workspace --bench devices
//!
//! `BGAD_IMAGE_SIZE`, `BGAD_IMAGES`, `BGAD_META_EPOCHS` and `BGAD_SUB_EPOCHS` change its size,
//! `BGAD_BACKBONE` and `BGAD_BACKBONE_WEIGHTS` the backbone; `BGAD_PRECISIONS` lists number formats.
//! `BGAD_TRAIN_FLOWS=never` keeps the flows as they start, as the default preset does.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::print_stdout)]
#![recursion_limit = "256"]

use std::str::FromStr;
use std::time::Instant;

use bgad::synthetic::{self, SyntheticConfig};
use bgad::{
    DeviceSelection, EvaluateWhen, FeaturePrecision, Layout, Model, TrainFlows, Trainer,
    TrainerConfig, load_image,
};
use serde_json::json;

/// A setting from the environment, or its default.
fn setting<T: FromStr<Err: std::fmt::Debug>>(name: &str, default: T) -> T {
    let value = std::env::var(name);
    value.map_or(default, |value| value.parse().unwrap())
}

fn main() {
    let device = setting("BGAD_DEVICE", DeviceSelection::default());
    let image_size = setting("BGAD_IMAGE_SIZE", 256);
    let images = setting("BGAD_IMAGES", 40);
    let folder = tempfile::tempdir().unwrap();
    let parts = SyntheticConfig {
        image_size,
        train_images: images,
        test_images: images.div_ceil(2),
        abnormal_per_type: images.div_ceil(8),
        ..SyntheticConfig::default()
    };
    synthetic::write(folder.path(), &parts).unwrap();
    let mut dataset = Layout::Mvtec.read(folder.path(), None).unwrap();
    dataset.move_anomalies_to_training(3, 0).unwrap();
    let test: Vec<_> = dataset.test.iter().take(20).collect();
    let test: Vec<_> = test.iter().map(|s| load_image(&s.path).unwrap()).collect();
    let precisions = setting("BGAD_PRECISIONS", "f32,f16,bf16".to_owned());
    for name in precisions.split(',') {
        let feature_precision = match name {
            "f16" => FeaturePrecision::F16,
            "bf16" => FeaturePrecision::Bf16,
            _ => FeaturePrecision::F32,
        };
        let config = TrainerConfig::default().with(|config| {
            config.model = Model::BgadFas;
            config.features.precision = feature_precision;
            config.input.image_size = Some(image_size);
            config.backbone.name = setting("BGAD_BACKBONE", bgad::FILTER_BANK.to_owned());
            config.backbone.weights = std::env::var("BGAD_BACKBONE_WEIGHTS").ok().map(Into::into);
            config.schedule.meta_epochs = setting("BGAD_META_EPOCHS", 2);
            config.schedule.sub_epochs = setting("BGAD_SUB_EPOCHS", 4);
            config.schedule.batch_size = 16.min(images);
            config.schedule.evaluate = EvaluateWhen::Last;
            // Flows take a device most time, but the default preset does not train them.
            config.schedule.train_flows = match std::env::var("BGAD_TRAIN_FLOWS").as_deref() {
                Ok("never") => TrainFlows::Never,
                _ => TrainFlows::Abnormal,
            };
        });
        // A format that this device does not support has no row.
        let training = match Trainer::new(config).on(device).run(&dataset) {
            Ok(training) => training,
            Err(error @ bgad::Error::Setting { .. }) => {
                println!(
                    "{}",
                    json!({ "device": device.to_string(), "precision": name, "error": error.to_string() })
                );
                continue;
            }
            Err(error) => panic!("{error}"),
        };
        let detector = &training.detector;
        let seconds_of = |run: &dyn Fn()| {
            let start = Instant::now();
            run();
            start.elapsed().as_secs_f64()
        };
        let milliseconds = |seconds: f64| seconds * 1e3 / test.len() as f64;
        // The first call compiles and tunes kernels.
        let single = || test.iter().for_each(|i| drop(detector.predict(i).unwrap()));
        let batch = || drop(detector.predict_batch(&test).unwrap());
        let first = seconds_of(&|| drop(detector.predict(&test[0]).unwrap()));
        let one_by_one = milliseconds(seconds_of(&single));
        let first_batch = seconds_of(&batch);
        let batched = milliseconds(seconds_of(&batch));
        let evaluation = training.evaluation.as_ref();
        let report = json!({
            "device": device.to_string(),
            "precision": name,
            "seconds": training.seconds,
            "first_prediction_seconds": first,
            "milliseconds_per_image": one_by_one,
            "first_batch_seconds": first_batch,
            "milliseconds_per_image_in_a_batch": batched,
            "image_auroc": evaluation.and_then(|e| e.image_auroc),
            "pixel_auroc": evaluation.and_then(|e| e.pixel_auroc),
            "aupro": evaluation.and_then(|e| e.aupro),
        });
        println!("{report}");
    }
}
