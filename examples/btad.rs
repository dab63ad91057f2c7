//! BTAD: one category, without abnormal training images and with five.
//!
//!     cargo run --release --example btad -- btad 01 tf_efficientnet_b6.safetensors
//!
//! Without arguments it uses a few drawn parts in the same layout.

mod common;

use bgad::{Layout, Model};
use common::{Example, Result, split_folders};

fn main() -> Result {
    let example = Example::new("btad", |parts, folder| {
        split_folders(parts, &folder.join("01"), ["ok", "ko"], "")
    })?;
    let category = example.category.as_deref().unwrap_or("01");
    let mut dataset = Layout::Btad.read(&example.folder, Some(category))?;
    example.train(&dataset, example.settings(Model::Bgad))?;

    dataset.move_anomalies_to_training(5, 0)?;
    example.train(&dataset, example.settings(Model::BgadFas))?;
    Ok(())
}
