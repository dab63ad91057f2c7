//! What a short training and predictions cost on a device, and how good the model is; one JSON object
//! a number format of features. `benches/gpu.sh` makes a table of it.
//!
//!     BGAD_DEVICE=flex cargo bench --workspace --bench devices
//!
//! `BGAD_IMAGE_SIZE`, `BGAD_IMAGES`, `BGAD_META_EPOCHS` and `BGAD_SUB_EPOCHS` make it smaller or
//! larger, `BGAD_BACKBONE` with `BGAD_BACKBONE_WEIGHTS` takes another backbone, `BGAD_PRECISIONS` lists
//! formats.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::print_stdout)]
#![recursion_limit = "256"]

use std::str::FromStr;
use std::time::Instant;

use bgad::synthetic::{self, SyntheticConfig};
use bgad::{
    DeviceSelection, EvaluateWhen, FeaturePrecision, Layout, Model, Trainer, TrainerConfig,
    load_image,
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
        let config = TrainerConfig {
            model: Model::BgadFas,
            feature_precision,
            image_size,
            backbone: setting("BGAD_BACKBONE", bgad::FILTER_BANK.to_owned()),
            weights: std::env::var("BGAD_BACKBONE_WEIGHTS").ok().map(Into::into),
            meta_epochs: setting("BGAD_META_EPOCHS", 2),
            sub_epochs: setting("BGAD_SUB_EPOCHS", 4),
            batch_size: 16.min(images),
            evaluate: EvaluateWhen::Last,
            ..TrainerConfig::default()
        };
        // A format that this device lacks has no row.
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
        // Kernels are compiled and tuned at the first call.
        training.detector.predict(&test[0]).unwrap();
        let start = Instant::now();
        for image in &test {
            training.detector.predict(image).unwrap();
        }
        let milliseconds = start.elapsed().as_secs_f64() * 1e3 / test.len() as f64;
        let evaluation = training.evaluation.as_ref();
        let report = json!({
            "device": device.to_string(),
            "precision": name,
            "seconds": training.seconds,
            "milliseconds_per_image": milliseconds,
            "image_auroc": evaluation.and_then(|e| e.image_auroc),
            "pixel_auroc": evaluation.and_then(|e| e.pixel_auroc),
            "aupro": evaluation.and_then(|e| e.aupro),
        });
        println!("{report}");
    }
}
