//! Evenly spaced rows of all normal features.

use super::position_means::PositionMeans;
use crate::features::accumulator::{Accumulator, HostFeatures};
use crate::features::flow_inputs::FlowInput;

/// What one flow sees of normal features: of each input only so many positions, evenly spaced, that
/// there are not far more than a wanted number of rows in all. Positions in the padding don't count.
pub(crate) struct SpacedRows {
    /// The flow's number.
    index: usize,
    dimension: usize,
    /// Columns and rows of its map; none for pooled features.
    side: Option<usize>,
    /// Of so many positions one is taken.
    every: usize,
    /// Inputs that were fed.
    fed: usize,
    /// `[rows, dimension]`.
    values: Vec<f32>,
    /// The position of each row.
    positions: Vec<usize>,
    /// The input of each row.
    inputs: Vec<usize>,
}

impl SpacedRows {
    /// For flow `index` and `count` inputs, about `most` rows.
    pub fn new((index, input): (usize, &FlowInput), count: usize, most: usize) -> Self {
        Self {
            index,
            dimension: input.dimension,
            side: input.side,
            every: spacing(input, count, most),
            fed: 0,
            values: Vec::new(),
            positions: Vec::new(),
            inputs: Vec::new(),
        }
    }

    /// `[rows, dimension]`.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The rows of the inputs that are `wanted` less the means of their positions, `[rows, dimension]`.
    pub fn less(&self, means: Option<&PositionMeans>, wanted: impl Fn(usize) -> bool) -> Vec<f32> {
        let mut values = self.of_inputs(&wanted);
        if let Some(means) = means {
            let positions = self.positions.iter().zip(&self.inputs);
            let positions = positions.filter(|(_, input)| wanted(**input));
            let rows = values.chunks_exact_mut(self.dimension);
            for (row, (position, _)) in rows.zip(positions) {
                means.take_off_at(*position, row);
            }
        }
        values
    }

    /// The rows of the inputs that are `wanted`, `[rows, dimension]`.
    pub fn of_inputs(&self, wanted: impl Fn(usize) -> bool) -> Vec<f32> {
        let rows = self.values.chunks_exact(self.dimension).zip(&self.inputs);
        let rows = rows.filter(|(_, input)| wanted(**input));
        rows.flat_map(|(row, _)| row).copied().collect()
    }
}

/// Of how many positions one is taken, of `count` inputs, for about `most` rows.
pub(crate) fn spacing(input: &FlowInput, count: usize, most: usize) -> usize {
    let positions = input.side.map_or(1, |side| side * side);
    (positions * count).div_ceil(most).max(1)
}

impl Accumulator for SpacedRows {
    fn add(&mut self, features: &HostFeatures) {
        let counts = self.side.map(|side| features.view.counts(side));
        let rows = features.levels[self.index].chunks_exact(self.dimension);
        let rows = rows.enumerate();
        let rows = rows.filter(|(row, _)| counts.as_ref().is_none_or(|counts| counts[*row]));
        // Another place to start for each input, so that all positions are seen.
        for (position, row) in rows.skip(self.fed % self.every).step_by(self.every) {
            self.values.extend_from_slice(row);
            self.positions.push(position);
            self.inputs.push(self.fed);
        }
        self.fed += 1;
    }
}
