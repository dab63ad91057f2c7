//! What one prediction costs, by backbone.
//!
//!     cargo bench -p bgad --bench prediction
#![allow(missing_docs, clippy::unwrap_used)]
#![recursion_limit = "256"]

use std::hint::black_box;

use bgad::synthetic::{self, SyntheticConfig};
use bgad::{Layout, Trainer, TrainerConfig, load_image};
use criterion::{Criterion, criterion_group, criterion_main};

fn prediction(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let parts = SyntheticConfig {
        train_images: 2,
        test_images: 1,
        abnormal_per_type: 1,
        ..SyntheticConfig::default()
    };
    synthetic::write(folder.path(), &parts).unwrap();
    let dataset = Layout::Mvtec.read(folder.path(), None).unwrap();
    let config = TrainerConfig {
        meta_epochs: 1,
        sub_epochs: 1,
        ..TrainerConfig::default()
    };
    let detector = Trainer::new(config).fit(&dataset).unwrap();
    let image = load_image(&dataset.test[0].path).unwrap();
    criterion.bench_function("predict/filter-bank/256", |bencher| {
        bencher.iter(|| detector.predict(black_box(&image)).unwrap());
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = prediction
}
criterion_main!(benches);
