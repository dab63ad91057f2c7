//! Reads images of all formats, recognised by their content.
#![no_main]

use bgad::load_image;
use libfuzzer_sys::fuzz_target;

mod common;

fuzz_target!(|bytes: &[u8]| {
    common::panics_may_be_caught();
    let _ = load_image(&common::file("image.png", bytes));
});
