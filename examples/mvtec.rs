//! MVTec AD: one category, BGAD-FAS with five abnormal images, metrics per defect type.
//!
//!     cargo run --release --example mvtec -- mvtec leather tf_efficientnet_b6.safetensors
//!
//! Without arguments it uses a few drawn parts in the same layout.

mod common;

use bgad::{Layout, Model};
use common::{Example, Result, print_types, split_folders};

fn main() -> Result {
    let example = Example::new("mvtec", |parts, folder| {
        split_folders(parts, &folder.join("parts"), ["good", "broken"], "_mask")
    })?;
    let category = example.category.as_deref().unwrap_or("parts");
    let mut dataset = Layout::Mvtec.read(&example.folder, Some(category))?;
    dataset.move_anomalies_to_training(5, 0)?;

    let detector = example
        .train(&dataset, example.settings(Model::BgadFas))?
        .detector;
    print_types(&detector, &dataset)
}
