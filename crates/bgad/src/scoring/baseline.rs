//! The overall offset of a score map from normal images' maps.

use super::fusion::Spread;
use super::score_map::ScoreMap;

/// The largest shift of a map, in standard deviations of normal maps' means. Normal images usually differ by
/// this much; a larger offset is evidence of a large defect.
const DEVIATIONS: f32 = 1.0;

/// The mean and spread of normal maps' means; `None` if they don't differ.
pub(crate) fn of(means: &[f32]) -> Option<Spread> {
    let differ = means.iter().any(|mean| (mean - means[0]).abs() > 1e-6);
    differ.then(|| Spread::of(means.iter().copied()))
}

/// Shifts the map's mean toward the mean of normal maps, by at most [`DEVIATIONS`].
pub(crate) fn remove(map: &mut ScoreMap, normal: Spread) {
    let most = DEVIATIONS * normal.deviation;
    let above = map.mean() - normal.mean;
    // Not `clamp`, which panics if a model file's deviation is not a positive number.
    let above = above.min(most).max(-most);
    map.values.iter_mut().for_each(|value| *value -= above);
}
