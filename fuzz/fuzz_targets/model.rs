//! Reads a model file, and predicts with it if it is valid. The first byte says whether the rest is the file
//! or its parts, which then get a matching checksum.
#![no_main]

use bgad::{Detector, Device, FORMAT_VERSION, RgbImage};
use libfuzzer_sys::fuzz_target;

mod common;
mod signed;

fuzz_target!(|bytes: &[u8]| {
    let Some((first, bytes)) = bytes.split_first() else {
        return;
    };
    let file = match first % 2 {
        0 => bytes.to_vec(),
        _ => match signed::signed("bgad", FORMAT_VERSION, bytes) {
            Some(file) => file,
            None => return,
        },
    };
    let path = common::file("model.bgad", &file);
    if let Ok(detector) = Detector::load(&path, &Device::flex()) {
        let _ = detector.predict(&RgbImage::new(8, 8));
    }
});
