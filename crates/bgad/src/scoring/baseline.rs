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

/// The largest median of a map of surprisals. Beyond it, more than half of the image is rarer than one normal pixel in
/// 1000.
pub(super) const LARGEST_MEDIAN: f32 = 7.0;
/// The least ratio of a scaled median to the pixel threshold: what is odd in a scaled map stays a region.
const ABOVE_THRESHOLD: f32 = 1.05;

/// The largest median of shown maps in a model with this pixel threshold.
pub(crate) fn largest_median(pixel_threshold: f32) -> f32 {
    (ABOVE_THRESHOLD * pixel_threshold).clamp(LARGEST_MEDIAN, f32::MAX)
}

/// Scales a map of surprisals so that its median is at most `largest`.
///
/// An image whose larger part is that odd was taken in other light, or shows another material. Its score says so. On one
/// scale with other images, nearly all of its pixels would outrank their defects, and its own defect would not stand out.
pub(crate) fn bound(map: &mut ScoreMap, largest: f32) {
    let above = map.values.iter().filter(|value| **value > largest);
    if 2 * above.count() <= map.values.len() {
        return;
    }
    let mut values = map.values.clone();
    let middle = values.len() / 2;
    let (_, median, _) = values.select_nth_unstable_by(middle, f32::total_cmp);
    let scale = largest / *median;
    // 0 if the median is infinite.
    if scale > 0.0 && scale < 1.0 {
        map.values.iter_mut().for_each(|value| *value *= scale);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(values: &[f32]) -> ScoreMap {
        ScoreMap {
            width: values.len(),
            height: 1,
            values: values.to_vec(),
        }
    }

    #[test]
    fn a_map_that_is_mostly_odd_is_scaled_and_others_are_not() {
        let mut defect = map(&[1.0, 2.0, 1.0, 70.0, 90.0]);
        bound(&mut defect, LARGEST_MEDIAN);
        assert_eq!(defect.values, [1.0, 2.0, 1.0, 70.0, 90.0]);
        let mut everywhere = map(&[14.0, 12.0, 28.0, 16.0, 2.0]);
        bound(&mut everywhere, LARGEST_MEDIAN);
        assert_eq!(everywhere.values, [7.0, 6.0, 14.0, 8.0, 1.0]);
        let mut none = map(&[]);
        bound(&mut none, LARGEST_MEDIAN);
        assert!(none.values.is_empty());
    }

    #[test]
    fn a_scaled_map_stays_above_the_pixel_threshold() {
        assert_eq!(largest_median(5.0), LARGEST_MEDIAN);
        assert!(largest_median(9.0) > 9.0 && largest_median(9.0) < 10.0);
        assert!(largest_median(f32::MAX).is_finite());
    }

    #[test]
    fn values_that_are_not_finite_do_not_spread() {
        let mut infinite = map(&[f32::INFINITY, f32::INFINITY, 1.0]);
        bound(&mut infinite, LARGEST_MEDIAN);
        assert!(!infinite.values.iter().any(|value| value.is_nan()));
    }
}
