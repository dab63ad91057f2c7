//! What is taken from all images' features in one pass over them.

use rayon::prelude::*;

use super::image_features::ImageFeatures;
use crate::error::Result;
use crate::input::view::View;

/// One input's features on the host, without its mirror image.
pub(crate) struct HostFeatures {
    /// What the input shows.
    pub view: View,
    /// What each flow sees: `[rows, dimension]`.
    pub levels: Vec<Vec<f32>>,
}

impl HostFeatures {
    /// # Errors
    /// When the device fails.
    pub fn of(features: &ImageFeatures) -> Result<Self> {
        let levels = (0..features.len()).map(|index| features.values(index));
        Ok(Self {
            view: features.view,
            levels: levels.collect::<Result<_>>()?,
        })
    }
}

/// A statistic that is fed input by input.
///
/// Another statistic is another accumulator, never another pass over the images.
pub(crate) trait Accumulator: Send {
    /// Takes in the next input. They come in the order of the images, so that sums don't depend on
    /// what was computed first.
    fn add(&mut self, features: &HostFeatures);
}

/// Feeds `inputs` to each accumulator; the accumulators work beside each other.
pub(crate) fn feed(accumulators: &mut [&mut dyn Accumulator], inputs: &[HostFeatures]) {
    accumulators.par_iter_mut().for_each(|accumulator| {
        for features in inputs {
            accumulator.add(features);
        }
    });
}
