//! PyTorch checkpoints that become models.
#![no_main]

use bgad::{Detector, Device, ImportOptions, SoftClamp};
use libfuzzer_sys::fuzz_target;

mod common;

fuzz_target!(|bytes: &[u8]| {
    let file = common::file("checkpoint.pt", bytes);
    let options = ImportOptions {
        backbone: "filter-bank".to_owned(),
        weights: None,
        image_size: 32,
        clamp: SoftClamp::Tanh,
        false_positive_rate: 0.01,
    };
    let _ = Detector::import(&[file], &options, [], &Device::flex());
});
