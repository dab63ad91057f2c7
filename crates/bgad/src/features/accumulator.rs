//! Statistics collected from all images' features in one pass.

use rayon::prelude::*;

use super::flow_inputs::BankInputs;
use super::image_features::ImageFeatures;
use super::neighborhoods::{Reach, joined};
use crate::error::Result;
use crate::input::view::View;

/// One input's features on the host, without its mirror image.
pub(crate) struct HostFeatures {
    /// What the input shows.
    pub view: View,
    /// The input of each flow: `[rows, dimension]`.
    pub levels: Vec<Vec<f32>>,
}

impl HostFeatures {
    /// # Errors
    /// If the device fails.
    pub fn of(features: &ImageFeatures) -> Result<Self> {
        let levels = (0..features.len()).map(|index| features.values(index));
        Ok(Self {
            view: features.view,
            levels: levels.collect::<Result<_>>()?,
        })
    }

    /// The vectors of the levels of `bank`, `[positions, dimension]`.
    pub fn joined(&self, bank: &BankInputs, reach: Reach) -> Vec<f32> {
        let levels = bank.levels.iter();
        let levels = levels.map(|level| self.levels[level.index].as_slice());
        joined(bank, reach, levels)
    }
}

/// A statistic that is updated input by input.
///
/// A new statistic is a new accumulator, never another pass over the images.
pub(crate) trait Accumulator: Send {
    /// Adds the next input. Inputs come in the order of the images, so that sums do not depend on which was
    /// computed first.
    fn add(&mut self, features: &HostFeatures);
}

/// Feeds `inputs` to each accumulator; the accumulators run in parallel.
pub(crate) fn feed(accumulators: &mut [&mut dyn Accumulator], inputs: &[HostFeatures]) {
    accumulators.par_iter_mut().for_each(|accumulator| {
        for features in inputs {
            accumulator.add(features);
        }
    });
}
