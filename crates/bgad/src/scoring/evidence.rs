//! Combines the kinds of evidence about a pixel: log-likelihoods, distances and discriminants.

use serde::{Deserialize, Serialize};

use super::image_likelihoods::ImageLikelihoods;
use super::score_map::ScoreMap;
use super::stitching::add_upsampled;
use super::tail::Tail;
use crate::model::likelihoods::{LogLikelihoodMaps, PositionMap};

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
    /// For how far a position lies in the direction of known defects, if the model knows some.
    pub(crate) discriminant: Option<Tail>,
}

/// What is known about a pixel besides its log-likelihoods.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    /// The distance to the memory bank.
    pub distance: f32,
    /// The distance of its context.
    pub context: Option<f32>,
    /// How far it lies in the direction of known defects, and the weight of that.
    pub discriminant: Option<f32>,
    pub discriminant_weight: f32,
}

impl Tails {
    /// The surprisals of a pixel; `sum` says how far its log-likelihoods lie below the largest sum, if there are
    /// flows on positions.
    pub(crate) fn evidence(&self, sum: Option<f32>, measured: Measured) -> Evidence {
        let of = |tail: &Option<Tail>, value: Option<f32>| {
            let pair = tail.as_ref().zip(value);
            pair.map_or(0.0, |(tail, value)| tail.surprisal(value))
        };
        Evidence {
            likelihood: of(&self.likelihood, sum),
            distance: self.distance.surprisal(measured.distance),
            context: of(&self.context, measured.context),
            discriminant: measured.discriminant_weight
                * of(&self.discriminant, measured.discriminant),
        }
    }
}

/// The weight of log-likelihoods in the map that is shown. Flows are better at telling that an image is
/// abnormal than at telling where.
const SHOWN_LIKELIHOOD: f32 = 2.0 / 3.0;
/// The weight of contexts in the map that is shown.
const SHOWN_CONTEXT: f32 = 0.5;
/// The largest surprisal of a context that counts. A set has few windows that do not overlap, so that a larger
/// one is extrapolated, not observed.
const LARGEST_CONTEXT: f32 = 5.5;

/// The surprisals of one pixel.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Evidence {
    likelihood: f32,
    distance: f32,
    context: f32,
    discriminant: f32,
}

impl Evidence {
    /// The pixel's value for the image's score: weak evidence of several kinds adds up. Contexts don't count: an image
    /// that is unusual as a whole has high ones everywhere.
    pub fn sum(self) -> f32 {
        self.likelihood + self.distance + self.discriminant
    }

    /// The weighted surprisal of the discriminant.
    pub fn of_defects(self) -> f32 {
        self.discriminant
    }

    /// The pixel's value in the map that is shown. The largest of log-likelihood, distance and context dominates, so
    /// that a place that only one of them finds odd stands out as much as one that all do.
    pub fn shown(self) -> f32 {
        let context = SHOWN_CONTEXT * self.context.min(LARGEST_CONTEXT);
        let parts = [SHOWN_LIKELIHOOD * self.likelihood, self.distance, context];
        // Squares of numbers of 32 bits don't overflow in 64.
        let squares = parts.map(|part| f64::from(part) * f64::from(part));
        squares.iter().sum::<f64>().sqrt() as f32 + self.discriminant
    }
}

/// The most pixels used per normal image to estimate the tails.
const TAIL_PIXELS: usize = 4096;

/// The values of positions, upsampled to the image's map.
pub(crate) fn stitched_positions(
    image: ImageLikelihoods<'_>,
    of: impl Fn(&LogLikelihoodMaps) -> Option<&PositionMap>,
) -> Option<ScoreMap> {
    of(image.inputs.first()?)?;
    Some(image.stitched(|maps, view, (columns, rows), sum| {
        if let Some(PositionMap { side, values }) = of(maps) {
            let places = (columns.places.as_slice(), rows.places.as_slice());
            add_upsampled(values, (*side, *side), view, places, sum);
        }
    }))
}

/// Evenly spaced pixels of a map.
pub(crate) fn some_of(map: &ScoreMap) -> Vec<f32> {
    let every = map.values.len().div_ceil(TAIL_PIXELS).max(1);
    // An odd step rarely divides the width, so that all columns are sampled.
    let every = if every > 1 { every | 1 } else { 1 };
    map.values.iter().step_by(every).copied().collect()
}

/// The maps of an image; `None` for those that the model lacks.
#[derive(Default)]
pub(crate) struct Maps {
    /// The map of flows on positions, including all other evidence, for the image's score.
    pub of_flows: Option<ScoreMap>,
    /// The distances to the memory bank.
    pub distances: Option<ScoreMap>,
    /// The weighted surprisal of discriminants, if there are no flows on positions.
    pub of_defects: Option<ScoreMap>,
    /// All evidence, combined to show where the defect is, if there are several kinds.
    pub shown: Option<ScoreMap>,
}

impl Maps {
    /// The one that is shown.
    pub fn into_score_map(self) -> Option<ScoreMap> {
        self.shown.or(self.of_flows).or(self.distances)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_one_kind_is_sure_outshines_where_two_are_in_doubt() {
        let pixel = |likelihood, distance| Evidence {
            likelihood,
            distance,
            context: 0.0,
            discriminant: 0.0,
        };
        let (sure, doubt) = (pixel(0.0, 9.0), pixel(6.0, 6.0));
        // As evidence that the image is abnormal, doubts add up.
        assert!(sure.sum() < doubt.sum());
        assert!(sure.shown() > doubt.shown());
        assert!(pixel(9.0, 0.0).shown() < sure.shown());
    }

    #[test]
    fn known_defects_add_to_both_maps() {
        let pixel = |discriminant| Evidence {
            likelihood: 1.0,
            distance: 2.0,
            context: 0.0,
            discriminant,
        };
        assert_eq!(pixel(3.0).sum() - pixel(0.0).sum(), 3.0);
        assert!((pixel(3.0).shown() - pixel(0.0).shown() - 3.0).abs() < 1e-5);
    }

    #[test]
    fn a_context_shows_where_but_not_whether() {
        let pixel = |context| Evidence {
            likelihood: 0.0,
            distance: 1.0,
            context,
            discriminant: 0.0,
        };
        assert_eq!(pixel(4.0).sum(), pixel(0.0).sum());
        assert!(pixel(4.0).shown() > pixel(2.0).shown());
        assert_eq!(pixel(50.0).shown(), pixel(LARGEST_CONTEXT).shown());
    }
}
