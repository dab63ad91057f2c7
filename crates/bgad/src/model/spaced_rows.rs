//! Evenly spaced rows of all normal features.

use super::position_means::PositionMeans;
use crate::features::accumulator::{Accumulator, HostFeatures};
use crate::features::flow_inputs::FlowInput;

/// One flow's view of normal features: from each input evenly spaced positions, few enough that all inputs
/// together have about the wanted number of rows. Positions in the padding don't count.
pub(crate) struct SpacedRows {
    /// The flow's index.
    index: usize,
    dimension: usize,
    /// Number of columns, and of rows, of its map; `None` for pooled features.
    side: Option<usize>,
    /// One of this many positions is taken.
    every: usize,
    /// Number of inputs added so far.
    fed: usize,
    /// `[rows, dimension]`.
    values: Vec<f32>,
    /// The position of each row.
    positions: Vec<usize>,
    /// The input of each row.
    inputs: Vec<usize>,
}

impl SpacedRows {
    /// About `most` rows from `count` inputs for flow `index`.
    pub fn new((index, input): (usize, &FlowInput), count: usize, most: usize) -> Self {
        let every = spacing(input, count, most);
        let positions = input.side.map_or(1, |side| side * side);
        // A list that grows as it is filled is copied again and again.
        let rows = count * positions.div_ceil(every);
        Self {
            index,
            dimension: input.dimension,
            side: input.side,
            every,
            fed: 0,
            values: Vec::with_capacity(rows * input.dimension),
            positions: Vec::new(),
            inputs: Vec::new(),
        }
    }

    /// `[rows, dimension]`.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The rows of the `wanted` inputs minus the means of their positions, `[rows, dimension]`.
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

    /// The rows of the `wanted` inputs, `[rows, dimension]`.
    pub fn of_inputs(&self, wanted: impl Fn(usize) -> bool) -> Vec<f32> {
        let mut values = Vec::with_capacity(self.values.len());
        let rows = self.values.chunks_exact(self.dimension).zip(&self.inputs);
        for (row, _) in rows.filter(|(_, input)| wanted(**input)) {
            values.extend_from_slice(row);
        }
        values
    }
}

/// The spacing of positions that gives about `most` rows from `count` inputs.
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
        // Start at another position for each input, so that all positions are sampled.
        for (position, row) in rows.skip(self.fed % self.every).step_by(self.every) {
            self.values.extend_from_slice(row);
            self.positions.push(position);
            self.inputs.push(self.fed);
        }
        self.fed += 1;
    }
}
