//! Small trees of files.
#![allow(
    dead_code,
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

use std::fs;
use std::path::Path;

use image::{GrayImage, Luma, Rgb, RgbImage};

/// Writes an 8x6 image, the format told by the name.
pub fn image(root: &Path, name: &str) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    RgbImage::from_pixel(8, 6, Rgb([90, 100, 110]))
        .save(path)
        .unwrap();
}

pub fn images(root: &Path, names: &[&str]) {
    names.iter().for_each(|name| image(root, name));
}

/// Writes a mask with one defect pixel.
pub fn mask(root: &Path, name: &str, width: u32, height: u32) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut mask = GrayImage::new(width, height);
    mask.put_pixel(1, 1, Luma([255]));
    mask.save(path).unwrap();
}

pub fn text(root: &Path, name: &str, content: &str) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// Whether one warning of the data set has all these parts.
pub fn warned(dataset: &bgad_data::Dataset, parts: &[&str]) -> bool {
    dataset
        .warnings
        .iter()
        .any(|warning| parts.iter().all(|part| warning.contains(part)))
}

/// File names of samples.
pub fn names(samples: &[bgad_data::Sample]) -> Vec<String> {
    samples
        .iter()
        .map(|sample| {
            sample
                .path
                .file_name()
                .unwrap()
                .to_string_lossy()
                .into_owned()
        })
        .collect()
}
