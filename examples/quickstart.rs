//! BGAD and BGAD-FAS on a synthetic set, with nothing to download.
//!
//! Draws photographs of machined parts, trains both models on the weight-free filter bank,
//! evaluates them on defects of which BGAD-FAS has not seen every kind, and writes the models, heat
//! maps and the run that `bgad review` opens to a folder.
//!
//!     cargo run --release --example quickstart [-- --json]
#![allow(clippy::print_stdout, clippy::print_stderr)] // an example talks to a person
#![recursion_limit = "256"]

use std::path::Path;
use std::time::Instant;

use bgad::synthetic::{self, SyntheticConfig};
use bgad::{
    Dataset, DatasetDescription, Detector, Evaluation, Layout, Model, Progress, RunDescription,
    RunDirectory, Trainer, TrainerConfig, load_image,
};
use serde_json::json;

const OUT: &str = "out/quickstart";
/// Kinds of defects that no training image shows.
const UNSEEN: [&str; 2] = ["scratch", "texture_break"];
/// Abnormal training images for BGAD-FAS.
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

    let (bgad, first) = train(Model::Bgad, &normal_only, &out.join("bgad.bgad"))?;
    let (fas, second) = train(Model::BgadFas, &with_anomalies, &out.join("bgad-fas.bgad"))?;
    let run = out.join("run");
    write_run(&fas, &with_anomalies, &run)?;
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

/// Moves a few abnormal images to the training set, none of the kinds that stay unseen.
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

fn train(
    model: Model,
    dataset: &Dataset,
    path: &Path,
) -> Result<(Detector, Evaluation), Box<dyn std::error::Error>> {
    let training = Trainer::new(config(model))
        .observed_by(move |progress| {
            if let Progress::MetaEpoch(epoch) = progress {
                let loss = epoch.loss.unwrap_or_default();
                eprintln!("{model:?}: meta-epoch {}, loss {loss:.3}", epoch.meta_epoch);
            }
        })
        .run(dataset)?;
    training.detector.save(path)?;
    let evaluation = training.evaluation.ok_or("there is a test set")?;
    Ok((training.detector, evaluation))
}

/// The default preset as it is.
fn config(model: Model) -> TrainerConfig {
    TrainerConfig::default().with(|config| {
        config.model = model;
        config.input.image_size = 128;
    })
}

/// The folder that `bgad train` would have left.
fn write_run(detector: &Detector, dataset: &Dataset, folder: &Path) -> bgad::Result<()> {
    let run = RunDescription::new(&config(Model::BgadFas), DatasetDescription::of(dataset));
    let directory = RunDirectory::begin(folder, &run)?;
    directory.keep_dataset(dataset)?;
    detector.save(&directory.model())?;
    directory.finish()
}

/// Writes the image and its heat map of each abnormal test image; their number.
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
