//! All statistics of normal features that flows and scores need before the first step.

use super::alignment::Alignment;
use super::bank_sample::BankSample;
use super::coherence::Coherence;
use super::folds::Folds;
use super::memory_bank::MemoryBank;
use super::neighbors::Neighbors;
use super::position_gaussians::Projection;
use super::position_means::{PositionMeans, PositionSums};
use super::spaced_rows::{SpacedRows, spacing};
use crate::config::checked::CheckedConfig;
use crate::config::choices::{FeatureMean, FeatureScaling};
use crate::features::accumulator::{Accumulator, HostFeatures};
use crate::features::flow_inputs::{BankInputs, FlowInput};

/// About how many positions a level's scaling is estimated from: far more than it has channels.
const SCALING_ROWS: usize = 32_768;

/// Statistics of all flows' normal training features, collected in one pass over the images.
pub(crate) struct NormalStatistics {
    /// One entry per flow.
    of_inputs: Vec<OfInput>,
    /// Whether distances to the nearest normal image are wanted.
    neighbors: bool,
    /// Positions for the memory bank, if there is one, and how many are wanted.
    bank: Option<BankSample>,
    bank_size: usize,
    /// How alike neighbouring positions are, if both flows and a bank judge them.
    coherence: Option<Coherence>,
    /// How alike images are at the same position, if Gaussians of positions are wanted.
    alignment: Option<Alignment>,
    folds: Folds,
}

/// The statistics of one flow's input.
struct OfInput {
    input: FlowInput,
    /// Sums at each position, if positions have their own means.
    sums: Option<FoldSums>,
    /// Rows for the scaling; for pooled features, the one row of each image.
    rows: Option<SpacedRows>,
}

/// Sums at each position, one per fold; a single one without folds.
struct FoldSums {
    folds: Folds,
    of_folds: Vec<PositionSums>,
    /// Number of inputs added so far.
    fed: usize,
}

impl FoldSums {
    /// The means over all inputs except those of a fold, and the number of inputs. Two inputs are enough if a
    /// fold is left out, otherwise three are needed: if the full model uses means, the held-out ones must
    /// too.
    fn means(&self, without: Option<usize>) -> Option<(PositionMeans, usize)> {
        let all = self.of_folds.iter().enumerate();
        let mut all = all.filter(|(fold, _)| Some(*fold) != without);
        let mut sums = all.next()?.1.clone();
        all.for_each(|(_, other)| sums.merge(other));
        let left_out = without.map_or(0, |fold| self.folds.inputs(fold).len());
        let inputs = self.fed - left_out.min(self.fed);
        let fewest = if without.is_some() { 2 } else { 3 };
        let enough = inputs >= fewest;
        Some((sums.means(enough), if enough { inputs } else { 0 }))
    }
}

impl Accumulator for FoldSums {
    fn add(&mut self, features: &HostFeatures) {
        let fold = self.folds.of(self.fed);
        if let Some(sums) = self.of_folds.get_mut(fold) {
            sums.add(features);
        }
        self.fed += 1;
    }
}

/// The input of a position flow's scaling.
#[derive(Default)]
pub(crate) struct LevelRows {
    /// `[rows, dimension]`, minus the means of their positions if there are any.
    pub rows: Vec<f32>,
    pub means: Option<PositionMeans>,
}

impl NormalStatistics {
    /// The statistics that a run needs of `count` normal inputs in `folds`, still empty.
    pub fn new(
        config: &CheckedConfig,
        (inputs, bank): (&[FlowInput], Option<BankInputs>),
        count: usize,
        folds: &Folds,
    ) -> Self {
        let scaled = config.features.scaling != FeatureScaling::None;
        let of_positions = scaled && config.features.mean == FeatureMean::Position;
        let of_input = |(index, input): (usize, &FlowInput)| {
            let wanted = scaled || (input.is_pooled() && config.pooled.neighbors);
            let (side, dimension) = (input.side.filter(|_| of_positions), input.dimension);
            let sums = side.map(|side| FoldSums {
                folds: folds.clone(),
                of_folds: (0..folds.count().max(1))
                    .map(|_| PositionSums::new(index, side, dimension))
                    .collect(),
                fed: 0,
            });
            OfInput {
                input: input.clone(),
                sums,
                rows: wanted.then(|| SpacedRows::new((index, input), count, most(input))),
            }
        };
        let size = config.memory_bank.size;
        let of_positions = inputs.iter().any(|input| !input.is_pooled());
        let coherence = bank.as_ref().filter(|_| of_positions);
        Self {
            of_inputs: inputs.iter().enumerate().map(of_input).collect(),
            coherence: coherence.and_then(Coherence::new),
            alignment: bank
                .as_ref()
                .filter(|_| of_positions && config.memory_bank.gaussians)
                .map(|inputs| Alignment::new(inputs.clone(), config.seed)),
            neighbors: config.pooled.neighbors,
            bank: bank.map(|inputs| BankSample::new(inputs, config.seed, count, size)),
            bank_size: size,
            folds: folds.clone(),
        }
    }

    /// The folds of its inputs.
    pub fn folds(&self) -> &Folds {
        &self.folds
    }

    /// Add every normal input to each of these. A new statistic is added here.
    pub fn accumulators(&mut self) -> Vec<&mut dyn Accumulator> {
        let mut all: Vec<&mut dyn Accumulator> = Vec::new();
        for of_input in &mut self.of_inputs {
            if let Some(sums) = &mut of_input.sums {
                all.push(sums);
            }
            if let Some(rows) = &mut of_input.rows {
                all.push(rows);
            }
        }
        if let Some(bank) = &mut self.bank {
            all.push(bank);
        }
        if let Some(coherence) = &mut self.coherence {
            all.push(coherence);
        }
        if let Some(alignment) = &mut self.alignment {
            all.push(alignment);
        }
        all
    }

    /// Whether rows are spaced equally for `count` inputs and for `other`.
    pub fn are_alike(&self, count: usize, other: usize) -> bool {
        let bank = self.bank.is_none() || BankSample::is_alike(self.bank_size, count, other);
        bank && self.of_inputs.iter().all(|OfInput { input, rows, .. }| {
            let spacing = |count| spacing(input, count, most(input));
            rows.is_none() || spacing(count) == spacing(other)
        })
    }

    /// Removes and returns what the scaling of flow `index`, a flow on positions, needs.
    pub fn take_level(&mut self, index: usize) -> LevelRows {
        let level = self.level(index, None);
        let of_input = &mut self.of_inputs[index];
        (of_input.sums, of_input.rows) = (None, None);
        level
    }

    /// What the scaling of flow `index` needs, without a fold's inputs.
    pub fn level_without(&self, index: usize, fold: usize) -> LevelRows {
        self.level(index, Some(fold))
    }

    fn level(&self, index: usize, without: Option<usize>) -> LevelRows {
        let OfInput { sums, rows, .. } = &self.of_inputs[index];
        let means = sums.as_ref().and_then(|sums| sums.means(without));
        let wanted = |input: usize| without.is_none_or(|fold| self.folds.of(input) != fold);
        let rows = rows.as_ref();
        let (means, inputs) = means.unzip();
        let mut rows = rows.map_or(Vec::new(), |rows| rows.less(means.as_ref(), wanted));
        if let Some(inputs) = inputs.filter(|inputs| *inputs > 1) {
            // Subtracting the rows' own mean reduces their variance; this factor restores it.
            let factor = (inputs as f64 / (inputs - 1) as f64).sqrt();
            spread(&mut rows, self.of_inputs[index].input.dimension, factor);
        }
        LevelRows { rows, means }
    }

    /// How alike neighbouring positions of normal images are, if both flows and a memory bank judge them.
    pub fn coherence(&self) -> Option<f32> {
        self.coherence.as_ref()?.value()
    }

    /// The weight of positions' Gaussians, from 0 to 1, and the projection of the bank's vectors for them; `None` if
    /// images are too different at the same position for Gaussians to say anything.
    pub fn alignment(&self, seed: u64) -> Option<(f32, Projection)> {
        let alignment = self.alignment.as_ref()?;
        let weight = alignment.weight();
        if weight > 0.0 {
            return Some((weight, alignment.projection(seed)?));
        }
        None
    }

    /// Removes and returns the memory bank, if there is one.
    pub fn take_bank(&mut self) -> Option<MemoryBank> {
        self.bank.take()?.bank(&self.folds)
    }

    /// The pooled feature vectors of the `wanted` inputs, `[inputs, dimension]`; empty if no scaling needs
    /// them.
    pub fn pooled_rows(&self, index: usize, wanted: impl Fn(usize) -> bool) -> Vec<f32> {
        let rows = self.of_inputs[index].rows.as_ref();
        rows.map_or(Vec::new(), |rows| rows.of_inputs(wanted))
    }

    /// The nearest-neighbour statistics, if they are wanted and some features are pooled.
    pub fn neighbors(&self) -> Option<Neighbors> {
        let pooled = self.of_inputs.iter().filter(|of| of.input.is_pooled());
        let parts = pooled.filter_map(|of| Some((of.rows.as_ref()?.values(), of.input.dimension)));
        let parts: Vec<(&[f32], usize)> = parts.collect();
        let dimension: usize = parts.iter().map(|(_, dimension)| dimension).sum();
        let (rows, width) = parts.first().filter(|_| self.neighbors)?;
        let joined = (0..rows.len() / width).flat_map(|row| {
            let parts = parts.iter();
            parts
                .flat_map(move |(rows, d)| &rows[row * d..(row + 1) * d])
                .copied()
        });
        Some(Neighbors::of(&joined.collect::<Vec<f32>>(), dimension))
    }
}

/// Scales the distances of `rows` from their mean by a factor.
fn spread(rows: &mut [f32], dimension: usize, factor: f64) {
    let count = (rows.len() / dimension).max(1) as f64;
    let mut mean = vec![0.0; dimension];
    for row in rows.chunks_exact(dimension) {
        for (sum, value) in mean.iter_mut().zip(row) {
            *sum += f64::from(*value) / count;
        }
    }
    for row in rows.chunks_exact_mut(dimension) {
        for (value, mean) in row.iter_mut().zip(&mean) {
            *value = (mean + factor * (f64::from(*value) - mean)) as f32;
        }
    }
}

/// How many rows of `input` are wanted.
fn most(input: &FlowInput) -> usize {
    match input.is_pooled() {
        true => usize::MAX,
        false => SCALING_ROWS,
    }
}
