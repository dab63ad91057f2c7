//! Writes seeds for the fuzz targets: a few small valid files for each reader.
//!
//!     cargo run --release --example fuzz_seeds -- fuzz/corpus
#![allow(clippy::print_stdout)]
#![recursion_limit = "256"]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bgad::synthetic::{self, SyntheticConfig};
use bgad::{
    DatasetDescription, Error, Fit, Granularity, Layout, Mirror, Model, Preset, Progress,
    RunDescription, RunDirectory, SplitFile, Trainer, TrainerConfig, load_image,
};
use serde_json::Value;

#[path = "fuzz_targets/run.rs"]
mod run;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let corpus = PathBuf::from(
        std::env::args()
            .nth(1)
            .ok_or("name the folder of the corpora")?,
    );
    let work = tempfile::tempdir()?;
    let data = work.path().join("parts");
    let parts = SyntheticConfig {
        image_size: 64,
        train_images: 3,
        test_images: 1,
        abnormal_per_type: 1,
        ..SyntheticConfig::default()
    };
    synthetic::write(&data, &parts)?;
    let dataset = Layout::Mvtec.read(&data, None)?;

    // Images and masks in each format.
    let image = load_image(&dataset.test[0].path)?;
    for format in ["png", "jpg", "bmp", "tiff", "webp"] {
        let path = work.path().join(format!("image.{format}"));
        image.save(&path)?;
        put(&corpus, "image", format, &std::fs::read(&path)?)?;
        put(&corpus, "mask", format, &std::fs::read(&path)?)?;
    }

    // A model at each granularity, and the other files of a run.
    for (name, preset) in [("default", Preset::Default), ("paper", Preset::Paper)] {
        let config = TrainerConfig::preset(preset).with(|config| {
            config.model = Model::Bgad;
            config.input.image_size = Some(32);
            config.flow.coupling_blocks = 1;
            config.flow.position_dimension = 8;
            config.schedule.image_steps = 1;
            config.schedule.meta_epochs = 1;
            config.schedule.sub_epochs = 1;
        });
        put(
            &corpus,
            "config",
            &format!("{name}.json"),
            serde_json::to_string(&config)?.as_bytes(),
        )?;
        let run = RunDirectory::begin(
            &work.path().join(name),
            &RunDescription::new(&config, DatasetDescription::of(&dataset)),
        )?;
        run.keep_dataset(&dataset)?;
        let training = Trainer::new(config).run(&dataset)?;
        training.detector.save(&run.model())?;
        put_model(&corpus, name, &std::fs::read(run.model())?)?;
        for file in ["run.json", "dataset.json"] {
            let bytes = std::fs::read(run.path().join(file))?;
            put(&corpus, "run_files", &format!("{name}-{file}"), &bytes)?;
        }
        for meta_epoch in &training.history {
            let mut line = serde_json::to_value(meta_epoch)?;
            line["seconds"] = 1.0.into();
            let line = serde_json::to_vec(&line)?;
            put(&corpus, "run_files", &format!("{name}-metrics"), &line)?;
        }
    }
    let small = TrainerConfig::paper().with(|config| {
        config.input.image_size = Some(32);
        config.input.fit = Fit::Tiles(8);
        config.granularity = Some(Granularity::Pixel);
        config.flow.coupling_blocks = 1;
        config.flow.position_dimension = 8;
        config.schedule.meta_epochs = 1;
        config.schedule.sub_epochs = 1;
        config.scoring.mirror = Mirror::On;
    });
    let path = work.path().join("small.bgad");
    Trainer::new(small).fit(&dataset)?.save(&path)?;
    put_model(&corpus, "small", &std::fs::read(path)?)?;
    put_checkpoint(&corpus, work.path())?;

    let text = "model = \"bgad-fas\"\ninput.image_size = 128\n[objective]\nbeta = 0.05\n";
    put(&corpus, "config", "text.toml", text.as_bytes())?;

    let split = work.path().join("split.json");
    SplitFile::of(&dataset)?.write(&split)?;
    put(&corpus, "split_file", "split", &std::fs::read(&split)?)?;

    // The first byte chooses the file's name.
    let table = "path,label,split,mask,defect_type\na.png,good,train,,\nb.png,bad,test,m/1.png; m/2.png,dent\n";
    put(&corpus, "manifest", "table", format!("0{table}").as_bytes())?;
    let list = r#"[{"path": "a.png", "label": 1, "split": "test", "mask": ["1.png"], "defect_type": "x"}]"#;
    put(&corpus, "manifest", "list", format!("1{list}").as_bytes())?;

    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let checkpoint = std::fs::read(root.join("tests/goldens/import_program.pt"))?;
    put(&corpus, "import", "program", &checkpoint)?;
    let weights = [
        (
            "0",
            "crates/bgad-backbone/tests/fixtures/timm_features.safetensors",
        ),
        ("1", "crates/bgad-backbone/tests/fixtures/plain.pth"),
        ("1", "crates/bgad-backbone/tests/fixtures/nested.pth"),
        ("1", "crates/bgad-backbone/tests/fixtures/repeated_view.pth"),
    ];
    for (first, file) in weights {
        let path = root.join(file);
        let mut bytes = first.as_bytes().to_vec();
        bytes.extend(std::fs::read(&path)?);
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        put(&corpus, "weights", &name, &bytes)?;
    }
    println!("seeds are in {}", corpus.display());
    Ok(())
}

/// A model as a file, and as the parts that the target joins.
fn put_model(corpus: &Path, name: &str, file: &[u8]) -> Result<()> {
    put(corpus, "model", name, &[b"0", file].concat())?;
    let parts = [b"1".to_vec(), parts(file, "bgad")?].concat();
    put(corpus, "model", &format!("{name}-parts"), &parts)
}

/// Checkpoints of a run that stops after its first meta-epoch and during its second.
fn put_checkpoint(corpus: &Path, work: &Path) -> Result<()> {
    let data = work.join("of-checkpoints");
    run::write_parts(&data)?;
    let dataset = Layout::Mvtec.read(&data, None)?;
    for batches in [2, 3] {
        let stop = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&stop);
        let trainer = Trainer::new(run::config())
            .checkpoints_in(work.join("checkpoints"))
            .stopped_by(stop)
            .observed_by(move |progress| {
                if let Progress::Batch { done, .. } = progress {
                    flag.store(done >= batches, Ordering::Relaxed);
                }
            });
        let Err(Error::Stopped {
            checkpoint: Some(path),
        }) = trainer.run(&dataset)
        else {
            return Err("the run did not stop with a checkpoint".into());
        };
        let parts = parts(&std::fs::read(path)?, "bgad_checkpoint")?;
        put(corpus, "checkpoint", &batches.to_string(), &parts)?;
    }
    Ok(())
}

/// A tensor file as its description, its tensors' header and their bytes.
fn parts(file: &[u8], key: &str) -> Result<Vec<u8>> {
    let (length, rest) = file.split_first_chunk().ok_or("a whole file")?;
    let (header, data) = rest.split_at(u64::from_le_bytes(*length) as usize);
    let mut header: Value = serde_json::from_slice(header)?;
    let metadata = header["__metadata__"][key].take();
    let metadata: Value = serde_json::from_str(metadata.as_str().ok_or("a description")?)?;
    let description = metadata["description"].as_str().ok_or("a description")?;
    let tensors = header.as_object_mut().ok_or("tensors")?;
    tensors.remove("__metadata__");
    let tensors = serde_json::to_vec(tensors)?;
    Ok([description.as_bytes(), &tensors, data].join(&0))
}

fn put(corpus: &Path, target: &str, name: &str, bytes: &[u8]) -> Result<()> {
    let folder = corpus.join(target);
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join(format!("seed-{name}")), bytes)?;
    Ok(())
}
