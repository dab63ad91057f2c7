//! Decision thresholds.

use super::false_positives;
use super::score_map::ScoreMap;
use crate::config::choices::ThresholdRule;
use crate::error::{Error, Result};

/// A score, and the highest value of a map.
pub(crate) fn with_maximum((score, map): (f32, Option<ScoreMap>)) -> (f32, Option<f32>) {
    (score, map.as_ref().map(ScoreMap::maximum))
}

/// The threshold of normal scores, in rising order, and abnormal ones.
pub(crate) fn by_rule(rule: ThresholdRule, normal: &[f32], abnormal: &[f32]) -> Result<f32> {
    match rule {
        ThresholdRule::FalsePositiveRate(rate) => false_positives::threshold(normal, rate)
            .ok_or_else(|| Error::input("normal images", 0, "at least one")),
        ThresholdRule::BestF1 => {
            let labels: Vec<bool> = std::iter::repeat_n(false, normal.len())
                .chain(std::iter::repeat_n(true, abnormal.len()))
                .collect();
            let scores = [normal, abnormal].concat();
            // The metric calls a score at its threshold abnormal, a detector one above it.
            Ok(bgad_metrics::best_f1(&scores, &labels)?
                .threshold
                .next_down())
        }
    }
}
