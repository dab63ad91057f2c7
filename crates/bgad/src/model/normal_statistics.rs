//! All that flows and scores need to know of normal features before the first step.

use super::neighbors::Neighbors;
use super::position_means::{PositionMeans, PositionSums};
use super::spaced_rows::{SpacedRows, spacing};
use crate::config::choices::{FeatureMean, FeatureScaling};
use crate::config::settings::TrainerConfig;
use crate::features::accumulator::Accumulator;
use crate::features::flow_inputs::FlowInput;

/// Positions that a level's scaling is taken from, about: far more than it has channels.
const SCALING_ROWS: usize = 32_768;

/// Statistics of the normal training features of all flows, taken in one pass over the images.
pub(crate) struct NormalStatistics {
    /// An entry a flow.
    of_inputs: Vec<OfInput>,
    /// Whether distances to the nearest normal image are wanted.
    neighbors: bool,
}

/// What is taken of what one flow sees.
struct OfInput {
    input: FlowInput,
    /// Sums at each position, where those have means of their own.
    sums: Option<PositionSums>,
    /// Rows for the scaling; of pooled features the only one of each image.
    rows: Option<SpacedRows>,
}

/// What the scaling of a flow of positions is made of.
#[derive(Default)]
pub(crate) struct LevelRows {
    /// `[rows, dimension]`, less the means of their positions where there are some.
    pub rows: Vec<f32>,
    pub means: Option<PositionMeans>,
}

impl NormalStatistics {
    /// Those that a run needs of `count` normal inputs; nothing is fed yet.
    pub fn new(config: &TrainerConfig, inputs: &[FlowInput], count: usize) -> Self {
        let scaled = config.feature_scaling != FeatureScaling::None;
        let of_positions = scaled && config.feature_mean == FeatureMean::Position;
        let of_input = |(index, input): (usize, &FlowInput)| {
            let wanted = scaled || (input.is_pooled() && config.pooled_neighbors);
            let (side, dimension) = (input.side.filter(|_| of_positions), input.dimension);
            OfInput {
                input: input.clone(),
                sums: side.map(|side| PositionSums::new(index, side, dimension)),
                rows: wanted.then(|| SpacedRows::new((index, input), count, most(input))),
            }
        };
        Self {
            of_inputs: inputs.iter().enumerate().map(of_input).collect(),
            neighbors: config.pooled_neighbors,
        }
    }

    /// What is to be fed with all normal inputs. Whoever needs another statistic adds it here.
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
        all
    }

    /// Whether rows are spaced alike for `count` inputs and for `other`.
    pub fn are_alike(&self, count: usize, other: usize) -> bool {
        self.of_inputs.iter().all(|OfInput { input, rows, .. }| {
            let spacing = |count| spacing(input, count, most(input));
            rows.is_none() || spacing(count) == spacing(other)
        })
    }

    /// Takes out what the scaling of flow `index`, one of positions, is made of.
    pub fn take_level(&mut self, index: usize) -> LevelRows {
        let of_input = &mut self.of_inputs[index];
        let means = of_input.sums.take().map(|sums| sums.means());
        let rows = of_input.rows.take();
        LevelRows {
            rows: rows.map_or(Vec::new(), |rows| rows.less(means.as_ref())),
            means,
        }
    }

    /// The vectors of pooled features of the inputs that are `wanted`, `[inputs, dimension]`; nothing
    /// where no scaling needs them.
    pub fn pooled_rows(&self, index: usize, wanted: impl Fn(usize) -> bool) -> Vec<f32> {
        let rows = self.of_inputs[index].rows.as_ref();
        rows.map_or(Vec::new(), |rows| rows.of_inputs(wanted))
    }

    /// What scores draw on beside the flows, where that is wanted and some are pooled.
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

/// How many rows of `input` are wanted.
fn most(input: &FlowInput) -> usize {
    match input.is_pooled() {
        true => usize::MAX,
        false => SCALING_ROWS,
    }
}
