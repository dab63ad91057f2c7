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
            // A single normal image, or identical ones, have no spread to divide by.
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
/// These values have no upper bound. With mean and standard deviation, one odd image would widen the scale so
/// much that the part no longer mattered.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RobustSpread {
    /// The median.
    pub median: f32,
    /// The median absolute deviation, scaled to estimate the standard deviation of normally distributed
    /// values.
    pub deviation: f32,
}

/// The ratio of standard deviation to median absolute deviation for a normal distribution.
const NORMAL: f64 = 1.4826;
/// A few images say little about how much others differ. Their spread is therefore averaged with a prior one:
/// this share of the median, weighted like [`USUAL_IMAGES`] images.
#[cfg(feature = "train")]
const USUAL_SHARE: f64 = 0.1;
/// The weight of the prior spread, in images.
#[cfg(feature = "train")]
pub(crate) const USUAL_IMAGES: f64 = 4.0;

/// The map's weight; parts without a weight of their own weigh 1. On the sets of `docs/results.md`, a larger weight
/// changes nothing, and a smaller one lets evidence about the whole image hide small defects.
const MAP_WEIGHT: f32 = 6.0;
/// The weight of distances beside a map that already includes them: where images vary much, they alone rank better.
const DISTANCE_WEIGHT: f32 = 2.0;
/// The least deviation of known defects' part, in units of surprisal: hardly any normal image has a value other than
/// zero, and without a scale of its own the part would decide alone.
#[cfg(feature = "train")]
const LEAST_OF_DEFECTS: f32 = 0.5;
/// Nearly all normal values lie within this many deviations of the median.
const LINEAR: f32 = 3.0;

/// The median of `sorted` values; 0 if there are none.
pub(crate) fn median(sorted: &[f32]) -> f32 {
    match sorted.len() {
        0 => 0.0,
        n => (sorted[(n - 1) / 2] + sorted[n / 2]) / 2.0,
    }
}

#[cfg(feature = "train")]
impl RobustSpread {
    /// The spread of one part of normal images' scores, averaged with the prior spread.
    pub(crate) fn of(values: Vec<f32>) -> Self {
        let mut spread = Self::of_sorted(&sorted(values.clone()));
        let usual = USUAL_SHARE * f64::from(spread.median).abs();
        spread.draw_towards(usual, values.len());
        spread
    }

    /// Averages the spread of `images` images with the `usual` one; the result is positive.
    pub(crate) fn draw_towards(&mut self, usual: f64, images: usize) {
        let (n, seen) = (images as f64, f64::from(self.deviation));
        let square = (n * seen * seen + USUAL_IMAGES * usual * usual) / (n + USUAL_IMAGES);
        self.deviation = square.sqrt().max(1e-6) as f32;
    }
}

impl RobustSpread {
    /// The spread of `sorted` values, without the prior spread.
    pub(crate) fn of_sorted(sorted_values: &[f32]) -> Self {
        let middle = median(sorted_values);
        let apart = sorted_values.iter().map(|value| (value - middle).abs());
        let deviation = NORMAL * f64::from(median(&sorted(apart.collect())));
        Self {
            median: middle,
            deviation: deviation as f32,
        }
    }

    /// How many deviations `value` lies from the median, on a scale that is linear within the normal range
    /// and logarithmic far outside it, so that no extreme part drowns the others.
    fn bounded(self, value: f32) -> f32 {
        let distance = (value - self.median) / self.deviation;
        LINEAR * (distance / LINEAR).asinh()
    }
}

fn sorted(mut values: Vec<f32>) -> Vec<f32> {
    values.sort_unstable_by(f32::total_cmp);
    values
}

/// Puts the parts of an image's score on one scale.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JointSpread {
    /// The scale of the map's score.
    pub map: Option<RobustSpread>,
    /// The scale of the distances to the memory bank.
    pub distance: Option<RobustSpread>,
    /// The scale of the score from flows on pooled features.
    pub pooled: Option<RobustSpread>,
    /// The scale of the distance to the nearest normal training image.
    pub neighbor: Option<RobustSpread>,
    /// The scale of known defects' surprisal, if no flow's map includes it.
    pub defects: Option<RobustSpread>,
    /// The scale of the distances of contexts, if no flow judges positions.
    pub context: Option<RobustSpread>,
}

/// The parts of an image's score; `None` for those that it lacks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parts {
    pub map: Option<f32>,
    pub distance: Option<f32>,
    pub pooled: Option<f32>,
    pub neighbor: Option<f32>,
    pub defects: Option<f32>,
    pub context: Option<f32>,
}

impl Parts {
    fn all(self) -> [Option<f32>; 6] {
        let Self {
            map,
            distance,
            pooled,
            neighbor,
            defects,
            context,
        } = self;
        [map, distance, pooled, neighbor, defects, context]
    }
}

impl JointSpread {
    /// The scales over normal images' scores; `None` if there is at most one part.
    #[cfg(feature = "train")]
    pub(crate) fn of(images: &[Parts]) -> Option<Self> {
        let spread = |part: usize| {
            let scores = images.iter().map(|parts| parts.all()[part]);
            let scores: Vec<f32> = scores.collect::<Option<_>>()?;
            (!scores.is_empty()).then(|| RobustSpread::of(scores))
        };
        let all = [0, 1, 2, 3, 4, 5].map(spread);
        let [map, distance, pooled, neighbor, defects, context] = all;
        let several = all.iter().flatten().count() > 1;
        several.then_some(Self {
            map,
            distance,
            pooled,
            neighbor,
            defects: defects.map(|mut spread| {
                spread.deviation = spread.deviation.max(LEAST_OF_DEFECTS);
                spread
            }),
            context,
        })
    }

    /// The weighted mean of the parts. A flow's map already includes all evidence about positions, so it
    /// dominates if there is one. `of_distance` is the weight of distances.
    pub(crate) fn score(self, parts: Parts, of_distance: f32) -> f32 {
        let beside_map = self.map.map_or(1.0, |_| DISTANCE_WEIGHT);
        let weights = [MAP_WEIGHT, beside_map * of_distance, 1.0, 1.0, 1.0, 1.0];
        let spreads = [self.map, self.distance, self.pooled, self.neighbor];
        let spreads = spreads.into_iter().chain([self.defects, self.context]);
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

    #[cfg(feature = "train")]
    #[test]
    fn known_defects_do_not_decide_alone() -> Result<(), &'static str> {
        let parts = |distance, defects| Parts {
            map: None,
            distance: Some(distance),
            pooled: None,
            neighbor: None,
            defects: Some(defects),
            context: None,
        };
        // No normal image has any; distances vary.
        let normal: Vec<Parts> = (0..40)
            .map(|at| parts(1.0 + at as f32 / 40.0, 0.0))
            .collect();
        let joint = JointSpread::of(&normal).ok_or("one part")?;
        let scales = [joint.distance, joint.defects].map(|of| of.map_or(0.0, |of| of.deviation));
        assert_eq!(scales[1], LEAST_OF_DEFECTS);
        // A trace of a defect counts less than a distance that is as unusual as three deviations.
        let trace = joint.score(parts(1.5, 0.1), 1.0);
        let far = joint.score(parts(1.5 + 3.0 * scales[0], 0.0), 1.0);
        assert!(trace < far, "{trace} {far}");
        assert!(joint.score(parts(1.5, 5.0), 1.0) > far);
        Ok(())
    }

    #[cfg(feature = "train")]
    #[test]
    fn distances_weigh_twice_beside_a_map() -> Result<(), &'static str> {
        let parts = |map, distance, neighbor| Parts {
            map,
            distance: Some(distance),
            neighbor: Some(neighbor),
            pooled: None,
            defects: None,
            context: None,
        };
        let at = |image: usize| 1.0 + image as f32 / 40.0;
        for (map, ratio) in [(Some(1.5), 2.0), (None, 1.0)] {
            let of = |image: usize| parts(map.map(|_| at(image)), at(image), at(image));
            let normal: Vec<Parts> = (0..40).map(of).collect();
            let joint = JointSpread::of(&normal).ok_or("one part")?;
            let score = |distance, neighbor| joint.score(parts(map, distance, neighbor), 1.0);
            let usual = score(1.5, 1.5);
            let (far, other) = (score(2.0, 1.5) - usual, score(1.5, 2.0) - usual);
            assert!((far / other - ratio).abs() < 1e-3, "{far} {other}");
        }
        Ok(())
    }

    #[test]
    fn images_that_are_all_alike_have_a_scale() {
        let spread = RobustSpread::of(vec![2.0; 5]);
        assert_eq!(spread.bounded(2.0), 0.0);
        assert!(spread.bounded(2.1).is_finite() && spread.bounded(2.1) > 0.0);
        assert!(spread.bounded(f32::INFINITY).is_infinite());
    }
}
