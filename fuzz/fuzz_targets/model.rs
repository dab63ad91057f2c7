//! A model file, and a prediction with it where it is sound.
#![no_main]

use bgad::{Detector, Device, RgbImage};
use libfuzzer_sys::fuzz_target;

mod common;

fuzz_target!(|bytes: &[u8]| {
    let path = common::file("model.bgad", bytes);
    if let Ok(detector) = Detector::load(&path, &Device::flex()) {
        let _ = detector.predict(&RgbImage::new(8, 8));
    }
});
