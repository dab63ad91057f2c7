//! A small synthetic set, and settings with which a run takes a second or two.
#![allow(dead_code, missing_docs, clippy::unwrap_used)]

use std::path::Path;

use bgad::synthetic::{self, SyntheticConfig};
use bgad::{Dataset, EvaluateWhen, Layout, Model, TrainFlows, TrainerConfig};

pub fn write_parts(folder: &Path) {
    let parts = SyntheticConfig {
        image_size: 64,
        train_images: 6,
        test_images: 3,
        abnormal_per_type: 2,
        ..SyntheticConfig::default()
    };
    synthetic::write(folder, &parts).unwrap();
}

/// The set with two abnormal images in training.
pub fn parts(folder: &Path) -> Dataset {
    write_parts(folder);
    let mut dataset = Layout::Mvtec.read(folder, None).unwrap();
    dataset.move_anomalies_to_training(2, 0).unwrap();
    dataset
}

pub fn settings() -> TrainerConfig {
    TrainerConfig::default().with(|config| {
        config.model = Model::BgadFas;
        config.input.image_size = Some(64);
        config.flow.coupling_blocks = 2;
        config.flow.position_dimension = 16;
        config.schedule.meta_epochs = 2;
        config.schedule.sub_epochs = 1;
        config.schedule.batch_size = 4;
        config.schedule.image_steps = 4;
        config.schedule.position_steps = 0;
        config.schedule.train_flows = TrainFlows::Always;
        config.schedule.evaluate = EvaluateWhen::Each;
        config.abnormal.repeats = 1;
    })
}
