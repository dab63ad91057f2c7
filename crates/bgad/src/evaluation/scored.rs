//! The scores of a test set.

use crate::scoring::score_map::ScoreMap;

/// Scores of a test set.
pub(crate) struct Scored {
    pub scores: Vec<f32>,
    /// The score maps; `None` at image granularity without a memory bank.
    pub maps: Vec<Option<ScoreMap>>,
}
