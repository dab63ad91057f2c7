//! ELPV: electroluminescence photographs of solar cells. There are no masks, so whole images are scored; one
//! abnormal image is trained on.
//!
//!     cargo run --release --example elpv -- elpv tf_efficientnet_b6.safetensors
//!
//! Without arguments it uses a few drawn images in the same layout.

mod common;

use bgad::{AnomalySelection, Layout, Model};
use common::{Example, Result, by_label, copy, print_types};

fn main() -> Result {
    let example = Example::new("elpv", |parts, folder| {
        let (normal, abnormal) = by_label(parts);
        let cells = [normal.clone(), abnormal].concat();
        copy(&cells, &folder.join("images"))?;
        let line = |index: usize| {
            let probability = if index < normal.len() { "0.0" } else { "1.0" };
            let wafer = if index.is_multiple_of(2) {
                "mono"
            } else {
                "poly"
            };
            format!("images/{index:03}.png  {probability}  {wafer}\n")
        };
        let table: String = (0..cells.len()).map(line).collect();
        Ok(std::fs::write(folder.join("labels.csv"), table)?)
    })?;
    let mut dataset = Layout::Elpv.read(&example.folder, None)?;
    dataset.leave_out_absent_files();
    dataset.choose_anomalies(&AnomalySelection::one(), 0)?;

    // The defect types are the kinds of wafers, `mono` and `poly`.
    let detector = example
        .train(&dataset, example.settings(Model::BgadFas))?
        .detector;
    print_types(&detector, &dataset)
}
