//! A data set: what to train on, what to test on.

use crate::Sample;

/// Training and test samples of one category.
///
/// `train` holds normal images only, until [`Dataset::move_anomalies_to_training`] adds some.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// The category, or the folder's name.
    pub name: String,
    /// Training samples.
    pub train: Vec<Sample>,
    /// Test samples, normal ones first.
    pub test: Vec<Sample>,
    /// What a person should know about the files, one sentence each.
    pub warnings: Vec<String>,
}

impl Dataset {
    /// Whether any abnormal sample, of training or test, has a mask.
    pub fn has_masks(&self) -> bool {
        self.train
            .iter()
            .chain(&self.test)
            .any(|sample| sample.label.is_abnormal() && sample.mask.is_some())
    }
}
