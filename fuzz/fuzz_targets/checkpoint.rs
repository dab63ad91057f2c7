//! Reads a checkpoint with a correct checksum, and resumes from it if it is valid.
#![no_main]

use std::sync::OnceLock;

use bgad::{Dataset, Layout, Trainer};
use libfuzzer_sys::fuzz_target;

mod common;
mod run;
mod signed;

static DATASET: OnceLock<Dataset> = OnceLock::new();

fuzz_target!(|bytes: &[u8]| {
    let Some(file) = signed::signed("bgad_checkpoint", 1, bytes) else {
        return;
    };
    let dataset = DATASET.get_or_init(|| {
        let parts = common::folder().join("parts");
        run::write_parts(&parts).expect("a few small images");
        Layout::Mvtec.read(&parts, None).expect("a set")
    });
    let checkpoints = common::folder().join("checkpoints");
    std::fs::create_dir_all(&checkpoints).expect("a folder for one file");
    let path = checkpoints.join("checkpoint-000000-000001-00000000.safetensors");
    std::fs::write(path, file).expect("a file in memory");
    let trainer = Trainer::new(run::config()).checkpoints_in(&checkpoints);
    let _ = trainer.resume(dataset);
    let _ = std::fs::remove_dir_all(&checkpoints);
});
