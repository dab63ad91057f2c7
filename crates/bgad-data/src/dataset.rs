//! A data set: what to train on and what to test on.

use std::path::PathBuf;

use serde::Serialize;

use crate::{BitDepth, MaskDecision, Orientation, Sample, mask_orientation, names};

/// Training and test samples of one category.
///
/// `train` holds only normal images until [`Dataset::move_anomalies_to_training`] adds abnormal ones, unless
/// the data set itself specifies otherwise (a manifest, a split file, a fold).
#[derive(Debug, Clone, Default)]
pub struct Dataset {
    /// Name of the category or of the folder.
    pub name: String,
    /// The folder that contains the files; split files name them relative to it.
    pub root: PathBuf,
    /// Training samples.
    pub train: Vec<Sample>,
    /// Test samples, normal ones first.
    pub test: Vec<Sample>,
    /// Mask files that match no image.
    pub orphan_masks: Vec<PathBuf>,
    /// Files that were found but not used, or named but not found.
    pub skipped: Vec<SkippedFile>,
    /// Warnings for the user, one sentence each.
    pub warnings: Vec<String>,
    /// The rule chosen by [`settle_mask_values`](Self::settle_mask_values).
    pub mask_decision: Option<MaskDecision>,
    /// Whether the masks showed which images are abnormal, by that rule.
    pub labelled_by_masks: bool,
}

/// A file that is not a sample.
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
    /// No abnormal image has a mask, or there are no abnormal images: there are no pixel metrics.
    None,
    /// Some have a mask and some do not.
    Some,
    /// Every abnormal image has a mask.
    All,
}

impl Dataset {
    /// All training samples, followed by all test samples.
    pub fn samples(&self) -> impl Iterator<Item = &Sample> {
        self.train.iter().chain(&self.test)
    }

    /// Sets how images and masks are turned when they are loaded. Adds a warning if images are to be taken
    /// as stored though they have an orientation tag and their masks have none.
    pub fn orient(&mut self, orientation: Orientation) {
        for sample in self.train.iter_mut().chain(&mut self.test) {
            sample.orientation = orientation;
        }
        if orientation.is_stored() {
            let samples: Vec<&Sample> = self.samples().collect();
            let warning = mask_orientation::warning(&self.root, &samples);
            self.warnings.extend(warning);
        }
    }

    /// Sets the depth at which 16-bit images are read.
    pub fn set_bit_depth(&mut self, depth: BitDepth) {
        for sample in self.train.iter_mut().chain(&mut self.test) {
            sample.bit_depth = depth;
        }
    }

    /// How many of the abnormal images, in training and test, have a mask.
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

    /// Whether any abnormal sample, in training or test, has a mask.
    pub fn has_masks(&self) -> bool {
        self.masks() != AvailableMasks::None
    }

    /// Removes the samples whose image file is missing, as in a table that names more images than were
    /// copied. They are added to [`skipped`](Self::skipped) with one warning. Returns their number.
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
                "{}: {} left out because the file does not exist; the first is {}",
                self.root.display(),
                crate::text::count(absent.len(), "image"),
                first.display()
            ));
        }
        let number = absent.len();
        let reason = "named, but the file does not exist";
        self.skipped
            .extend(absent.into_iter().map(|path| SkippedFile {
                path,
                reason: reason.to_owned(),
            }));
        number
    }
}
