//! Weights: the first byte says whether they are called .safetensors or .pth.
#![no_main]

use bgad_backbone::Weights;
use libfuzzer_sys::fuzz_target;

mod common;

fuzz_target!(|bytes: &[u8]| {
    let Some((first, bytes)) = bytes.split_first() else {
        return;
    };
    let name = match first % 2 {
        0 => "weights.safetensors",
        _ => "weights.pth",
    };
    let _ = Weights::open(&common::file(name, bytes));
});
