//! What the witnesses of a pixel say, beside each other and together.

use serde::{Deserialize, Serialize};

use super::image_likelihoods::ImageLikelihoods;
use super::score_map::ScoreMap;
use super::stitching::add_upsampled;
use super::tail::Tail;
use crate::model::likelihoods::{LogLikelihoodMaps, PositionMap};

/// What puts the witnesses of a pixel on one scale.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tails {
    /// Of how far the sum of log-likelihoods lies below the largest; none where no flow sees positions.
    pub(crate) likelihood: Option<Tail>,
    /// Of the distance to the memory bank.
    pub(crate) distance: Tail,
    /// Of how far a position lies in the direction of known defects, where the model knows some.
    pub(crate) discriminant: Option<Tail>,
}

impl Tails {
    /// What a pixel's distance and its discriminant say together.
    pub(crate) fn of_witnesses(&self, distance: f32, discriminant: Option<f32>) -> f32 {
        let of_defects = self.discriminant.as_ref().zip(discriminant);
        let of_defects = of_defects.map_or(0.0, |(tail, value)| tail.surprisal(value));
        self.distance.surprisal(distance) + of_defects
    }
}

/// Pixels of each normal image that tails are taken from, at most.
const TAIL_PIXELS: usize = 4096;

/// The values of positions, upsampled to the map of the image.
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
    // Not a divisor of the width as a rule, so that all columns are seen.
    let every = if every > 1 { every | 1 } else { 1 };
    map.values.iter().step_by(every).copied().collect()
}

/// The maps of an image, as far as the model gives them.
pub(crate) struct Maps {
    /// What flows of positions say, with all other witnesses.
    pub of_flows: Option<ScoreMap>,
    /// The distances to the memory bank.
    pub distances: Option<ScoreMap>,
    /// The surprisal of discriminants, where no flow sees positions.
    pub of_defects: Option<ScoreMap>,
    /// That of distances and discriminants, where no flow sees positions.
    pub of_both: Option<ScoreMap>,
}

impl Maps {
    /// The one that is shown.
    pub fn into_score_map(self) -> Option<ScoreMap> {
        self.of_flows.or(self.of_both).or(self.distances)
    }
}
