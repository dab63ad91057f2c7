//! The files written for a prediction: heat map, mask, score map.

use std::collections::HashSet;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use bgad::{Detector, Prediction, RgbImage, ScoreMap};
use image::{GrayImage, ImageFormat, Luma};
use tiff::encoder::{TiffEncoder, colortype::Gray32Float};

use crate::arguments::{MapFormat, PredictArguments};
use crate::failure::Failure;
use crate::output_folder::OutputFolder;
use crate::prediction_names::PredictionNames;
use crate::progress::warning;

/// Which files are written, and where.
pub struct PredictionFiles {
    heatmaps: Option<PathBuf>,
    masks: Option<PathBuf>,
    maps: Option<PathBuf>,
    map_format: MapFormat,
    original_size: bool,
    names: PredictionNames,
    /// The files that this run has written; only these are replaced without a warning.
    written: HashSet<PathBuf>,
    /// Whether the warning about an earlier run's files was printed.
    said: bool,
}

/// The files that belong to one prediction.
#[derive(Debug, Default)]
pub struct WrittenFiles {
    pub heatmap: Option<PathBuf>,
    pub mask: Option<PathBuf>,
    pub map: Option<PathBuf>,
}

impl WrittenFiles {
    fn all(&self) -> impl Iterator<Item = &PathBuf> {
        [&self.heatmap, &self.mask, &self.map].into_iter().flatten()
    }

    /// The kind and the path of each file.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, &PathBuf)> {
        let all = [
            ("heatmap", &self.heatmap),
            ("mask", &self.mask),
            ("map", &self.map),
        ];
        all.into_iter()
            .filter_map(|(what, path)| Some((what, path.as_ref()?)))
    }
}

impl PredictionFiles {
    /// Creates the folders for files that belong to `images` and, if a folder is watched, to images that come
    /// later. A folder of images is refused, an image is never replaced by such a file, and replacing an
    /// earlier run's files prints a warning.
    pub fn new(
        arguments: &PredictArguments,
        detector: &Detector,
        images: &[PathBuf],
    ) -> Result<Self, Failure> {
        let folders = [
            ("heatmaps", &arguments.heatmaps),
            ("masks", &arguments.masks),
            ("maps", &arguments.maps),
        ];
        let folders = folders.iter().filter_map(|(option, path)| {
            let path = path.as_deref()?;
            Some(OutputFolder { option, path })
        });
        if folders.clone().next().is_some() && detector.description().pixel_threshold.is_none() {
            return Err(bgad::Error::NoScoreMap.into());
        }
        let mut files = Self {
            heatmaps: arguments.heatmaps.clone(),
            masks: arguments.masks.clone(),
            maps: arguments.maps.clone(),
            map_format: arguments.map_format,
            original_size: arguments.original_size,
            names: PredictionNames::new(images),
            written: HashSet::new(),
            said: false,
        };
        files.check(images)?;
        let named = arguments.images.iter().chain(&arguments.watch);
        let inputs: Vec<PathBuf> = named.chain(images).cloned().collect();
        for folder in folders {
            folder.for_pictures(&inputs)?;
        }
        Ok(files)
    }

    /// Whether any files were asked for.
    pub fn are_wanted(&self) -> bool {
        self.heatmaps.is_some() || self.masks.is_some() || self.maps.is_some()
    }

    /// Checks, before any work, for files that would be replaced.
    fn check(&mut self, images: &[PathBuf]) -> Result<(), Failure> {
        if !self.are_wanted() {
            return Ok(());
        }
        let real = |path: &PathBuf| path.canonicalize().ok();
        let inputs: HashSet<PathBuf> = images.iter().filter_map(real).collect();
        let mut earlier = Vec::new();
        for image in images {
            for file in self.files_of(image).all() {
                if real(file).is_some_and(|file| inputs.contains(&file)) {
                    let file = file.display();
                    return Err(Failure::Missing(format!(
                        "{file}: one of the images would be replaced by a file about {}; name \
                         another folder",
                        image.display()
                    )));
                }
                if file.exists() {
                    earlier.push(file.clone());
                }
            }
        }
        if let Some(first) = earlier.first() {
            self.said = true;
            warning(&format!(
                "replacing {} of an earlier run; the first is {}",
                crate::decisions::count(earlier.len(), "file"),
                first.display()
            ));
        }
        Ok(())
    }

    /// The files that belong to an image.
    fn files_of(&mut self, image: &Path) -> WrittenFiles {
        let name = self.names.of(image);
        let file = |folder: &Option<PathBuf>, ending: &str| {
            let folder = folder.as_ref()?;
            Some(folder.join(format!("{name}{ending}")))
        };
        WrittenFiles {
            heatmap: file(&self.heatmaps, "_heatmap.png"),
            mask: file(&self.masks, "_mask.png"),
            map: match self.map_format {
                MapFormat::Npy => file(&self.maps, ".npy"),
                MapFormat::Tiff => file(&self.maps, ".tiff"),
            },
        }
    }

    /// Writes the files that were asked for.
    pub fn write(
        &mut self,
        detector: &Detector,
        path: &Path,
        image: &RgbImage,
        prediction: &Prediction,
    ) -> Result<WrittenFiles, Failure> {
        let files = self.files_of(path);
        for file in files.all() {
            if self.written.insert(file.clone()) && !self.said && file.exists() {
                self.said = true;
                let file = file.display();
                warning(&format!(
                    "replacing files of an earlier run; the first is {file}"
                ));
            }
        }
        if let Some(file) = &files.heatmap {
            let overlay = detector.overlay(image, prediction)?;
            write_replaceable(
                file,
                &png(file, |to| overlay.write_to(to, ImageFormat::Png))?,
            )?;
        }
        let (width, height) = image.dimensions();
        let map = prediction.map.as_ref();
        if let (Some(file), Some(map)) = (&files.mask, map) {
            let threshold = prediction.pixel_threshold.unwrap_or(f32::INFINITY);
            let mask = map.mask(threshold, width, height);
            let at = |x, y| Luma([255 * u8::from(mask[(y * width + x) as usize])]);
            let mask = GrayImage::from_fn(width, height, at);
            write_replaceable(file, &png(file, |to| mask.write_to(to, ImageFormat::Png))?)?;
        }
        if let (Some(file), Some(map)) = (&files.map, map) {
            let resized = self.original_size.then(|| map.resized(width, height));
            let map = resized.as_ref().unwrap_or(map);
            let bytes = match self.map_format {
                MapFormat::Npy => numpy(map),
                MapFormat::Tiff => tiff(file, map)?,
            };
            write_replaceable(file, &bytes)?;
        }
        Ok(files)
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

/// An array `[height, width]` in NumPy's format 1.0: magic bytes, a header padded to 64 bytes, and the values
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
