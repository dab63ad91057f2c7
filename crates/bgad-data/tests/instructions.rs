//! Resizing and JPEG under every set of instructions that this machine has.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

#[path = "../../../tests/instruction_sets/mod.rs"]
mod instruction_sets;

use std::path::Path;

use bgad_data::{Filter, RgbImage, load_image, resize};

#[test]
fn resized_images_are_the_same_to_the_byte() {
    let image = RgbImage::from_fn(131, 97, |x, y| {
        image::Rgb([(x * y % 251) as u8, (x * 7 + y) as u8, (x ^ y) as u8])
    });
    for filter in [Filter::Bilinear, Filter::Bicubic, Filter::Lanczos] {
        for (width, height) in [(64, 64), (200, 30), (131, 20), (17, 97)] {
            let results = instruction_sets::under_each(|| resize(&image, width, height, filter));
            let (_, first) = &results[0];
            for (set, resized) in &results {
                assert!(resized == first, "{filter:?} to {width}x{height}: {set}");
            }
        }
    }
}

#[test]
fn jpeg_pixels_are_the_same_to_the_byte() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/kinds");
    for sampling in ["1x1", "2x1", "1x2", "2x2"] {
        let path = folder.join(format!("seq_{sampling}.jpg"));
        let results = instruction_sets::under_each(|| load_image(&path).unwrap());
        let (_, first) = &results[0];
        for (set, image) in &results {
            assert!(image == first, "{sampling}: {set}");
        }
    }
}
