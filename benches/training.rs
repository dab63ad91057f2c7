//! A whole training of one meta-epoch with one sub-epoch, from files to the calibrated detector.
//!
//!     cargo bench --workspace --bench training
#![allow(missing_docs, clippy::unwrap_used)]
#![recursion_limit = "256"]

use bgad::synthetic::{self, SyntheticConfig};
use bgad::{EvaluateWhen, Layout, Preset, Trainer, TrainerConfig};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};

fn training(criterion: &mut Criterion) {
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
    let mut group = criterion.benchmark_group("training epoch, 32 images, filter bank");
    for (name, preset) in [("paper", Preset::Paper), ("default", Preset::Default)] {
        let config = TrainerConfig {
            image_size: 128,
            meta_epochs: 1,
            sub_epochs: 1,
            evaluate: EvaluateWhen::Never,
            ..TrainerConfig::preset(preset)
        };
        let trainer = Trainer::new(config);
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| trainer.fit(&dataset).unwrap());
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10);
    targets = training
}
criterion_main!(benches);
