//! What a run leaves.

use std::path::PathBuf;

use bgad_data::{Label, Region};
use serde::{Deserialize, Serialize};

use super::progress::{MetaEpoch, Seconds};
use crate::detector::trained_model::Detector;
use crate::evaluation::result::Evaluation;
use crate::input::tiled_images::SetImage;

/// What a run leaves.
#[non_exhaustive]
#[derive(Debug)]
pub struct Training {
    /// The trained model.
    pub detector: Detector,
    /// One entry a meta-epoch.
    pub history: Vec<MetaEpoch>,
    /// The last meta-epoch's evaluation, unless none was asked for or there is no test set.
    pub evaluation: Option<Evaluation>,
    /// The scores of all images that could be read: of the normal training images, then of the test
    /// images, where they were evaluated.
    pub scores: Vec<ScoredImage>,
    /// Where the time went.
    pub seconds: Seconds,
    /// What was left out and why, one sentence each.
    pub warnings: Vec<String>,
}

/// An image of a run and its score.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoredImage {
    /// The image's file.
    #[serde(with = "bgad_data::path_text")]
    pub path: PathBuf,
    /// The part of the file that is meant; none for all of it.
    pub region: Option<Region>,
    /// What it is known to be.
    pub label: Label,
    /// Whether it is a training image. Where images are held out its score is that of a model that
    /// has not seen it, one of those that the threshold is from.
    pub trained: bool,
    /// Its score.
    pub score: f32,
}

impl ScoredImage {
    /// Images and their scores, in the same order.
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
