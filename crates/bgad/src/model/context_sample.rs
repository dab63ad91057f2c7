//! A sample of the contexts of all normal training images.

use bgad_data::random_stream::Purpose;
use rand::seq::index;

use super::contexts::{Contexts, Extent, contexts};
use super::memory_bank::MemoryBank;
use super::wide_means::half;
use crate::config::choices::Granularity;
use crate::error::Result;
use crate::features::stored_images::StoredImages;

/// About `size` contexts drawn at random, the same number from each of the `normal` inputs that `bank` is made from;
/// `None` if there are none.
pub(crate) fn sample(
    bank: &MemoryBank,
    normal: &StoredImages,
    granularity: Granularity,
    (seed, size): (u64, usize),
) -> Result<Option<Contexts>> {
    let inputs = bank.inputs();
    let (dimension, side) = (inputs.dimension(), half(inputs.side));
    let extent = Extent::new(granularity, bank);
    let each = size.div_ceil(normal.len().max(1));
    let drawn = normal.each(false, |input, features| {
        let neighborhoods = features.neighborhoods(inputs)?;
        let inside = neighborhoods.inside(inputs.side, false);
        let contexts = contexts(bank, extent, &neighborhoods.vectors, &inside);
        let counted = features.view.counts(side).into_iter().enumerate();
        let counted = counted.filter_map(|(position, counts)| counts.then_some(position));
        let counted: Vec<usize> = counted.collect();
        let mut rng = Purpose::Contexts.stream(seed, input as u64);
        let mut drawn = index::sample(&mut rng, counted.len(), each.min(counted.len())).into_vec();
        drawn.sort_unstable();
        let rows = drawn.into_iter().map(|drawn| counted[drawn] * dimension);
        let rows = rows.flat_map(|first| contexts[first..first + dimension].iter().copied());
        Ok(rows.collect::<Vec<f32>>())
    })?;
    let owners = drawn.iter().enumerate();
    let owners = owners.flat_map(|(input, rows)| vec![input; rows.len() / dimension]);
    let owners: Vec<usize> = owners.collect();
    let any = !owners.is_empty();
    Ok(any.then(|| Contexts::new(extent, &drawn.concat(), dimension, owners)))
}
