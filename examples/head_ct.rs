//! HeadCT: haemorrhages on slices of the head. One abnormal image is trained on, and the threshold is
//! calibrated on normal test images, which training has not seen.
//!
//!     cargo run --release --example head_ct -- head_ct_set tf_efficientnet_b6.safetensors
//!
//! Without arguments it uses a few drawn images in the same layout.
#![allow(clippy::print_stdout)] // an example talks to a person

mod common;

use bgad::{AnomalySelection, Layout, Model};
use common::{Example, Result, by_label, copy};

fn main() -> Result {
    let example = Example::new("head_ct", |parts, folder| {
        let (normal, abnormal) = by_label(parts);
        copy(
            &[normal.clone(), abnormal].concat(),
            &folder.join("head_ct"),
        )?;
        let line = |id| format!("{id},{}\n", u8::from(id >= normal.len()));
        let table: String = (0..parts.samples().count()).map(line).collect();
        let table = format!("id,hemorrhage\n{table}");
        Ok(std::fs::write(folder.join("labels.csv"), table)?)
    })?;
    let mut dataset = Layout::HeadCt.read(&example.folder, None)?;
    dataset.choose_anomalies(&AnomalySelection::one(), 0)?;

    let mut detector = example
        .train(&dataset, example.settings(Model::BgadFas))?
        .detector;
    let normal = dataset
        .test
        .iter()
        .filter(|sample| !sample.label.is_abnormal());
    let images = detector.recalibrate(normal.map(|sample| Ok(sample.load_image()?)), 0.1)?;
    let model = detector.description();
    println!(
        "threshold {:.3} from {images} normal images: at most {:.0} % false positives on average",
        model.threshold,
        100.0 * model.false_positive_rate()
    );
    Ok(())
}
