//! A sample of the contexts of all normal training images.

use bgad_data::random_stream::Purpose;
use rand::seq::index;

use super::contexts::{Contexts, Extent, contexts};
use super::memory_bank::MemoryBank;
use super::wide_means::half;
use crate::config::choices::Granularity;
use crate::error::Result;
use crate::features::image_features::ImageFeatures;

/// Draws contexts at random, the same number from each normal input.
pub(crate) struct ContextSample {
    extent: Extent,
    seed: u64,
    /// The number from each input.
    each: usize,
}

impl ContextSample {
    /// Draws about `size` contexts from `count` inputs of `bank`; `None` if `size` is 0.
    pub fn new(
        bank: &MemoryBank,
        granularity: Granularity,
        (seed, size): (u64, usize),
        count: usize,
    ) -> Option<Self> {
        (size > 0).then(|| Self {
            extent: Extent::new(granularity, bank),
            seed,
            each: size.div_ceil(count.max(1)),
        })
    }

    /// The contexts of a normal input, `[contexts, dimension]`.
    pub fn rows(
        &self,
        bank: &MemoryBank,
        input: usize,
        features: &ImageFeatures,
    ) -> Result<Vec<f32>> {
        let inputs = bank.inputs();
        let (dimension, side) = (inputs.dimension(), half(inputs.side));
        let neighborhoods = features.neighborhoods(inputs)?;
        let inside = neighborhoods.inside(inputs.side, false);
        let contexts = contexts(bank, self.extent, &neighborhoods.vectors, &inside);
        let counted = features.view.counts(side).into_iter().enumerate();
        let counted = counted.filter_map(|(position, counts)| counts.then_some(position));
        let counted: Vec<usize> = counted.collect();
        let mut rng = Purpose::Contexts.stream(self.seed, input as u64);
        let each = self.each.min(counted.len());
        let mut drawn = index::sample(&mut rng, counted.len(), each).into_vec();
        drawn.sort_unstable();
        let rows = drawn.into_iter().map(|drawn| counted[drawn] * dimension);
        let rows = rows.flat_map(|first| contexts[first..first + dimension].iter().copied());
        Ok(rows.collect())
    }

    /// From the [`rows`](Self::rows) of all inputs; `None` if there are none.
    pub fn contexts(&self, bank: &MemoryBank, rows: &[Vec<f32>]) -> Option<Contexts> {
        let dimension = bank.inputs().dimension();
        let owners = rows.iter().enumerate();
        let owners = owners.flat_map(|(input, rows)| vec![input; rows.len() / dimension]);
        let owners: Vec<usize> = owners.collect();
        let any = !owners.is_empty();
        any.then(|| Contexts::new(self.extent, &rows.concat(), dimension, owners))
    }
}
