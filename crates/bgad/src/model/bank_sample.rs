//! The choice of a memory bank's rows among the positions of all normal training images.

use bgad_data::random_stream::Purpose;
use rand::seq::index;

use super::covariance::Moments;
use super::covering_rows::covering;
use super::folds::Folds;
use super::memory_bank::MemoryBank;
use super::owned_rows::OwnedRows;
use crate::features::accumulator::{Accumulator, HostFeatures};
use crate::features::flow_inputs::BankInputs;
use crate::features::neighborhoods::Reach;

/// So many positions are drawn at random for each row that is wanted, and the rows chosen among them.
const CANDIDATES: usize = 8;
/// At most so many, unless more rows are wanted: those of `tf_efficientnetv2_b0` then take 80 MiB.
const MOST_CANDIDATES: usize = 131_072;

/// Positions drawn at random, about the same number from each input, and a choice of them that covers all.
///
/// PatchCore's greedy coreset also covers all positions, but takes the oddest ones first. It was no better on real data
/// sets, and takes longer than the rest of training.
pub(crate) struct BankSample {
    inputs: BankInputs,
    seed: u64,
    /// Rows that are wanted.
    size: usize,
    /// Positions drawn per input.
    each: usize,
    /// Number of inputs added so far.
    fed: usize,
    drawn: OwnedRows,
}

impl BankSample {
    /// Chooses about `size` positions from `count` inputs.
    pub fn new(inputs: BankInputs, seed: u64, count: usize, size: usize) -> Self {
        let each = each(size, count);
        let most = each.min(inputs.side * inputs.side) * count;
        Self {
            drawn: OwnedRows {
                values: Vec::with_capacity(most * inputs.dimension()),
                owners: Vec::new(),
            },
            inputs,
            seed,
            size,
            each,
            fed: 0,
        }
    }

    /// Whether the number drawn per input is the same for `count` inputs as for `other`.
    pub fn is_alike(size: usize, count: usize, other: usize) -> bool {
        each(size, count) == each(size, other)
    }

    /// The bank; `None` if no input was added.
    ///
    /// Each fold's rows cover that fold by themselves: otherwise rows of other images, left out because a fold has some
    /// like them, would be missing when the fold is held out.
    pub fn bank(self, folds: &Folds) -> Option<MemoryBank> {
        let Self {
            inputs, mut drawn, ..
        } = self;
        let count = drawn.owners.len();
        if count == 0 {
            return None;
        }
        let dimension = inputs.dimension();
        let moments = Moments::of(&drawn.values, dimension).rounded();
        moments.standardize_in_place(&mut drawn.values);
        let share = |rows: usize| rows * self.size.min(count) / count;
        let stream = |number: usize| Purpose::Coverage.stream(self.seed, number as u64);
        let mut chosen = Vec::new();
        for (number, group) in drawn.of_folds(folds).into_iter().enumerate() {
            let wanted = (share(group.end) - share(group.start)).max(1);
            let mut rng = stream(number);
            let rows = &drawn.values[group.start * dimension..group.end * dimension];
            let rows = covering(rows, dimension, wanted, &mut rng);
            chosen.extend(rows.into_iter().map(|row| group.start + row));
        }
        let after_folds = &mut stream(folds.count().max(1));
        let mut even = index::sample(after_folds, count, self.size.min(count)).into_vec();
        even.sort_unstable();
        Some(MemoryBank::new(
            inputs,
            moments,
            drawn.picked(chosen),
            drawn.picked(even),
        ))
    }
}

/// Positions that are drawn from each of `count` inputs to choose `size` rows from.
fn each(size: usize, count: usize) -> usize {
    let candidates = size.saturating_mul(CANDIDATES).min(MOST_CANDIDATES);
    candidates.max(size).div_ceil(count.max(1))
}

impl Accumulator for BankSample {
    fn add(&mut self, features: &HostFeatures) {
        let vectors = features.joined(&self.inputs, Reach::Neighborhood);
        let counted = features.view.counts(self.inputs.side);
        let counted = counted.iter().enumerate().filter(|(_, counts)| **counts);
        let counted: Vec<usize> = counted.map(|(position, _)| position).collect();
        let mut rng = Purpose::Bank.stream(self.seed, self.fed as u64);
        let each = self.each.min(counted.len());
        let mut drawn = index::sample(&mut rng, counted.len(), each).into_vec();
        drawn.sort_unstable();
        let dimension = self.inputs.dimension();
        for position in drawn.into_iter().map(|drawn| counted[drawn]) {
            let row = &vectors[position * dimension..][..dimension];
            self.drawn.values.extend_from_slice(row);
            self.drawn.owners.push(self.fed);
        }
        self.fed += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::view::View;

    const SIDE: usize = 16;
    const INPUTS: usize = 20;

    /// A bank of `size` rows in five folds. Each input has noise and, somewhere, one detail, which differs within a fold.
    fn bank(size: usize) -> Option<(MemoryBank, Folds)> {
        let inputs = BankInputs::of_one_level(SIDE, 1);
        let mut sample = BankSample::new(inputs, 0, INPUTS, size);
        for input in 0..INPUTS {
            let noise = |at: usize| ((at * 7919 + input * 31) % 101) as f32 / 101.0;
            let mut values: Vec<f32> = (0..SIDE * SIDE).map(noise).collect();
            values[(3 + input / 2) * SIDE + 12 - input / 2] = 90.0 + 9.0 * (input % 4) as f32;
            sample.add(&HostFeatures {
                view: View::stretched(256),
                levels: vec![values],
            });
        }
        let folds = Folds::of_images(&[1; INPUTS], 5);
        Some((sample.bank(&folds)?, folds))
    }

    #[test]
    fn whichever_fold_is_left_out_the_bank_knows_the_detail() -> Result<(), &'static str> {
        let (bank, folds) = bank(50).ok_or("no bank")?;
        let distance = |value: f32, fold: usize| {
            let nearest = bank.nearest(&[value], &folds.inputs(fold));
            nearest.map(|distances| distances[0])
        };
        for fold in 0..5 {
            // A mean over 3 x 3 positions with the detail, one without it, and one that no input has.
            let of = |value| distance(value, fold).ok_or("all rows are left out");
            let [detail, usual, other] = [of(12.0)?, of(0.5)?, of(6.0)?];
            assert!(
                detail < 0.2 * other && usual < 0.2 * other,
                "{detail} {usual} {other}"
            );
        }
        Ok(())
    }

    #[test]
    fn a_sample_has_usual_positions_as_often_as_images_do() -> Result<(), &'static str> {
        let (bank, _) = bank(400).ok_or("no bank")?;
        let share = |rows: &[f32]| {
            let detail = rows.iter().filter(|value| **value > 2.0).count();
            detail as f32 / rows.len() as f32
        };
        let even = share(&bank.sample_without(&(0..0)));
        // Nine of 256 positions lie beside a detail.
        assert!((0.01..0.07).contains(&even), "{even}");
        Ok(())
    }
}
