//! BGAD and BGAD-FAS on a synthetic set, with nothing to download.
//!
//! Draws photographs of machined parts, trains both models on the filter bank, which needs no weights,
//! evaluates them on defects that include types BGAD-FAS has not seen, and writes models, heat maps and
//! the run that `bgad review` opens to a folder.
//!
//!     cargo run --release --example quickstart [-- --json]
#![allow(clippy::print_stdout, clippy::print_stderr)] // an example talks to a person
#![recursion_limit = "256"]

use std::path::Path;
use std::time::Instant;

use bgad::synthetic::{self, SyntheticConfig};
use bgad::{
    Dataset, DatasetDescription, Detector, Layout, Model, Progress, RunDescription, RunDirectory,
    Trainer, TrainerConfig, Training, load_image,
};
use serde_json::json;

const OUT: &str = "out/quickstart";
/// Defect types that no training image shows.
const UNSEEN: [&str; 2] = ["scratch", "texture_break"];
const NO_TEST_SET: &str = "the drawn set has test images";
/// Number of abnormal training images for BGAD-FAS.
const ANOMALIES: usize = 5;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let json = std::env::args().any(|argument| argument == "--json");
    let start = Instant::now();
    let out = Path::new(OUT);
    if out.exists() {
        std::fs::remove_dir_all(out)?;
    }
    let data = out.join("parts");
    let parts = SyntheticConfig {
        image_size: 128,
        ..SyntheticConfig::default()
    };
    synthetic::write(&data, &parts)?;
    let normal_only = Layout::Mvtec.read(&data, None)?;
    let mut with_anomalies = normal_only.clone();
    select_anomalies(&mut with_anomalies)?;

    let trained = train(Trainer::new(config(Model::Bgad)), &normal_only)?;
    let (bgad, first) = (trained.detector, trained.evaluation.ok_or(NO_TEST_SET)?);
    bgad.save(&out.join("bgad.bgad"))?;
    let run = out.join("run");
    let trained = train_run(&with_anomalies, &run)?;
    let (fas, second) = (trained.detector, trained.evaluation.ok_or(NO_TEST_SET)?);
    fas.save(&out.join("bgad-fas.bgad"))?;
    let pictures = write_heatmaps(&fas, &with_anomalies, &out.join("heatmaps"))?;

    let seconds = start.elapsed().as_secs_f64();
    if json {
        let report = json!({
            "bgad": first,
            "bgad_fas": second,
            "unseen_defect_types": UNSEEN,
            "model": out.join("bgad-fas.bgad"),
            "run": run,
            "heatmaps": out.join("heatmaps"),
            "seconds": seconds,
        });
        println!("{report}");
        return Ok(());
    }
    drop(bgad);
    println!(
        "{:<10} {:>12} {:>12} {:>8}",
        "", "image AUROC", "pixel AUROC", "AUPRO"
    );
    for (name, evaluation) in [("BGAD", &first), ("BGAD-FAS", &second)] {
        let metric = |value: Option<f64>| value.map_or("-".into(), |v| format!("{v:.3}"));
        println!(
            "{name:<10} {:>12} {:>12} {:>8}",
            metric(evaluation.image_auroc),
            metric(evaluation.pixel_auroc),
            metric(evaluation.aupro)
        );
    }
    println!(
        "\nkinds of defects that training has not seen: {}",
        UNSEEN.join(", ")
    );
    println!("models and {pictures} heat maps in {OUT}, {seconds:.0} seconds in all");
    println!(
        "to look at them and teach the model: cargo run --release -p bgad-cli -- review {}",
        run.display()
    );
    Ok(())
}

/// Moves a few abnormal images to the training set, but none of the unseen types.
fn select_anomalies(dataset: &mut Dataset) -> Result<(), bgad::DataError> {
    let unseen = |kind: &str| UNSEEN.contains(&kind);
    let (held_out, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut dataset.test)
        .into_iter()
        .partition(|sample| unseen(&sample.defect_type));
    dataset.test = rest;
    dataset.move_anomalies_to_training(ANOMALIES, 0)?;
    dataset.test.extend(held_out);
    Ok(())
}

fn train(trainer: Trainer, dataset: &Dataset) -> Result<Training, bgad::Error> {
    let trainer = trainer.observed_by(|progress| {
        if let Progress::Features { done, total } = progress
            && done == total
        {
            eprintln!("{total} images read");
        }
    });
    trainer.run(dataset)
}

/// The default preset, unchanged.
fn config(model: Model) -> TrainerConfig {
    TrainerConfig::default().with(|config| {
        config.model = model;
        config.input.image_size = Some(128);
    })
}

/// Trains BGAD-FAS and writes the folder that `bgad train --keep-features` would write.
fn train_run(dataset: &Dataset, folder: &Path) -> Result<Training, bgad::Error> {
    let config = config(Model::BgadFas);
    let run = RunDescription::new(&config, DatasetDescription::of(dataset));
    let directory = RunDirectory::begin(folder, &run)?;
    directory.keep_dataset(dataset)?;
    let features = directory.features();
    let trainer = Trainer::new(config)
        .features_in(&features)
        .distances_in(&features);
    let training = train(trainer, dataset)?;
    training.detector.save(&directory.model())?;
    directory.keep_scores(&training.scores)?;
    directory.finish()?;
    Ok(training)
}

/// Writes each abnormal test image with its heat map; returns their number.
fn write_heatmaps(
    detector: &Detector,
    dataset: &Dataset,
    folder: &Path,
) -> Result<usize, Box<dyn std::error::Error>> {
    std::fs::create_dir_all(folder)?;
    let mut written = 0;
    for sample in &dataset.test {
        let image = load_image(&sample.path)?;
        let prediction = detector.predict(&image)?;
        let heat = detector.overlay(&image, &prediction)?;
        let name = sample
            .path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy();
        let name = format!("{}_{name}.png", sample.defect_type);
        heat.save(folder.join(name))?;
        written += 1;
    }
    Ok(written)
}
