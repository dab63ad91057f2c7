//! What a data set contains.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::Serialize;

use crate::image_file::{self, Header};
use crate::{
    AvailableMasks, BitDepthInspection, Dataset, ImageReading, MaskDecision, MaskValues,
    Orientation, Result, Sample, SkippedFile, names, verify,
};

/// What was found in a data set.
#[non_exhaustive]
#[derive(Debug, Clone, Serialize)]
pub struct Inspection {
    /// Name of the data set.
    pub name: String,
    /// Its folder.
    #[serde(serialize_with = "names::path_text::serialize")]
    pub folder: PathBuf,
    /// Training samples by defect type, `good` for normal ones.
    pub train: BTreeMap<String, usize>,
    /// Test samples by defect type, `good` for normal ones.
    pub test: BTreeMap<String, usize>,
    /// Sizes of the images, the most frequent first. A part of an image counts with its own size.
    pub sizes: Vec<SizeCount>,
    /// Formats and colour modes of the image files, the most frequent first.
    pub modes: Vec<ModeCount>,
    /// How many of 16 bits are used; `None` without 16-bit images.
    pub bit_depth: Option<BitDepthInspection>,
    /// What was found about masks.
    pub masks: MaskInspection,
    /// Images that a table names but that do not exist.
    #[serde(serialize_with = "names::path_texts::serialize")]
    pub absent: Vec<PathBuf>,
    /// Images that exist but cannot be read, with reasons.
    pub unreadable: Vec<SkippedFile>,
    /// Files that are not samples, with reasons.
    pub skipped: Vec<SkippedFile>,
    /// Warnings for the user, one sentence each.
    pub warnings: Vec<String>,
}

/// The number of samples of one size.
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

/// The number of image files of one format and colour mode.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ModeCount {
    /// `png`, `jpeg`, `bmp`, `tiff` or `webp`.
    pub format: String,
    /// `grey`, `grey with alpha`, `rgb`, `rgba`, `palette`, `cmyk` or another name.
    pub mode: String,
    /// Bits per channel, as stored in the file.
    pub bits: u8,
    /// Number of files.
    pub images: usize,
}

/// What was found about masks.
#[non_exhaustive]
#[derive(Debug, Clone, Serialize)]
pub struct MaskInspection {
    /// How many of the abnormal samples have a mask.
    pub available: AvailableMasks,
    /// Number of abnormal samples with a mask.
    pub present: usize,
    /// The rule for reading masks, the same for all.
    pub values: Option<MaskDecision>,
    /// Why no rule could be found.
    pub unclear: Option<String>,
    /// Abnormal samples without a mask; empty if no sample has one.
    #[serde(serialize_with = "names::path_texts::serialize")]
    pub missing: Vec<PathBuf>,
    /// Masks without an image.
    #[serde(serialize_with = "names::path_texts::serialize")]
    pub orphans: Vec<PathBuf>,
    /// Abnormal samples whose mask marks no pixel.
    #[serde(serialize_with = "names::path_texts::serialize")]
    pub empty: Vec<PathBuf>,
    /// Samples whose mask cannot be used, with reasons.
    pub unusable: Vec<SkippedFile>,
}

/// The state of one sample's mask.
enum MaskState {
    None,
    Sound,
    Empty,
    Unusable(String),
}

impl Dataset {
    /// Reads every image and every mask, and reports what was found. Unreadable files are part of the result, not an
    /// error.
    pub fn inspect(&self) -> Inspection {
        let files: BTreeSet<&Path> = self.samples().map(|sample| sample.path.as_path()).collect();
        let headers: BTreeMap<&Path, Result<Header>> = files
            .into_par_iter()
            .map(|path| (path, header_of_whole(path)))
            .collect();
        let samples: Vec<&Sample> = self.samples().collect();
        let (decision, unclear) = match &self.mask_decision {
            Some(decision) => (Some(decision.clone()), None),
            None => match self.decide_mask_values(&MaskValues::Auto) {
                Ok(decision) => (decision, None),
                Err(error) => (None, Some(error.to_string())),
            },
        };
        let values = decision.as_ref().map(|decision| &decision.values);
        let states: Vec<MaskState> = samples
            .par_iter()
            .map(|sample| mask_state(sample, values))
            .collect();

        let (mut sizes, mut modes) = (BTreeMap::new(), BTreeMap::new());
        let (mut absent, mut unreadable) = (Vec::new(), Vec::new());
        for (path, header) in &headers {
            match header {
                Ok(header) => {
                    let format = format!("{:?}", header.format).to_lowercase();
                    let (mode, bits) = header.mode;
                    *modes.entry((format, mode, bits)).or_insert(0) += 1;
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
        let deep = |(path, header): (&&Path, &Result<Header>)| {
            let is_deep = header.as_ref().is_ok_and(|header| header.mode.1 == 16);
            is_deep.then(|| path.to_path_buf())
        };
        let deep: Vec<PathBuf> = headers.iter().filter_map(deep).collect();
        let bit_depth = BitDepthInspection::of(&deep);
        let mut warnings = self.warnings.clone();
        warnings.extend(bit_depth.as_ref().and_then(BitDepthInspection::warning));
        let masks = MaskInspection {
            values: decision,
            unclear,
            ..self.inspect_masks(&samples, states)
        };
        Inspection {
            name: self.name.clone(),
            folder: self.root.clone(),
            train: by_type(&self.train),
            test: by_type(&self.test),
            sizes,
            modes,
            bit_depth,
            masks,
            absent,
            unreadable,
            skipped: self.skipped.clone(),
            warnings,
        }
    }

    fn inspect_masks(&self, samples: &[&Sample], states: Vec<MaskState>) -> MaskInspection {
        let available = self.masks();
        let mut masks = MaskInspection {
            available,
            present: 0,
            values: None,
            unclear: None,
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

/// The header of an image whose pixels can be read.
fn header_of_whole(path: &Path) -> Result<Header> {
    let header = image_file::header(path, Orientation::Stored)?;
    image_file::load(path, ImageReading::default())?;
    Ok(header)
}

fn by_type(samples: &[Sample]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for sample in samples {
        *counts.entry(sample.defect_type.clone()).or_insert(0) += 1;
    }
    counts
}

/// The state of the sample's mask; without a rule only its file is checked.
fn mask_state(sample: &Sample, values: Option<&MaskValues>) -> MaskState {
    if let Err(error) = verify::verify_sample(sample) {
        return MaskState::Unusable(error.to_string());
    }
    let Some(values) = values.filter(|_| sample.mask.is_some()) else {
        return match sample.mask {
            Some(_) => MaskState::Sound,
            None => MaskState::None,
        };
    };
    match sample.load_mask_as(values) {
        Ok(None) => MaskState::None,
        Ok(Some(mask)) if mask.is_empty() => MaskState::Empty,
        Ok(Some(_)) => MaskState::Sound,
        Err(error) => MaskState::Unusable(error.to_string()),
    }
}
