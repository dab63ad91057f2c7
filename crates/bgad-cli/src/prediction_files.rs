//! The files that a prediction leaves: heat map, mask, score map.

use std::collections::HashMap;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use bgad::{Detector, Granularity, Prediction, RgbImage, ScoreMap};
use image::{GrayImage, ImageFormat, Luma};
use tiff::encoder::{TiffEncoder, colortype::Gray32Float};

use crate::arguments::{MapFormat, PredictArguments};
use crate::failure::Failure;

/// Which files are written where.
pub struct PredictionFiles {
    heatmaps: Option<PathBuf>,
    masks: Option<PathBuf>,
    maps: Option<PathBuf>,
    map_format: MapFormat,
    original_size: bool,
    /// The image that a file's name was given to first.
    taken: HashMap<PathBuf, PathBuf>,
    /// So many names are remembered before those of images that have gone are forgotten: a folder
    /// may be watched for years.
    most_taken: usize,
}

/// Names that are remembered at first.
const TAKEN: usize = 10_000;

impl PredictionFiles {
    /// Makes the folders.
    pub fn new(arguments: &PredictArguments, detector: &Detector) -> Result<Self, Failure> {
        let folders = [&arguments.heatmaps, &arguments.masks, &arguments.maps];
        for folder in folders.into_iter().flatten() {
            if detector.description().granularity == Granularity::Image {
                return Err(bgad::Error::NoScoreMap.into());
            }
            std::fs::create_dir_all(folder).map_err(file_failure(folder))?;
        }
        Ok(Self {
            heatmaps: arguments.heatmaps.clone(),
            masks: arguments.masks.clone(),
            maps: arguments.maps.clone(),
            map_format: arguments.map_format,
            original_size: arguments.original_size,
            taken: HashMap::new(),
            most_taken: TAKEN,
        })
    }

    /// Writes what was asked for.
    pub fn write(
        &mut self,
        detector: &Detector,
        path: &Path,
        image: &RgbImage,
        prediction: &Prediction,
    ) -> Result<(), Failure> {
        if let Some(folder) = self.heatmaps.clone() {
            let file = self.file(&folder, path, "_heatmap.png");
            let overlay = detector.overlay(image, prediction)?;
            write_replaceable(
                &file,
                &png(&file, |to| overlay.write_to(to, ImageFormat::Png))?,
            )?;
        }
        let (width, height) = image.dimensions();
        let map = prediction.map.as_ref();
        if let (Some(folder), Some(map)) = (self.masks.clone(), map) {
            let file = self.file(&folder, path, "_mask.png");
            let threshold = prediction.pixel_threshold.unwrap_or(f32::INFINITY);
            let mask = map.mask(threshold, width, height);
            let at = |x, y| Luma([255 * u8::from(mask[(y * width + x) as usize])]);
            let mask = GrayImage::from_fn(width, height, at);
            write_replaceable(
                &file,
                &png(&file, |to| mask.write_to(to, ImageFormat::Png))?,
            )?;
        }
        if let (Some(folder), Some(map)) = (self.maps.clone(), map) {
            let resized = self.original_size.then(|| map.resized(width, height));
            let map = resized.as_ref().unwrap_or(map);
            match self.map_format {
                MapFormat::Npy => {
                    let file = self.file(&folder, path, ".npy");
                    write_replaceable(&file, &numpy(map))?;
                }
                MapFormat::Tiff => {
                    let file = self.file(&folder, path, ".tiff");
                    write_replaceable(&file, &tiff(&file, map)?)?;
                }
            }
        }
        Ok(())
    }

    /// Where what belongs to an image goes: its name with `ending`, numbered where images of several
    /// folders share a name.
    fn file(&mut self, folder: &Path, image: &Path, ending: &str) -> PathBuf {
        if self.taken.len() >= self.most_taken {
            self.taken.retain(|_, image| image.exists());
            self.most_taken = 2 * self.taken.len().max(TAKEN);
        }
        let stem = image.file_stem().unwrap_or_default().to_string_lossy();
        let mut path = folder.join(format!("{stem}{ending}"));
        let mut number = 2;
        // The same image again, in a folder that is watched, takes its own place.
        while self.taken.entry(path.clone()).or_insert(image.to_owned()) != image {
            path = folder.join(format!("{stem}_{number}{ending}"));
            number += 1;
        }
        path
    }
}

fn png(
    path: &Path,
    write: impl FnOnce(&mut Cursor<Vec<u8>>) -> image::ImageResult<()>,
) -> Result<Vec<u8>, Failure> {
    let mut bytes = Cursor::new(Vec::new());
    match write(&mut bytes) {
        Ok(()) => Ok(bytes.into_inner()),
        Err(source) => Err(picture_failure(path, source)),
    }
}

fn tiff(path: &Path, map: &ScoreMap) -> Result<Vec<u8>, Failure> {
    let mut bytes = Cursor::new(Vec::new());
    let (width, height) = (map.width as u32, map.height as u32);
    let written = TiffEncoder::new(&mut bytes)
        .and_then(|mut tiff| tiff.write_image::<Gray32Float>(width, height, &map.values));
    match written {
        Ok(()) => Ok(bytes.into_inner()),
        Err(source) => Err(picture_failure(path, source)),
    }
}

/// An array `[height, width]` in NumPy's format 1.0: magic bytes, a header padded to 64 bytes, values
/// row by row.
fn numpy(map: &ScoreMap) -> Vec<u8> {
    const BEFORE: usize = 10;
    let (height, width) = (map.height, map.width);
    let header =
        format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({height}, {width}), }}");
    let length = (BEFORE + header.len() + 1).next_multiple_of(64) - BEFORE;
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((length as u16).to_le_bytes());
    bytes.extend(format!("{header:<width$}\n", width = length - 1).bytes());
    bytes.extend(map.values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

fn file_failure(path: &Path) -> impl FnOnce(std::io::Error) -> Failure + '_ {
    move |source| Failure::File {
        path: path.to_owned(),
        source,
    }
}

fn picture_failure(path: &Path, source: impl std::error::Error + 'static) -> Failure {
    Failure::Picture {
        path: path.to_owned(),
        source: Box::new(source),
    }
}

fn write_replaceable(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let written = bgad_files::write_replaceable(path, bytes);
    written.map_err(Failure::file(path))
}
