//! Imports PyTorch checkpoints as models.
#![no_main]

use bgad::{Detector, Device, ImportOptions};
use libfuzzer_sys::fuzz_target;

mod common;

fuzz_target!(|bytes: &[u8]| {
    let file = common::file("checkpoint.pt", bytes);
    let mut options = ImportOptions::default();
    options.input.image_size = Some(32);
    let _ = Detector::import(&[file], &options, [], &Device::flex());
});
