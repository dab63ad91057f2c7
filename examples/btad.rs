//! BTAD: one category, with no abnormal image in training and with five.
//!
//!     cargo run --release --example btad -- btad 01 tf_efficientnet_b6.safetensors
//!
//! Without arguments it takes a few drawn parts in the same layout.

mod common;

use bgad::{Layout, Model};
use common::{Example, Result, by_label, copy, copy_masks};

fn main() -> Result {
    let example = Example::new("btad", |parts, folder| {
        let (normal, abnormal) = by_label(parts);
        let product = folder.join("01");
        copy(&normal[4..], &product.join("train/ok"))?;
        copy(&normal[..4], &product.join("test/ok"))?;
        copy(&abnormal, &product.join("test/ko"))?;
        copy_masks(&abnormal, &product.join("ground_truth/ko"), "")
    })?;
    let category = example.category.as_deref().unwrap_or("01");
    let mut dataset = Layout::Btad.read(&example.folder, Some(category))?;
    example.train(&dataset, example.settings(Model::Bgad))?;

    dataset.move_anomalies_to_training(5, 0)?;
    example.train(&dataset, example.settings(Model::BgadFas))?;
    Ok(())
}
