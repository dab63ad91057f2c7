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
/// The weights of distances to the memory bank and to the nearest normal image if whole images count about as much
/// as positions.
const DISTANCE_BESIDE_WHOLE_IMAGES: f32 = 4.0;
const NEIGHBOR_AMONG_WHOLE_IMAGES: f32 = 2.0;
/// The weight that known defects gain if they recur, beside the mean of all parts.
const RECURRING_WEIGHT: f32 = 1.5;
/// The likeness to known defects, in deviations, up to which it gains nothing, because many normal images have as much,
/// and how much more of it counts: test images that differ as a whole may all have a high one.
const USUAL_LIKENESS: f32 = 1.0;
const MOST_LIKENESS: f32 = 4.0;
/// An image with a known defect is compared with the other known defects. If normal images look less like them, by the
/// first share or fewer of all, defects do not recur; from the second share on, they certainly do. Where there are many
/// kinds of defects, it is often .4 to .8.
#[cfg(feature = "train")]
const RECURRING: (f64, f64) = (0.8, 0.95);
/// With so many known defects, half of their recurrence is believed.
#[cfg(feature = "train")]
const RECURRENCE_DOUBT: f64 = 5.0;
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
    /// The scale of known defects' surprisal, if it is a part of its own.
    pub defects: Option<RobustSpread>,
    /// The scale of the distances of contexts, if no flow judges positions or whole images count.
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

/// What the weights of parts depend on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PartWeights {
    /// The weight of distances on this texture, at most 1.
    pub distance: f32,
    /// Whether whole images count about as much as positions.
    pub whole_images: bool,
    /// How far known defects recur, from 0 to 1.
    pub recurrence: f32,
}

/// How far known defects recur, from 0 to 1: whether images with one defect look like others, more than `normal` images
/// do. `known` has the part of known defects of each such image, by a model that does not know its own.
#[cfg(feature = "train")]
pub(crate) fn recurrence(normal: &[f32], known: &[f32]) -> f32 {
    if normal.is_empty() || known.len() < 2 {
        return 0.0;
    }
    let above = known.iter().map(|known| {
        let below = normal.iter().filter(|value| *value < known).count();
        let alike = normal.iter().filter(|value| *value == known).count();
        (below as f64 + alike as f64 / 2.0) / normal.len() as f64
    });
    let count = known.len() as f64;
    let (least, certain) = RECURRING;
    let recurring = (above.sum::<f64>() / count - least) / (certain - least);
    (recurring.clamp(0.0, 1.0) * count / (count + RECURRENCE_DOUBT)) as f32
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
    /// dominates if there is one, unless whole images count about as much. Likeness to known defects that recur is
    /// added.
    pub(crate) fn score(self, parts: Parts, weights: PartWeights) -> f32 {
        let PartWeights {
            distance: of_distance,
            whole_images,
            recurrence,
        } = weights;
        let (map, distance, neighbor) = match (self.map, whole_images) {
            (Some(_), true) => (
                1.0,
                DISTANCE_BESIDE_WHOLE_IMAGES,
                NEIGHBOR_AMONG_WHOLE_IMAGES,
            ),
            (Some(_), false) => (MAP_WEIGHT, DISTANCE_WEIGHT, 1.0),
            (None, _) => (1.0, 1.0, 1.0),
        };
        let weights = [map, distance * of_distance, 1.0, neighbor, 1.0, 1.0];
        let spreads = [self.map, self.distance, self.pooled, self.neighbor];
        let spreads = spreads.into_iter().chain([self.defects, self.context]);
        let of_parts = spreads.zip(parts.all()).zip(weights);
        let of_parts = of_parts
            .filter_map(|((spread, part), weight)| Some((weight * spread?.bounded(part?), weight)));
        let (sum, weights) = of_parts.fold((0.0, 0.0), |(sum, all), (part, weight)| {
            (sum + part, all + weight)
        });
        let of_defects = self.defects.zip(parts.defects);
        let of_defects = of_defects.map_or(0.0, |(spread, part)| spread.bounded(part));
        let recurring = (of_defects - USUAL_LIKENESS).clamp(0.0, MOST_LIKENESS);
        sum / f32::max(weights, 1.0) + RECURRING_WEIGHT * recurrence * recurring
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No fine texture, mostly positions, and no known defects.
    const EVEN: PartWeights = PartWeights {
        distance: 1.0,
        whole_images: false,
        recurrence: 0.0,
    };

    #[test]
    fn defects_recur_if_each_looks_like_the_others() {
        let normal: Vec<f32> = (0..100).map(|v| (v % 10) as f32).collect();
        assert_eq!(recurrence(&normal, &[20.0; 5]), 0.5);
        assert_eq!(recurrence(&normal, &[20.0; 15]), 0.75);
        // As normal images do.
        assert_eq!(recurrence(&normal, &[4.0; 5]), 0.0);
        // One of five does not look like the others.
        let mixed = recurrence(&normal, &[20.0, 20.0, 20.0, 20.0, 5.0]);
        assert!(0.2 < mixed && mixed < 0.5, "{mixed}");
        // Without any likeness, all are alike.
        assert_eq!(recurrence(&[0.0; 50], &[0.0; 5]), 0.0);
        assert_eq!(recurrence(&normal, &[20.0]), 0.0);
        assert_eq!(recurrence(&[], &[20.0, 20.0]), 0.0);
    }

    #[test]
    fn known_defects_count_more_if_they_recur() -> Result<(), &'static str> {
        let images: Vec<Parts> = (0..40)
            .map(|v| Parts {
                map: Some(v as f32),
                distance: Some(v as f32),
                pooled: None,
                neighbor: None,
                defects: Some(0.0),
                context: None,
            })
            .collect();
        let joint = JointSpread::of(&images).ok_or("no spread")?;
        let odd = Parts {
            defects: Some(5.0),
            ..images[20]
        };
        let score = |recurrence| {
            let weights = PartWeights {
                whole_images: true,
                recurrence,
                ..EVEN
            };
            joint.score(odd, weights)
        };
        assert!(score(0.0) > 0.0 && score(0.5) > 2.0 * score(0.0));
        Ok(())
    }

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
        let trace = joint.score(parts(1.5, 0.1), EVEN);
        let far = joint.score(parts(1.5 + 3.0 * scales[0], 0.0), EVEN);
        assert!(trace < far, "{trace} {far}");
        assert!(joint.score(parts(1.5, 5.0), EVEN) > far);
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
            let score = |distance, neighbor| joint.score(parts(map, distance, neighbor), EVEN);
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
