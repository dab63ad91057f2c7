//! The result of learning, and what it changed.

use std::path::PathBuf;

use bgad_data::{Label, Region};
use serde::Serialize;

use crate::detector::trained_model::Detector;
use crate::run_directory::kept_features::KeptFeatures;
use crate::training::progress::Seconds;

/// A value before and after learning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Change<T> {
    /// The earlier model's value.
    pub before: T,
    /// The new model's value.
    pub after: T,
}

/// How the model was wrong about an image.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mistake {
    /// The image has a defect that the model missed.
    Missed,
    /// The image is normal, but the model called it anomalous.
    FalseAlarm,
}

/// An image of the lesson.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TaughtImage {
    /// The file, as the lesson names it.
    #[serde(with = "bgad_data::path_text")]
    pub image: PathBuf,
    /// The mistake that it corrects.
    pub kind: Mistake,
    /// Its score. The new model was trained on this image, so a better score proves nothing about others.
    pub score: Change<f32>,
    /// Whether the model calls it anomalous; `None` for a model without a threshold.
    pub abnormal: Change<Option<bool>>,
}

/// An image of the run that the two models decide differently.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FlippedImage {
    /// Its file.
    #[serde(with = "bgad_data::path_text")]
    pub image: PathBuf,
    /// The part of the file; `None` for the whole file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
    /// Its label in the data set.
    pub label: Label,
    /// Its score.
    pub score: Change<f32>,
    /// Whether the model calls it anomalous; `None` for a model without a threshold.
    pub abnormal: Change<Option<bool>>,
}

/// The new run that [`Trainer::learn`](crate::Trainer::learn) made.
#[non_exhaustive]
#[derive(Debug)]
pub struct Learned {
    /// Its folder.
    pub run: PathBuf,
    /// The file of the new model.
    pub model: PathBuf,
    /// The new model.
    pub detector: Detector,
    /// The thresholds of both models; `None` for a model with too few normal training images.
    pub threshold: Change<Option<f32>>,
    /// The false-positive rates that the thresholds promise; `None` for a threshold without a promise.
    pub promised_rate: Change<Option<f64>>,
    /// The images of the lesson in its order, missed ones first.
    pub taught: Vec<TaughtImage>,
    /// Other images of the run whose decision changed. Normal training images are scored by models that
    /// were not trained on them, if the run holds images out.
    pub flipped: Vec<FlippedImage>,
    /// Number of compared images, including the lesson's.
    pub images: usize,
    /// Features stored in the new run.
    pub features: KeptFeatures,
    /// Seconds that each part of training took.
    pub training: Seconds,
    /// Seconds that learning took, including training.
    pub seconds: f64,
    /// What was left out or changed, and why, one sentence each.
    pub warnings: Vec<String>,
}
