//! BrainMRI: tumours on slices of the head. Cross-validation tests every image once.
//!
//!     cargo run --release --example brain_mri -- brain_mri tf_efficientnet_b6.safetensors
//!
//! Without arguments it uses a few drawn images in the same layout.
#![allow(clippy::print_stdout)] // an example talks to a person

mod common;

use bgad::{AnomalySelection, Layout, Model};
use common::{Example, Result, by_label, copy};

fn main() -> Result {
    let example = Example::new("brain_mri", |parts, folder| {
        let (normal, abnormal) = by_label(parts);
        copy(&normal, &folder.join("no"))?;
        copy(&abnormal, &folder.join("yes"))
    })?;
    let dataset = Layout::BrainMri.read(&example.folder, None)?;

    let mut aurocs = Vec::new();
    for mut fold in dataset.folds(3, 0)? {
        fold.choose_anomalies(&AnomalySelection::one(), 0)?;
        let training = example.train(&fold, example.settings(Model::BgadFas))?;
        aurocs.extend(training.evaluation.and_then(|e| e.image_auroc));
    }
    let mean = aurocs.iter().sum::<f64>() / aurocs.len() as f64;
    println!("image AUROC, mean of {} folds: {mean:.3}", aurocs.len());
    Ok(())
}
