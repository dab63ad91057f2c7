//! The result of a run.

use std::path::PathBuf;

use bgad_data::{Label, Region};
use serde::{Deserialize, Serialize};

use super::progress::{MetaEpoch, Seconds};
use crate::detector::trained_model::Detector;
#[cfg(feature = "report")]
use crate::evaluation::evaluate::Examined;
use crate::evaluation::result::Evaluation;
use crate::input::tiled_images::SetImage;

/// The result of a run.
#[non_exhaustive]
#[derive(Debug)]
pub struct Training {
    /// The trained model.
    pub detector: Detector,
    /// One entry per meta-epoch.
    pub history: Vec<MetaEpoch>,
    /// The last meta-epoch's evaluation; `None` if it was not requested or there is no test set.
    pub evaluation: Option<Evaluation>,
    /// The scores of all readable images: first the normal training images, then the test images if they were
    /// evaluated.
    pub scores: Vec<ScoredImage>,
    /// How long each part of the run took.
    pub seconds: Seconds,
    /// What was left out and why, one sentence each.
    pub warnings: Vec<String>,
    /// The last evaluation's intermediate values, if a report follows.
    #[cfg(feature = "report")]
    pub(crate) examined: Option<Examined>,
}

/// An image of a run and its score.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoredImage {
    /// The image's file.
    #[serde(with = "bgad_data::path_text")]
    pub path: PathBuf,
    /// The part of the file; `None` for all of it.
    pub region: Option<Region>,
    /// Its label.
    pub label: Label,
    /// Whether it is a training image. If images were held out, its score comes from a model that was not
    /// trained on it, and helped to determine the threshold.
    pub trained: bool,
    /// Its score.
    pub score: f32,
}

impl ScoredImage {
    /// Pairs images with their scores, in the same order.
    pub(super) fn all(
        images: &[SetImage],
        trained: bool,
        scores: impl Iterator<Item = f32>,
    ) -> Vec<Self> {
        let one = |(SetImage { sample, .. }, score): (&SetImage, f32)| Self {
            path: sample.path.clone(),
            region: sample.region,
            label: sample.label,
            trained,
            score,
        };
        images.iter().zip(scores).map(one).collect()
    }
}
