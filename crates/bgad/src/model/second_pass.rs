//! What is learned from normal training images once the memory bank is known, in one pass over them.

use super::context_sample::ContextSample;
use super::contexts::Contexts;
use super::folds::Folds;
use super::gaussian_sums::FoldSums;
use super::memory_bank::MemoryBank;
use super::position_gaussians::{PositionGaussians, Projection};
use crate::error::{Error, Result};
use crate::features::image_features::ImageFeatures;
use crate::features::neighborhoods::Reach;
use crate::features::stored_images::StoredImages;

/// What is learned; `None` for what is not wanted, or can't be had from these images.
pub(crate) type Learned = (Option<Contexts>, Option<PositionGaussians>);

/// The contexts in `sample`, and the Gaussians of positions if there is a `projection` for them, also without each of
/// `folds`. All come from the `normal` inputs that `bank` is made from.
pub(crate) fn second_pass(
    bank: &MemoryBank,
    (normal, folds): (&StoredImages, &Folds),
    sample: Option<ContextSample>,
    projection: Option<Projection>,
) -> Result<Learned> {
    let inputs = bank.inputs();
    let side = inputs.side;
    let sums = projection.as_ref();
    let mut sums = sums.map(|projection| FoldSums::new(side, projection, folds));
    let mut contexts = Vec::new();
    if sample.is_some() || sums.is_some() {
        let of_input = |input: usize, features: ImageFeatures| {
            let sample = sample.as_ref();
            let rows = sample.map(|sample| sample.rows(bank, input, &features));
            let projected = projection.as_ref().map(|projection| {
                let positions = features.joined(inputs, Reach::Position)?;
                Ok::<_, Error>((
                    features.view.counts(side),
                    projection.of(&positions.vectors),
                ))
            });
            Ok((rows.transpose()?, projected.transpose()?))
        };
        normal.each_in_order(of_input, |(rows, projected)| {
            contexts.extend(rows);
            if let (Some(sums), Some((counts, projected))) = (&mut sums, projected) {
                sums.add(&counts, &projected);
            }
        })?;
    }
    let contexts = sample.and_then(|sample| sample.contexts(bank, &contexts));
    let gaussians = sums.zip(projection);
    let gaussians =
        gaussians.and_then(|(sums, projection)| sums.gaussians(inputs.clone(), projection));
    Ok((contexts, gaussians))
}
