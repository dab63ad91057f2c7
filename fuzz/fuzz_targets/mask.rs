//! Reads masks.
#![no_main]

use bgad_data::Mask;
use libfuzzer_sys::fuzz_target;

mod common;

fuzz_target!(|bytes: &[u8]| {
    common::panics_may_be_caught();
    let _ = Mask::load(&common::file("mask.png", bytes));
});
