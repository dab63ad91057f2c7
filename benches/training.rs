//! A whole training run of one meta-epoch with one sub-epoch, from files to the calibrated detector.
//!
//!     cargo bench --workspace --bench training
#![allow(missing_docs, clippy::unwrap_used)]
#![recursion_limit = "256"]

use bgad::synthetic::{self, SyntheticConfig};
use bgad::{EvaluateWhen, Layout, Preset, Trainer, TrainerConfig};
use divan::Bencher;

/// Trains on 32 images with the filter bank.
fn measure(bencher: Bencher<'_, '_>, preset: Preset) {
    let folder = tempfile::tempdir().unwrap();
    let parts = SyntheticConfig {
        image_size: 128,
        train_images: 32,
        test_images: 1,
        abnormal_per_type: 1,
        ..SyntheticConfig::default()
    };
    synthetic::write(folder.path(), &parts).unwrap();
    let dataset = Layout::Mvtec.read(folder.path(), None).unwrap();
    let trainer = Trainer::new(TrainerConfig::preset(preset).with(|config| {
        config.input.image_size = Some(128);
        config.schedule.meta_epochs = 1;
        config.schedule.sub_epochs = 1;
        config.schedule.evaluate = EvaluateWhen::Never;
    }));
    bencher.bench_local(|| trainer.fit(&dataset).unwrap());
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn paper(bencher: Bencher<'_, '_>) {
    measure(bencher, Preset::Paper);
}

#[divan::bench(sample_count = 10, sample_size = 1)]
fn default(bencher: Bencher<'_, '_>) {
    measure(bencher, Preset::Default);
}

fn main() {
    divan::main();
}
