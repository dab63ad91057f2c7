//! Your own folders, with any names, and an inspection before training.
//!
//!     cargo run --release --example custom_folder -- FOLDER
//!
//! `FOLDER` contains `flawless` and `returned/broken`, with masks beside the images; change the names below
//! for your own. Without arguments a few drawn parts are arranged like that.
#![allow(clippy::print_stdout)] // an example talks to a person

mod common;

use bgad::{FolderLayout, MaskLocation, Model};
use common::{Example, Result, by_label, copy, copy_masks};

fn main() -> Result {
    let example = Example::new("custom_folder", |parts, folder| {
        let (normal, abnormal) = by_label(parts);
        let broken = folder.join("returned/broken");
        copy(&normal, &folder.join("flawless"))?;
        copy(&abnormal, &broken)?;
        copy_masks(&abnormal, &broken, "_mask")
    })?;
    let layout = FolderLayout {
        name: "parts".to_owned(),
        normal: vec![example.folder.join("flawless")],
        abnormal: vec![example.folder.join("returned/broken")],
        masks: Some(MaskLocation::Beside("_mask.png".to_owned())),
        left_out: Vec::new(),
        test_fraction: 0.3,
        random_state: 7,
    };
    let mut dataset = layout.read()?;
    let inspection = dataset.inspect();
    println!(
        "{} files are of no use: {:?}",
        inspection.skipped.len(),
        inspection.skipped
    );
    dataset.move_anomalies_to_training(2, 0)?;

    let detector = example
        .train(&dataset, example.settings(Model::BgadFas))?
        .detector;
    for sample in dataset
        .test
        .iter()
        .filter(|sample| sample.label.is_abnormal())
    {
        let prediction = detector.predict_file(&sample.path)?;
        let regions = prediction.regions.len();
        println!(
            "{} {:.3}, {regions} regions",
            sample.path.display(),
            prediction.score
        );
    }
    Ok(())
}
