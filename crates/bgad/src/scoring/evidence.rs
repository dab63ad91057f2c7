//! Combines the kinds of evidence about a pixel: log-likelihoods, distances and likeness to known defects.

use serde::{Deserialize, Serialize};

use super::hot_spots::Divisors;
use super::tail::Tail;
use super::weights::Weights;

/// Puts the kinds of evidence about a pixel on one scale.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tails {
    /// For how far the sum of log-likelihoods lies below the largest one; `None` without flows on positions.
    pub(crate) likelihood: Option<Tail>,
    /// For the distance to the memory bank.
    pub(crate) distance: Tail,
    /// For the distance of a position's context, if the model stores contexts.
    pub(crate) context: Option<Tail>,
    /// For how far a position lies from normal ones at the same place, if the model has Gaussians of positions.
    pub(crate) deviation: Option<Tail>,
    /// For what is known about defects, if the model knows some.
    pub(crate) defects: Option<DefectTails>,
}

/// Puts the two kinds of evidence from known defects on one scale.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DefectTails {
    /// For how far a position lies in the direction of known defects.
    pub(crate) discriminant: Tail,
    /// For how much it looks like one of them.
    pub(crate) likeness: Tail,
    /// For the weighted sum of both surprisals, which are not independent.
    pub(crate) both: Tail,
}

impl DefectTails {
    /// All tails.
    pub(crate) fn all(&self) -> [&Tail; 3] {
        [&self.discriminant, &self.likeness, &self.both]
    }

    /// The tails over some pixels' discriminants and likeness, with the weight of likeness; `None` if there are none.
    pub(super) fn of(discriminants: Vec<f32>, likeness: Vec<f32>, weight: f32) -> Option<Self> {
        let discriminant = Tail::of(discriminants.clone())?;
        let of_likeness = Tail::of(likeness.clone())?;
        let pixels = discriminants.iter().zip(&likeness);
        let sums = pixels.map(|(direction, likeness)| {
            discriminant.surprisal(*direction) + weighted(weight, of_likeness.surprisal(*likeness))
        });
        Some(Self {
            both: Tail::of(sums.collect())?,
            discriminant,
            likeness: of_likeness,
        })
    }

    /// The surprisal of a pixel with this discriminant and likeness.
    fn surprisal(&self, discriminant: f32, likeness: f32, weight: f32) -> f32 {
        let of_likeness = weighted(weight, self.likeness.surprisal(likeness));
        self.both
            .surprisal(self.discriminant.surprisal(discriminant) + of_likeness)
    }
}

/// What is known about a pixel.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    /// How far its log-likelihoods lie below the largest sum, if there are flows on positions.
    pub sum: Option<f32>,
    /// The distance to the memory bank.
    pub distance: f32,
    /// The distance of its context.
    pub context: Option<f32>,
    /// How far it lies from normal ones at the same place.
    pub deviation: Option<f32>,
    /// How far it lies in the direction of known defects.
    pub discriminant: Option<f32>,
    /// How much it looks like one of them.
    pub likeness: Option<f32>,
    /// How hot its place is.
    pub hot: Divisors,
}

impl Tails {
    /// The surprisals of a pixel.
    pub(crate) fn evidence(&self, measured: Measured, weights: Weights) -> Evidence {
        let of = |tail: &Option<Tail>, value: Option<f32>| {
            let pair = tail.as_ref().zip(value);
            pair.map_or(0.0, |(tail, value)| tail.surprisal(value))
        };
        let of_defects = self.defects.as_ref().and_then(|tails| {
            let (direction, likeness) = measured.discriminant.zip(measured.likeness)?;
            Some(tails.surprisal(direction, likeness, weights.likeness))
        });
        Evidence {
            likelihood: of(&self.likelihood, measured.sum),
            likelihood_weight: weights.likelihood,
            distance: self.distance.surprisal(measured.distance),
            hot: measured.hot,
            fineness: weights.fineness,
            context: of(&self.context, measured.context),
            deviation: weighted(weights.alignment, of(&self.deviation, measured.deviation)),
            defects: of_defects.unwrap_or(0.0),
            defects_weight: weights.defects,
        }
    }
}

/// The weight of log-likelihoods in the map that is shown. Flows are better at telling that an image is
/// abnormal than at telling where.
const SHOWN_LIKELIHOOD: f32 = 2.0 / 3.0;
/// The weight of contexts in the map that is shown.
const SHOWN_CONTEXT: f32 = 2.0 / 3.0;
/// The weights of deviations from what is normal at the same place, where images are alike: less in the map that is
/// shown, because they find small differences, but not their outlines.
const SUMMED_DEVIATION: f32 = 1.0;
const SHOWN_DEVIATION: f32 = 0.5;
/// The largest surprisal of a context that counts. A set has few windows that do not overlap, so that a larger
/// one is extrapolated, not observed.
const LARGEST_CONTEXT: f32 = 5.0;

/// A surprisal with a weight; without weight, nothing, however large it is.
fn weighted(weight: f32, surprisal: f32) -> f32 {
    match weight > 0.0 {
        true => weight * surprisal,
        false => 0.0,
    }
}

/// The surprisal of known defects above which a pixel counts for the image's score, and for the score of models that
/// score whole images: one normal pixel in 400, and in 150.
const SURE: f32 = 6.0;
const SURE_OF_IMAGE: f32 = 5.0;

/// The surprisals of one pixel.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Evidence {
    likelihood: f32,
    /// The weight of `likelihood` in the image's score.
    likelihood_weight: f32,
    distance: f32,
    /// How hot the pixel's place is.
    hot: Divisors,
    /// How fine the texture of normal images is.
    fineness: f32,
    context: f32,
    /// Weighted by how alike images are.
    deviation: f32,
    defects: f32,
    /// The weight of `defects` in the map that is shown.
    defects_weight: f32,
}

impl Evidence {
    /// The pixel's value for the image's score: weak evidence of several kinds adds up. Contexts don't count: an image
    /// that is unusual as a whole has high ones everywhere. Known defects count as far as hardly any normal pixel
    /// looks like them, so that they raise no image without one.
    pub fn sum(self) -> f32 {
        let of_position = self.weighted_sum(
            self.likelihood_weight * self.likelihood / self.hot.likelihood,
            self.distance / self.hot.distance,
        );
        of_position + SUMMED_DEVIATION * self.deviation + (self.defects - SURE).max(0.0)
    }

    /// The weighted sum of these surprisals of the log-likelihood and of the distance.
    fn weighted_sum(self, likelihood: f32, distance: f32) -> f32 {
        likelihood + Weights::of_distance(self.fineness) * distance
    }

    /// The surprisal of known defects, for the score of a whole image.
    pub fn of_defects(self) -> f32 {
        (self.defects - SURE_OF_IMAGE).max(0.0)
    }

    /// The pixel's value in the map that is shown. The largest of log-likelihood, distance and context dominates, so
    /// that a place that only one of them finds odd stands out as much as one that all do. On a fine texture,
    /// log-likelihood and distance are summed as for the image's score.
    pub fn shown(self) -> f32 {
        let context = SHOWN_CONTEXT * self.context.min(LARGEST_CONTEXT);
        // Squares of numbers of 32 bits don't overflow in 64.
        let square = |part: f32| f64::from(part) * f64::from(part);
        // Large defects often lie on hot spots.
        let likelihood = self.likelihood / self.hot.likelihood.sqrt();
        let distance = self.distance / self.hot.distance.sqrt();
        let mut of_position = square(SHOWN_LIKELIHOOD * likelihood) + square(distance);
        if self.fineness > 0.0 {
            let fine = f64::from(self.fineness);
            let sum = f64::from(self.weighted_sum(likelihood, distance));
            of_position = ((1.0 - fine) * of_position.sqrt() + fine * sum).powi(2);
        }
        let deviation = square(SHOWN_DEVIATION * self.deviation);
        let shown = (of_position + square(context) + deviation).sqrt() as f32;
        shown + weighted(self.defects_weight, self.defects)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_one_kind_is_sure_outshines_where_two_are_in_doubt() {
        let pixel = |likelihood, distance| Evidence {
            likelihood,
            likelihood_weight: 1.0,
            hot: Divisors::NONE,
            fineness: 0.0,
            distance,
            context: 0.0,
            deviation: 0.0,
            defects: 0.0,
            defects_weight: 1.0,
        };
        let (sure, doubt) = (pixel(0.0, 9.0), pixel(6.0, 6.0));
        // As evidence that the image is abnormal, doubts add up.
        assert!(sure.sum() < doubt.sum());
        assert!(sure.shown() > doubt.shown());
        assert!(pixel(9.0, 0.0).shown() < sure.shown());
    }

    #[test]
    fn known_defects_add_to_both_maps() {
        let pixel = |defects| Evidence {
            likelihood: 1.0,
            likelihood_weight: 1.0,
            fineness: 0.0,
            distance: 2.0,
            hot: Divisors::NONE,
            context: 0.0,
            deviation: 0.0,
            defects,
            defects_weight: 0.5,
        };
        assert!((pixel(3.0).shown() - pixel(0.0).shown() - 1.5).abs() < 1e-5);
        // For the image's score, only as far as normal pixels hardly look like them.
        assert_eq!(pixel(SURE).sum(), pixel(0.0).sum());
        assert_eq!(pixel(SURE + 3.0).sum() - pixel(0.0).sum(), 3.0);
        assert_eq!(pixel(SURE_OF_IMAGE).of_defects(), 0.0);
        assert_eq!(pixel(SURE_OF_IMAGE + 2.0).of_defects(), 2.0);
    }

    #[test]
    fn a_hot_place_counts_less() {
        let pixel = |by| Evidence {
            likelihood: 8.0,
            likelihood_weight: 1.0,
            fineness: 0.0,
            distance: 6.0,
            hot: Divisors {
                likelihood: by,
                distance: 2.0 * by,
            },
            context: 0.0,
            deviation: 0.0,
            defects: 0.0,
            defects_weight: 1.0,
        };
        assert_eq!(pixel(1.0).sum(), 8.0 + 3.0);
        assert_eq!(pixel(4.0).sum(), 2.0 + 0.75);
        // Half as much in the map that is shown.
        assert!((pixel(4.0).shown() - pixel(1.0).shown() / 2.0).abs() < 1e-5);
    }

    #[test]
    fn deviations_count_as_far_as_images_are_alike() -> Result<(), &'static str> {
        let tail = Tail::of((0..1000).map(|v| v as f32).collect()).ok_or("no tail")?;
        let tails = Tails {
            likelihood: None,
            distance: tail.clone(),
            context: None,
            deviation: Some(tail),
            defects: None,
        };
        let pixel = |alignment, deviation| {
            let measured = Measured {
                sum: None,
                distance: 500.0,
                context: None,
                deviation,
                discriminant: None,
                likeness: None,
                hot: Divisors::NONE,
            };
            let weights = Weights {
                likelihood: 1.0,
                fineness: 0.0,
                alignment,
                defects: 1.0,
                likeness: 1.0,
            };
            tails.evidence(measured, weights)
        };
        let (none, full) = (pixel(0.0, Some(999.0)), pixel(1.0, Some(999.0)));
        assert_eq!(none.sum(), pixel(1.0, None).sum());
        assert_eq!(none.shown(), pixel(1.0, None).shown());
        assert_eq!(pixel(0.0, Some(f32::INFINITY)).sum(), none.sum());
        let half = pixel(0.5, Some(999.0));
        assert!(none.sum() < half.sum() && half.sum() < full.sum());
        assert!(none.shown() < half.shown() && half.shown() < full.shown());
        Ok(())
    }

    #[test]
    fn log_likelihoods_of_less_weight_show_the_same() {
        let pixel = |likelihood_weight| Evidence {
            likelihood: 4.0,
            likelihood_weight,
            distance: 1.0,
            hot: Divisors::NONE,
            fineness: 0.0,
            context: 0.0,
            deviation: 0.0,
            defects: 0.0,
            defects_weight: 1.0,
        };
        assert_eq!([pixel(1.0).sum(), pixel(0.5).sum()], [5.0, 3.0]);
        assert_eq!(pixel(1.0).shown(), pixel(0.5).shown());
    }

    #[test]
    fn a_context_shows_where_but_not_whether() {
        let pixel = |context| Evidence {
            likelihood: 0.0,
            likelihood_weight: 1.0,
            fineness: 0.0,
            distance: 1.0,
            hot: Divisors::NONE,
            context,
            deviation: 0.0,
            defects: 0.0,
            defects_weight: 1.0,
        };
        assert_eq!(pixel(4.0).sum(), pixel(0.0).sum());
        assert!(pixel(4.0).shown() > pixel(2.0).shown());
        assert_eq!(pixel(50.0).shown(), pixel(LARGEST_CONTEXT).shown());
    }

    #[test]
    fn on_fine_textures_distances_count_less() {
        let pixel = |fineness| Evidence {
            likelihood: 3.0,
            likelihood_weight: 1.0,
            distance: 2.0,
            hot: Divisors::NONE,
            fineness,
            context: 0.0,
            deviation: 0.0,
            defects: 0.0,
            defects_weight: 1.0,
        };
        assert_eq!((pixel(0.0).sum(), pixel(1.0).sum()), (5.0, 3.5));
        // The shown map passes from one rule to the other.
        let root = (4.0f32 + 4.0).sqrt();
        let shown = [0.0, 0.5, 1.0].map(|fineness| pixel(fineness).shown());
        let expected = [root, (root + 4.25) / 2.0, 3.5];
        let apart = shown.iter().zip(expected).map(|(a, b)| (a - b).abs());
        assert!(apart.fold(0.0, f32::max) < 1e-5, "{shown:?}");
    }

    #[test]
    fn two_signs_of_one_defect_are_not_counted_twice() -> Result<(), &'static str> {
        let values: Vec<f32> = (0..10_000).map(|v| v as f32).collect();
        let tails = DefectTails::of(values.clone(), values, 1.0).ok_or("no tails")?;
        // Both say the same of each pixel, so that both together are as rare as either.
        let (alone, both) = (
            tails.discriminant.surprisal(9_900.0),
            tails.surprisal(9_900.0, 9_900.0, 1.0),
        );
        assert!((alone - both).abs() < 0.05, "{alone}, {both}");
        // Likeness without weight does not count, not even if it is without bounds.
        assert_eq!(
            tails.surprisal(9_900.0, f32::INFINITY, 0.0),
            tails.surprisal(9_900.0, 0.0, 0.0)
        );
        assert_eq!(
            tails.surprisal(5_000.0, 0.0, 0.0),
            tails.surprisal(5_000.0, 9_999.0, 0.0)
        );
        Ok(())
    }
}
