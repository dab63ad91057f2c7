//! The cost of one prediction of 256 x 256 pixels with the filter bank.
//!
//!     cargo bench --workspace --bench prediction
#![allow(missing_docs, clippy::unwrap_used)]
#![recursion_limit = "256"]

use bgad::synthetic::{self, SyntheticConfig};
use bgad::{Layout, Trainer, TrainerConfig, load_image};
use divan::{Bencher, black_box};

#[divan::bench(sample_count = 20, sample_size = 1)]
fn filter_bank(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().unwrap();
    let parts = SyntheticConfig {
        train_images: 2,
        test_images: 1,
        abnormal_per_type: 1,
        ..SyntheticConfig::default()
    };
    synthetic::write(folder.path(), &parts).unwrap();
    let dataset = Layout::Mvtec.read(folder.path(), None).unwrap();
    let config = TrainerConfig::default().with(|config| {
        config.schedule.meta_epochs = 1;
        config.schedule.sub_epochs = 1;
    });
    let detector = Trainer::new(config).fit(&dataset).unwrap();
    let image = load_image(&dataset.test[0].path).unwrap();
    bencher.bench_local(|| detector.predict(black_box(&image)).unwrap());
}

fn main() {
    divan::main();
}
