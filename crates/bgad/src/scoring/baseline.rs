//! The overall offset of a score map from normal images' maps.

use super::fusion::{RobustSpread, Spread};
use super::score_map::ScoreMap;

/// The largest shift of a map, in standard deviations of normal maps' means. Normal images usually differ by
/// this much; a larger offset is evidence of a large defect.
const DEVIATIONS: f32 = 1.0;

/// The mean and spread of normal maps' means; `None` if they don't differ.
pub(crate) fn of(means: &[f32]) -> Option<Spread> {
    let differ = means.iter().any(|mean| (mean - means[0]).abs() > 1e-6);
    differ.then(|| Spread::of(means.iter().copied()))
}

/// Means farther than this many robust deviations from the median are those of odd images.
const ODD: f32 = 4.0;

/// The same without the means of odd images, for maps that are shown: a few of them would widen the limit so much that
/// large defects lost their own evidence.
pub(crate) fn of_shown(means: &[f32]) -> Option<Spread> {
    let mut sorted = means.to_vec();
    sorted.sort_unstable_by(f32::total_cmp);
    let robust = RobustSpread::of_sorted(&sorted);
    sorted.retain(|mean| (mean - robust.median).abs() <= ODD * robust.deviation);
    of(&sorted).or_else(|| of(means))
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

/// The largest median of a map of surprisals on a fine texture. There, maps of normal images are even and have medians
/// near 1, so that a lower median than elsewhere already shows that the image differs as a whole.
const FINE_MEDIAN: f32 = 2.5;
/// The power of the scale on a fine texture: with 1, images that differ as a whole would lose their rank entirely.
const FINE_POWER: f32 = 0.7;

/// Scales a map of surprisals whose median exceeds `largest`, so that its median becomes `largest`. On a texture of some
/// `fineness`, from 0 to 1, maps with lower medians are scaled as well, but less, and their maxima stay above `largest`.
///
/// An image whose larger part is that odd was taken in other light, or shows another material. Its score says so. On one
/// scale with other images, nearly all of its pixels would outrank their defects, and its own defect would not stand out.
pub(crate) fn bound(map: &mut ScoreMap, largest: f32, fineness: f32) {
    let between = |coarse: f32, fine: f32| coarse + fineness * (fine - coarse);
    let limit = between(largest, FINE_MEDIAN.min(largest));
    let above = map.values.iter().filter(|value| **value > limit);
    if 2 * above.count() <= map.values.len() {
        return;
    }
    let mut values = map.values.clone();
    let middle = values.len() / 2;
    let (_, median, _) = values.select_nth_unstable_by(middle, f32::total_cmp);
    let mut scale = limit / *median;
    if fineness > 0.0 {
        let highest = map.values.iter().copied().fold(0.0, f32::max);
        scale = scale.powf(between(1.0, FINE_POWER)).max(largest / highest);
    }
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
    fn a_few_odd_images_do_not_widen_the_limit() -> Result<(), &'static str> {
        let mut means: Vec<f32> = (0..40).map(|mean| 2.0 + mean as f32 / 100.0).collect();
        let plain = of_shown(&means).ok_or("equal")?;
        assert_eq!(of(&means), Some(plain));
        means.extend([40.0, 50.0]);
        let odd = of_shown(&means).ok_or("equal")?;
        assert!((odd.deviation - plain.deviation).abs() < 1e-6, "{odd:?}");
        assert!((odd.mean - plain.mean).abs() < 1e-6, "{odd:?}");
        // Where most images are equal, any difference would be odd.
        assert_eq!(of_shown(&[1.0, 1.0, 1.0, 1.5]), of(&[1.0, 1.0, 1.0, 1.5]));
        assert_eq!(of_shown(&[1.0, 1.0]), None);
        Ok(())
    }

    #[test]
    fn a_map_that_is_mostly_odd_is_scaled_and_others_are_not() {
        let mut defect = map(&[1.0, 2.0, 1.0, 70.0, 90.0]);
        bound(&mut defect, LARGEST_MEDIAN, 0.0);
        assert_eq!(defect.values, [1.0, 2.0, 1.0, 70.0, 90.0]);
        let mut everywhere = map(&[14.0, 12.0, 28.0, 16.0, 2.0]);
        bound(&mut everywhere, LARGEST_MEDIAN, 0.0);
        assert_eq!(everywhere.values, [7.0, 6.0, 14.0, 8.0, 1.0]);
        let mut none = map(&[]);
        bound(&mut none, LARGEST_MEDIAN, 1.0);
        assert!(none.values.is_empty());
    }

    #[test]
    fn on_a_fine_texture_lower_medians_are_scaled_and_the_highest_value_stays_a_region() {
        let scaled = |values: &[f32], fineness| {
            let mut map = map(values);
            bound(&mut map, LARGEST_MEDIAN, fineness);
            map.values
        };
        let odd = [6.0, 5.0, 6.0, 7.0, 80.0];
        assert_eq!(scaled(&odd, 0.0), odd);
        let (little, fully) = (scaled(&odd, 0.5), scaled(&odd, 1.0));
        assert!(fully[0] < little[0] && little[0] < odd[0]);
        // Less than to the limit, so that what is odd as a whole still ranks higher.
        assert!(fully[0] > FINE_MEDIAN && fully[4] > LARGEST_MEDIAN);
        let even = scaled(&[6.0, 5.0, 6.0, 7.0, 8.0], 1.0);
        assert!((even[4] - LARGEST_MEDIAN).abs() < 1e-5, "{even:?}");
        let normal = [1.0, 0.5, 2.0, 1.5, 9.0];
        assert_eq!(scaled(&normal, 1.0), normal);
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
        bound(&mut infinite, LARGEST_MEDIAN, 1.0);
        assert!(!infinite.values.iter().any(|value| value.is_nan()));
    }
}
