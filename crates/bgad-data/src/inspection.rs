//! What a data set holds, as far as its files tell.

use std::collections::{BTreeMap, BTreeSet};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use image::{ImageDecoder, ImageReader};
use rayon::prelude::*;
use serde::Serialize;

use crate::colour_mode::colour_mode;
use crate::{
    AvailableMasks, DataError, Dataset, Orientation, Result, Sample, SkippedFile, image_file,
    verify,
};

/// What was found in a data set.
#[non_exhaustive]
#[derive(Debug, Clone, Serialize)]
pub struct Inspection {
    /// Name of the data set.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
    /// Training samples by defect type, `good` for normal ones.
    pub train: BTreeMap<String, usize>,
    /// Test samples by defect type, `good` for normal ones.
    pub test: BTreeMap<String, usize>,
    /// Sizes of the images, the most frequent first. A part of an image counts by its own size.
    pub sizes: Vec<SizeCount>,
    /// Formats and colours of the image files, the most frequent first.
    pub modes: Vec<ModeCount>,
    /// What there is of masks.
    pub masks: MaskInspection,
    /// Images that a table names and that are not there.
    pub absent: Vec<PathBuf>,
    /// Images that are there and cannot be read, and why.
    pub unreadable: Vec<SkippedFile>,
    /// Files that are no samples, and why.
    pub skipped: Vec<SkippedFile>,
    /// What a person should know, one sentence each.
    pub warnings: Vec<String>,
}

/// How many samples have a size.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct SizeCount {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Number of samples.
    pub images: usize,
}

/// How many image files have a format and colour mode.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ModeCount {
    /// `png`, `jpeg`, `bmp`, `tiff` or `webp`.
    pub format: String,
    /// `grey`, `grey with alpha`, `rgb`, `rgba`, `palette`, `cmyk` or another name.
    pub mode: String,
    /// Bits of each channel as they stand in the file.
    pub bits: u8,
    /// Number of files.
    pub images: usize,
}

/// What there is of masks.
#[non_exhaustive]
#[derive(Debug, Clone, Serialize)]
pub struct MaskInspection {
    /// How many of the abnormal samples have one.
    pub available: AvailableMasks,
    /// Number of abnormal samples with a mask.
    pub present: usize,
    /// Abnormal samples without a mask; empty where no sample has one.
    pub missing: Vec<PathBuf>,
    /// Masks without an image.
    pub orphans: Vec<PathBuf>,
    /// Abnormal samples whose mask marks no pixel.
    pub empty: Vec<PathBuf>,
    /// Samples whose mask cannot be used, and why.
    pub unusable: Vec<SkippedFile>,
}

/// What the header of an image file says.
#[derive(Clone)]
struct Header {
    size: (u32, u32),
    format: String,
    mode: &'static str,
    bits: u8,
}

/// What one sample's mask is.
enum MaskState {
    None,
    Sound,
    Empty,
    Unusable(String),
}

impl Dataset {
    /// Reads every image's header and every mask, and tells what was found. Files that cannot be read
    /// are part of the answer, not an error.
    pub fn inspect(&self) -> Inspection {
        let files: BTreeSet<&Path> = self.samples().map(|sample| sample.path.as_path()).collect();
        let headers: BTreeMap<&Path, Result<Header>> = files
            .into_par_iter()
            .map(|path| (path, header(path)))
            .collect();
        let samples: Vec<&Sample> = self.samples().collect();
        let states: Vec<MaskState> = samples
            .par_iter()
            .map(|sample| mask_state(sample))
            .collect();

        let (mut sizes, mut modes) = (BTreeMap::new(), BTreeMap::new());
        let (mut absent, mut unreadable) = (Vec::new(), Vec::new());
        for (path, header) in &headers {
            match header {
                Ok(Header {
                    format, mode, bits, ..
                }) => {
                    *modes.entry((format.clone(), *mode, *bits)).or_insert(0) += 1;
                }
                Err(_) if !path.exists() => absent.push(path.to_path_buf()),
                Err(error) => unreadable.push(SkippedFile {
                    path: path.to_path_buf(),
                    reason: error.to_string(),
                }),
            }
        }
        for sample in &samples {
            if let Some(Ok(header)) = headers.get(sample.path.as_path()) {
                let region = sample.region.map(|region| (region.width, region.height));
                *sizes.entry(region.unwrap_or(header.size)).or_insert(0) += 1;
            }
        }
        let mut sizes: Vec<SizeCount> = sizes
            .into_iter()
            .map(|((width, height), images)| SizeCount {
                width,
                height,
                images,
            })
            .collect();
        sizes.sort_by_key(|size| std::cmp::Reverse(size.images));
        let mut modes: Vec<ModeCount> = modes
            .into_iter()
            .map(|((format, mode, bits), images)| ModeCount {
                format,
                mode: mode.to_owned(),
                bits,
                images,
            })
            .collect();
        modes.sort_by_key(|mode| std::cmp::Reverse(mode.images));
        Inspection {
            name: self.name.clone(),
            folder: self.root.clone(),
            train: by_type(&self.train),
            test: by_type(&self.test),
            sizes,
            modes,
            masks: self.inspect_masks(&samples, states),
            absent,
            unreadable,
            skipped: self.skipped.clone(),
            warnings: self.warnings.clone(),
        }
    }

    fn inspect_masks(&self, samples: &[&Sample], states: Vec<MaskState>) -> MaskInspection {
        let available = self.masks();
        let mut masks = MaskInspection {
            available,
            present: 0,
            missing: Vec::new(),
            orphans: self.orphan_masks.clone(),
            empty: Vec::new(),
            unusable: Vec::new(),
        };
        for (sample, state) in samples.iter().zip(states) {
            if !sample.label.is_abnormal() {
                continue;
            }
            let path = sample.path.clone();
            masks.present += usize::from(sample.mask.is_some());
            match state {
                MaskState::None if available == AvailableMasks::None => {}
                MaskState::None => masks.missing.push(path),
                MaskState::Sound => {}
                MaskState::Empty => masks.empty.push(path),
                MaskState::Unusable(reason) => masks.unusable.push(SkippedFile { path, reason }),
            }
        }
        masks
    }
}

fn by_type(samples: &[Sample]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for sample in samples {
        *counts.entry(sample.defect_type.clone()).or_insert(0) += 1;
    }
    counts
}

fn mask_state(sample: &Sample) -> MaskState {
    if let Err(error) = verify::verify_sample(sample) {
        return MaskState::Unusable(error.to_string());
    }
    match sample.load_mask() {
        Ok(None) => MaskState::None,
        Ok(Some(mask)) if mask.is_empty() => MaskState::Empty,
        Ok(Some(_)) => MaskState::Sound,
        Err(error) => MaskState::Unusable(error.to_string()),
    }
}

/// Size and colours, without decoding the pixels.
fn header(path: &Path) -> Result<Header> {
    // Checks that it is an image file at all, with the errors that loading gives.
    let size = image_file::dimensions(path, Orientation::Stored)?;
    let io_error = |reason| DataError::Io {
        path: path.to_owned(),
        reason,
    };
    let mut file = std::fs::File::open(path).map_err(io_error)?;
    let reader = ImageReader::new(BufReader::new(&file))
        .with_guessed_format()
        .map_err(io_error)?;
    let format = reader.format();
    let colour = || Ok(reader.into_decoder()?.original_color_type());
    let decoded = image_file::guarded(colour).map_err(|reason| DataError::DamagedImage {
        file: path.to_owned(),
        reason,
    })?;
    let (mode, bits) = colour_mode(&mut file, format, decoded);
    Ok(Header {
        size,
        format: format.map_or_else(String::new, |format| format!("{format:?}").to_lowercase()),
        mode,
        bits,
    })
}
