//! The threshold that a person set, stored beside the decisions.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::engine::ModelInfo;
use crate::error::{Result, ReviewError};

const FILE: &str = "threshold.json";

#[derive(Serialize, Deserialize)]
struct Kept {
    /// The digest of the model's file, because other models score on other scales.
    model: String,
    threshold: f32,
}

/// The threshold set for `model`.
pub(crate) fn read(store: &Path, model: &ModelInfo) -> Option<f32> {
    let text = std::fs::read(store.join(FILE)).ok()?;
    let kept: Kept = serde_json::from_slice(&text).ok()?;
    (kept.model == model.digest).then_some(kept.threshold)
}

/// Stores a threshold for `model`, or removes it.
pub(crate) fn write(store: &Path, model: &ModelInfo, threshold: Option<f32>) -> Result<()> {
    let path = store.join(FILE);
    let Some(threshold) = threshold else {
        return bgad_files::remove(&path).map_err(ReviewError::io(&path));
    };
    let kept = Kept {
        model: model.digest.clone(),
        threshold,
    };
    let bytes = serde_json::to_vec(&kept);
    let bytes = bytes.map_err(|error| ReviewError::io(&path)(error.into()))?;
    bgad_files::write_whole(&path, &bytes).map_err(ReviewError::io(&path))
}
