//! A data set: what to train on, what to test on.

use std::path::PathBuf;

use serde::Serialize;

use crate::{BitDepth, MaskDecision, Orientation, Sample, names};

/// Training and test samples of one category.
///
/// `train` holds normal images only, until [`Dataset::move_anomalies_to_training`] adds some, unless
/// the data set itself says otherwise (a manifest, a split file, a fold).
#[derive(Debug, Clone, Default)]
pub struct Dataset {
    /// The category, or the folder's name.
    pub name: String,
    /// The folder that the files lie in; a split file names them relative to it.
    pub root: PathBuf,
    /// Training samples.
    pub train: Vec<Sample>,
    /// Test samples, normal ones first.
    pub test: Vec<Sample>,
    /// Mask files that belong to no image.
    pub orphan_masks: Vec<PathBuf>,
    /// Files that were found and not taken, or named and not found.
    pub skipped: Vec<SkippedFile>,
    /// What a person should know about the files, one sentence each.
    pub warnings: Vec<String>,
    /// The rule that [`settle_mask_values`](Self::settle_mask_values) settled on.
    pub mask_decision: Option<MaskDecision>,
}

/// A file that is no sample.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SkippedFile {
    /// The file.
    #[serde(serialize_with = "names::path_text::serialize")]
    pub path: PathBuf,
    /// Why it was skipped.
    pub reason: String,
}

/// How many of the abnormal images have a mask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AvailableMasks {
    /// None, or there are no abnormal images: image granularity is all that can be had.
    None,
    /// Some do and some don't.
    Some,
    /// Every one.
    All,
}

impl Dataset {
    /// All samples, of training and then of test.
    pub fn samples(&self) -> impl Iterator<Item = &Sample> {
        self.train.iter().chain(&self.test)
    }

    /// Turns all images and masks as `orientation` says when they are loaded.
    pub fn orient(&mut self, orientation: Orientation) {
        for sample in self.train.iter_mut().chain(&mut self.test) {
            sample.orientation = orientation;
        }
    }

    /// Reads all images of 16 bits at this depth when they are loaded.
    pub fn set_bit_depth(&mut self, depth: BitDepth) {
        for sample in self.train.iter_mut().chain(&mut self.test) {
            sample.bit_depth = depth;
        }
    }

    /// How many of the abnormal images, of training and test, have a mask.
    pub fn masks(&self) -> AvailableMasks {
        let abnormal = || self.samples().filter(|sample| sample.label.is_abnormal());
        if !abnormal().any(|sample| sample.mask.is_some()) {
            AvailableMasks::None
        } else if abnormal().all(|sample| sample.mask.is_some()) {
            AvailableMasks::All
        } else {
            AvailableMasks::Some
        }
    }

    /// Whether any abnormal sample, of training or test, has a mask.
    pub fn has_masks(&self) -> bool {
        self.masks() != AvailableMasks::None
    }

    /// Leaves out the samples whose image file is not there, as in a table that names more images
    /// than were copied; they become [`skipped`](Self::skipped) and one warning. Gives their number.
    pub fn leave_out_absent_files(&mut self) -> usize {
        let mut absent = Vec::new();
        for samples in [&mut self.train, &mut self.test] {
            samples.retain(|sample| {
                let there = sample.path.is_file();
                if !there {
                    absent.push(sample.path.clone());
                }
                there
            });
        }
        absent.dedup();
        if let Some(first) = absent.first() {
            self.warnings.push(format!(
                "{}: {} left out, the file is not there; the first is {}",
                self.root.display(),
                crate::text::count(absent.len(), "image"),
                first.display()
            ));
        }
        let number = absent.len();
        let reason = "named, but the file is not there";
        self.skipped
            .extend(absent.into_iter().map(|path| SkippedFile {
                path,
                reason: reason.to_owned(),
            }));
        number
    }
}
