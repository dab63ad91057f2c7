//! MVTec AD: one category, BGAD-FAS with five abnormal images, metrics of each type of defect.
//!
//!     cargo run --release --example mvtec -- mvtec leather tf_efficientnet_b6.safetensors
//!
//! Without arguments it takes a few drawn parts in the same layout.
#![allow(clippy::print_stdout)] // an example talks to a person

mod common;

use bgad::{Layout, Model};
use common::{Example, Result, number, split_folders};

fn main() -> Result {
    let example = Example::new("mvtec", |parts, folder| {
        split_folders(parts, &folder.join("parts"), ["good", "broken"], "_mask")
    })?;
    let category = example.category.as_deref().unwrap_or("parts");
    let mut dataset = Layout::Mvtec.read(&example.folder, Some(category))?;
    dataset.move_anomalies_to_training(5, 0)?;

    let training = example.train(&dataset, example.settings(Model::BgadFas))?;
    for defects in &training.evaluation.unwrap_or_default().by_defect_type {
        println!(
            "{}: {} images, image AUROC {}, AUPRO {}",
            defects.defect_type,
            defects.images,
            number(defects.image_auroc),
            number(defects.aupro)
        );
    }
    Ok(())
}
