//! The maps of an image.

use super::image_likelihoods::ImageLikelihoods;
use super::score_map::ScoreMap;
use super::stitching::add_upsampled;
use crate::model::likelihoods::{LogLikelihoodMaps, PositionMap};

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
    map.some(TAIL_PIXELS).collect()
}

/// The maps of an image; `None` for those that the model lacks.
#[derive(Default)]
pub(crate) struct Maps {
    /// The map of flows on positions, including all other evidence, for the image's score.
    pub of_flows: Option<ScoreMap>,
    /// The distances to the memory bank.
    pub distances: Option<ScoreMap>,
    /// The surprisal of known defects, if there are no flows on positions or whole images count.
    pub of_defects: Option<ScoreMap>,
    /// The distances of contexts, if there are no flows on positions or whole images count.
    pub of_contexts: Option<ScoreMap>,
    /// All evidence, combined to show where the defect is, if there are several kinds.
    pub shown: Option<ScoreMap>,
}

impl Maps {
    /// The one that is shown.
    pub fn into_score_map(self) -> Option<ScoreMap> {
        self.shown.or(self.of_flows).or(self.distances)
    }
}
