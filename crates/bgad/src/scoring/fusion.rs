//! An image's score from several parts.

use serde::{Deserialize, Serialize};

/// Mean and standard deviation of a value over normal images.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spread {
    /// The mean.
    pub mean: f32,
    /// The standard deviation.
    pub deviation: f32,
}

impl Spread {
    pub(crate) fn of(scores: impl Iterator<Item = f32> + Clone) -> Self {
        let count = scores.clone().count().max(1) as f64;
        let mean = scores.clone().map(f64::from).sum::<f64>() / count;
        let squares = scores.map(|s| (f64::from(s) - mean).powi(2));
        let deviation = (squares.sum::<f64>() / (count - 1.0).max(1.0)).sqrt();
        Self {
            mean: mean as f32,
            // A single normal image, or images that are all alike, have no spread to divide by.
            deviation: if deviation > 1e-6 {
                deviation as f32
            } else {
                1.0
            },
        }
    }
}

/// Median and median absolute deviation of a part of the score over normal images.
///
/// Few images have scores without bounds: one odd image would make mean and standard deviation so
/// large that the part said nothing any more.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RobustSpread {
    /// The median.
    pub median: f32,
    /// The median absolute deviation, times what makes it the standard deviation of normally
    /// distributed values.
    pub deviation: f32,
}

/// The standard deviation of a normal distribution in its median absolute deviations.
#[cfg(feature = "train")]
const NORMAL: f64 = 1.4826;
/// Of few images nobody knows how much others differ. What is seen of them is weighed against this
/// share of the median, a usual one, as if so many images had told it.
#[cfg(feature = "train")]
const USUAL_SHARE: f64 = 0.1;
/// The weight of what is usual, in images.
#[cfg(feature = "train")]
pub(crate) const USUAL_IMAGES: f64 = 4.0;

/// What the map counts beside each other part. On the sets of `docs/results.md` more changes nothing,
/// and less lets whole-image evidence hide small defects.
const MAP_WEIGHT: f32 = 6.0;
/// Normal values lie within so many deviations of the median, nearly all.
const LINEAR: f32 = 3.0;

/// The median of `values`, which are sorted; 0 of none.
#[cfg(feature = "train")]
pub(crate) fn median(sorted: &[f32]) -> f32 {
    match sorted.len() {
        0 => 0.0,
        n => (sorted[(n - 1) / 2] + sorted[n / 2]) / 2.0,
    }
}

#[cfg(feature = "train")]
impl RobustSpread {
    /// Of a part of normal images' scores.
    pub(crate) fn of(values: Vec<f32>) -> Self {
        let mut spread = Self::of_sorted(&sorted(values.clone()));
        let usual = USUAL_SHARE * f64::from(spread.median).abs();
        spread.draw_towards(usual, values.len());
        spread
    }

    /// Of `sorted` values, as they are.
    pub(crate) fn of_sorted(sorted_values: &[f32]) -> Self {
        let middle = median(sorted_values);
        let apart = sorted_values.iter().map(|value| (value - middle).abs());
        let deviation = NORMAL * f64::from(median(&sorted(apart.collect())));
        Self {
            median: middle,
            deviation: deviation as f32,
        }
    }

    /// Weighs the deviation of so many images against a `usual` one; it is positive afterwards.
    pub(crate) fn draw_towards(&mut self, usual: f64, images: usize) {
        let (n, seen) = (images as f64, f64::from(self.deviation));
        let square = (n * seen * seen + USUAL_IMAGES * usual * usual) / (n + USUAL_IMAGES);
        self.deviation = square.sqrt().max(1e-6) as f32;
    }
}

impl RobustSpread {
    /// By how many deviations `value` lies from the median, on a scale that is linear within the normal
    /// range and logarithmic far outside: one part that is beyond all bounds does not drown the others.
    fn bounded(self, value: f32) -> f32 {
        let distance = (value - self.median) / self.deviation;
        LINEAR * (distance / LINEAR).asinh()
    }
}

#[cfg(feature = "train")]
fn sorted(mut values: Vec<f32>) -> Vec<f32> {
    values.sort_unstable_by(f32::total_cmp);
    values
}

/// What puts the parts of an image's score on one scale.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JointSpread {
    /// Of the score that the map gives.
    pub map: Option<RobustSpread>,
    /// Of the distances to the memory bank.
    pub distance: Option<RobustSpread>,
    /// Of the score that flows of pooled features give.
    pub pooled: Option<RobustSpread>,
    /// Of the distance to the nearest normal training image.
    pub neighbor: Option<RobustSpread>,
    /// Of the discriminants, where no map has them.
    pub discriminant: Option<RobustSpread>,
}

/// The parts of an image's score, as far as it has them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parts {
    pub map: Option<f32>,
    pub distance: Option<f32>,
    pub pooled: Option<f32>,
    pub neighbor: Option<f32>,
    pub discriminant: Option<f32>,
}

impl Parts {
    fn all(self) -> [Option<f32>; 5] {
        let Self {
            map,
            distance,
            pooled,
            neighbor,
            discriminant,
        } = self;
        [map, distance, pooled, neighbor, discriminant]
    }
}

impl JointSpread {
    /// Of the scores of images; none where there is at most one part.
    #[cfg(feature = "train")]
    pub(crate) fn of(images: &[Parts]) -> Option<Self> {
        let spread = |part: usize| {
            let scores = images.iter().map(|parts| parts.all()[part]);
            let scores: Vec<f32> = scores.collect::<Option<_>>()?;
            (!scores.is_empty()).then(|| RobustSpread::of(scores))
        };
        let all = [0, 1, 2, 3, 4].map(spread);
        let [map, distance, pooled, neighbor, discriminant] = all;
        let several = all.iter().flatten().count() > 1;
        several.then_some(Self {
            map,
            distance,
            pooled,
            neighbor,
            discriminant,
        })
    }

    /// The weighted mean of the parts. A map has all witnesses of positions already; where there is one
    /// it has nearly all to say.
    pub(crate) fn score(self, parts: Parts) -> f32 {
        let weights = [MAP_WEIGHT, 1.0, 1.0, 1.0, 1.0];
        let spreads = [self.map, self.distance, self.pooled, self.neighbor];
        let spreads = spreads.into_iter().chain([self.discriminant]);
        let parts = spreads.zip(parts.all()).zip(weights);
        let parts = parts
            .filter_map(|((spread, part), weight)| Some((weight * spread?.bounded(part?), weight)));
        let (sum, weights) = parts.fold((0.0, 0.0), |(sum, all), (part, weight)| {
            (sum + part, all + weight)
        });
        sum / f32::max(weights, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_odd_image_does_not_move_the_scale() {
        let values: Vec<f32> = (0..30).map(|v| v as f32 / 10.0).collect();
        let plain = RobustSpread::of(values.clone());
        let odd = RobustSpread::of(values.into_iter().chain([1e6]).collect());
        assert!((plain.median - odd.median).abs() < 0.1);
        assert!((plain.deviation - odd.deviation).abs() < 0.1);
    }

    #[test]
    fn images_that_are_all_alike_have_a_scale() {
        let spread = RobustSpread::of(vec![2.0; 5]);
        assert_eq!(spread.bounded(2.0), 0.0);
        assert!(spread.bounded(2.1).is_finite() && spread.bounded(2.1) > 0.0);
        assert!(spread.bounded(f32::INFINITY).is_infinite());
    }
}
