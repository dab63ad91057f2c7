//! What learning has changed.

use std::path::PathBuf;

use bgad_data::{Label, Region};
use serde::Serialize;

use crate::detector::trained_model::Detector;
use crate::run_directory::kept_features::KeptFeatures;
use crate::training::progress::Seconds;

/// A value under the model of before and under the one that has learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Change<T> {
    /// Before.
    pub before: T,
    /// After.
    pub after: T,
}

/// How an image was decided wrongly.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mistake {
    /// It has a defect that was not seen.
    Missed,
    /// It is normal and was called anomalous.
    FalseAlarm,
}

/// An image of the lesson.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TaughtImage {
    /// The file, as the lesson names it.
    #[serde(with = "bgad_data::path_text")]
    pub image: PathBuf,
    /// What it teaches.
    pub kind: Mistake,
    /// Its score. The model of after has been trained on it, so that this proves nothing about other
    /// images.
    pub score: Change<f32>,
    /// Whether it is called anomalous; none under a model without a threshold.
    pub abnormal: Change<Option<bool>>,
}

/// An image of the run about which the two models decide differently.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FlippedImage {
    /// Its file.
    #[serde(with = "bgad_data::path_text")]
    pub image: PathBuf,
    /// The part of the file that is meant; none for all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
    /// What it is known to be.
    pub label: Label,
    /// Whether it is called anomalous; none under a model without a threshold.
    pub abnormal: Change<Option<bool>>,
}

/// A run that has learned.
#[non_exhaustive]
#[derive(Debug)]
pub struct Learned {
    /// Its folder.
    pub run: PathBuf,
    /// Its model's file.
    pub model: PathBuf,
    /// The model.
    pub detector: Detector,
    /// The threshold; none for a model that too few normal images trained.
    pub threshold: Change<Option<f32>>,
    /// The false-positive rate that the threshold promises; none where it promises none.
    pub promised_rate: Change<Option<f64>>,
    /// The images of the lesson in its order, the missed ones first.
    pub taught: Vec<TaughtImage>,
    /// The images of the run, beside those of the lesson, whose decision has changed. Normal training
    /// images are judged by models that have not seen them, as far as images are held out.
    pub flipped: Vec<FlippedImage>,
    /// How many images of the run were compared, those of the lesson included.
    pub images: usize,
    /// Features that are kept with the run.
    pub features: KeptFeatures,
    /// Where the time of training went.
    pub training: Seconds,
    /// All of it, in seconds.
    pub seconds: f64,
    /// What was left out or could not be taken anew, and why, one sentence each.
    pub warnings: Vec<String>,
}
