//! A sample of the positions of all normal training images.

use bgad_data::random_stream::Purpose;
use rand::seq::index;

use super::memory_bank::MemoryBank;
use crate::features::accumulator::{Accumulator, HostFeatures};
use crate::features::flow_inputs::BankInputs;
use crate::features::neighborhoods::joined;

/// Positions drawn at random, about the same number from each input.
///
/// PatchCore's greedy coreset was no better on real data sets, and takes longer than the rest of training.
pub(crate) struct BankSample {
    inputs: BankInputs,
    seed: u64,
    /// Positions drawn per input.
    each: usize,
    /// Number of inputs added so far.
    fed: usize,
    /// `[positions, dimension]`.
    rows: Vec<f32>,
    /// The input of each row.
    owners: Vec<usize>,
}

impl BankSample {
    /// Draws about `size` positions from `count` inputs, the same number from each.
    pub fn new(inputs: BankInputs, seed: u64, count: usize, size: usize) -> Self {
        let each = size.div_ceil(count.max(1));
        let most = each.min(inputs.side * inputs.side) * count;
        Self {
            rows: Vec::with_capacity(most * inputs.dimension()),
            inputs,
            seed,
            each,
            fed: 0,
            owners: Vec::new(),
        }
    }

    /// Whether the number drawn per input is the same for `count` inputs as for `other`.
    pub fn is_alike(size: usize, count: usize, other: usize) -> bool {
        size.div_ceil(count.max(1)) == size.div_ceil(other.max(1))
    }

    /// The bank of all drawn positions; `None` if no input was added.
    pub fn bank(self) -> Option<MemoryBank> {
        let any = !self.owners.is_empty();
        any.then(|| MemoryBank::new(self.inputs, &self.rows, self.owners))
    }
}

impl Accumulator for BankSample {
    fn add(&mut self, features: &HostFeatures) {
        let levels = self.inputs.levels.iter();
        let levels = levels.map(|level| features.levels[level.index].as_slice());
        let vectors = joined(&self.inputs, levels);
        let counted = features.view.counts(self.inputs.side);
        let counted = counted.iter().enumerate().filter(|(_, counts)| **counts);
        let counted: Vec<usize> = counted.map(|(position, _)| position).collect();
        let mut rng = Purpose::Bank.stream(self.seed, self.fed as u64);
        let mut drawn =
            index::sample(&mut rng, counted.len(), self.each.min(counted.len())).into_vec();
        drawn.sort_unstable();
        let dimension = self.inputs.dimension();
        for position in drawn.into_iter().map(|drawn| counted[drawn]) {
            let row = &vectors[position * dimension..][..dimension];
            self.rows.extend_from_slice(row);
            self.owners.push(self.fed);
        }
        self.fed += 1;
    }
}
