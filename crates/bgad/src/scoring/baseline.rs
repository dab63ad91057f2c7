//! What all of a score map lies above or below those of normal images.

use super::fusion::Spread;
use super::score_map::ScoreMap;

/// How many deviations of normal maps' means a map is moved by, at most: so far normal images
/// differ as a rule, and what goes beyond it is evidence of a large defect.
const DEVIATIONS: f32 = 1.0;

/// Of normal maps' means; none where nothing is known of how they differ.
pub(crate) fn of(means: &[f32]) -> Option<Spread> {
    let differ = means.iter().any(|mean| (mean - means[0]).abs() > 1e-6);
    differ.then(|| Spread::of(means.iter().copied()))
}

/// Brings the map's mean to that of normal maps, as far as those differ.
pub(crate) fn remove(map: &mut ScoreMap, normal: Spread) {
    let most = DEVIATIONS * normal.deviation;
    let above = map.mean() - normal.mean;
    // Not `clamp`, which panics where a model file's deviation is no positive number.
    let above = above.min(most).max(-most);
    map.values.iter_mut().for_each(|value| *value -= above);
}
