//! What a run leaves.

use super::progress::{MetaEpoch, Seconds};
use crate::detector::trained_model::Detector;
use crate::evaluation::result::Evaluation;

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
    /// Where the time went.
    pub seconds: Seconds,
    /// What was left out and why, one sentence each.
    pub warnings: Vec<String>,
}
