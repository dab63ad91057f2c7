//! A flow's parameters in one allocation.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use bgad_cpu::{Matrix, MatrixMut, Panels, multiply};

use crate::parameter::{self, full_name, shapes};
use crate::{FlowConfig, FlowError, FlowStart, Parameter};

/// A flow with its parameters on the host.
#[derive(Debug, Clone)]
pub struct HostFlow {
    pub(super) config: FlowConfig,
    pub(super) layout: Layout,
    /// The trained values, block by block.
    pub(super) values: Vec<f32>,
    /// The fixed rotations, one per block.
    pub(super) rotations: Arc<Vec<Rotation>>,
    /// Whether the last rotation preserves lengths, and so the density. It is then skipped.
    last_is_orthogonal: bool,
}

/// A rotation, laid out for both directions through a block.
#[derive(Debug)]
pub(super) struct Rotation {
    /// Transposed, because rows of vectors are multiplied from the left.
    pub forward: Panels,
    pub backward: Panels,
}

/// How far each element of a rotation times its transpose may be from the identity.
const ORTHOGONAL: f32 = 1e-5;

/// Whether the matrix `[d, d]` preserves lengths. One read from a file may not.
fn is_orthogonal(matrix: Matrix<'_>) -> bool {
    let d = matrix.rows();
    let mut product = vec![0.0; d * d];
    multiply(
        matrix,
        matrix.transposed(),
        MatrixMut::new(&mut product, d, d),
    );
    product.iter().enumerate().all(|(index, value)| {
        let of_identity = if index % (d + 1) == 0 { 1.0 } else { 0.0 };
        (value - of_identity).abs() <= ORTHOGONAL
    })
}

/// Sizes of a block, and the ranges of its parameters among its values.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub dimension: usize,
    pub kept: usize,
    pub changed: usize,
    pub condition: usize,
    pub hidden: usize,
    pub input_weight: Range<usize>,
    pub condition_weight: Range<usize>,
    pub input_bias: Range<usize>,
    pub output_weight: Range<usize>,
    pub output_bias: Range<usize>,
    pub global_scale: Range<usize>,
    pub global_offset: Range<usize>,
    /// Number of trained values in a block.
    pub size: usize,
    /// The distance between rows of activations, so that loops over whole registers need no remainder. Rows
    /// of vectors,
    pub row: usize,
    /// of the subnet's hidden layer,
    pub hidden_row: usize,
    /// of its outputs, log-scales first,
    pub output_row: usize,
    /// and of the values that the coupling stores.
    pub changed_row: usize,
}

/// Number of elements in the widest register.
pub(super) const LANES: usize = 16;

impl Layout {
    fn new(config: &FlowConfig) -> Self {
        let (kept, changed) = config.split();
        let condition = config.condition.unwrap_or(0);
        let hidden = 2 * (kept + condition);
        let mut size = 0;
        let mut next = |count: usize| {
            size += count;
            size - count..size
        };
        Self {
            dimension: config.dimension,
            kept,
            changed,
            condition,
            hidden,
            input_weight: next(kept * hidden),
            condition_weight: next(condition * hidden),
            input_bias: next(hidden),
            output_weight: next(hidden * 2 * changed),
            output_bias: next(2 * changed),
            global_scale: next(config.dimension),
            global_offset: next(config.dimension),
            size,
            row: (kept + changed.next_multiple_of(LANES)).next_multiple_of(LANES),
            hidden_row: hidden.next_multiple_of(LANES),
            output_row: (changed + changed.next_multiple_of(LANES)).next_multiple_of(LANES),
            changed_row: changed.next_multiple_of(LANES),
        }
    }

    /// Number of rows that pass through the flow together: few enough that a block's activations stay in the
    /// second-level cache, enough for efficient products, and without a remainder for them.
    pub fn tile(&self) -> usize {
        const CACHED: usize = 5 << 16;
        const STEP: usize = 24;
        let of_row = self.hidden_row + 2 * self.row + self.output_row;
        (CACHED / of_row / STEP * STEP).clamp(STEP, 12 * STEP)
    }

    /// The same without gradients, for `rows` rows in total: fewer at a time, so that even a single image's
    /// coarsest level keeps several threads busy, and none waits long for the last one.
    pub fn scoring_tile(&self, rows: usize) -> usize {
        const PIECES: usize = 24;
        const STEP: usize = 48;
        (rows / PIECES).clamp(STEP, 2 * STEP).next_multiple_of(STEP)
    }

    /// The weight of the subnet's first layer for `x1`, `[kept, hidden]`.
    pub fn input_matrix<'a>(&self, block: &'a [f32]) -> Matrix<'a> {
        Matrix::new(&block[self.input_weight.clone()], self.kept, self.hidden)
    }

    /// The weight of its second layer, `[hidden, 2 · changed]`.
    pub fn output_matrix<'a>(&self, block: &'a [f32]) -> Matrix<'a> {
        let weight = &block[self.output_weight.clone()];
        Matrix::new(weight, self.hidden, 2 * self.changed)
    }

    /// A block's values except for the condition's weight.
    pub fn beside_condition(&self) -> [Range<usize>; 2] {
        let condition = &self.condition_weight;
        [0..condition.start, condition.end..self.size]
    }

    fn range(&self, name: &str) -> Option<Range<usize>> {
        Some(match name {
            "input_weight" => self.input_weight.clone(),
            "condition_weight" => self.condition_weight.clone(),
            "input_bias" => self.input_bias.clone(),
            "output_weight" => self.output_weight.clone(),
            "output_bias" => self.output_bias.clone(),
            "global_scale" => self.global_scale.clone(),
            "global_offset" => self.global_offset.clone(),
            _ => return None,
        })
    }
}

impl HostFlow {
    /// A flow with the given parameters, named as in [`named_parameters`](Self::named_parameters).
    ///
    /// # Errors
    /// A setting out of range, a missing parameter, or a wrong shape. Unknown names are ignored.
    pub fn from_parameters(
        config: &FlowConfig,
        parameters: &BTreeMap<String, Parameter>,
    ) -> Result<Self, FlowError> {
        config.check()?;
        let layout = Layout::new(config);
        let mut values = vec![0.0; config.blocks * layout.size];
        let mut rotations = Vec::with_capacity(config.blocks);
        let mut last_is_orthogonal = false;
        for (block, values) in values.chunks_exact_mut(layout.size).enumerate() {
            for (name, shape) in shapes(config) {
                let given = parameter::find(parameters, full_name(block, name), &shape)?;
                match layout.range(name) {
                    Some(range) => values[range].copy_from_slice(given),
                    None => {
                        let d = config.dimension;
                        let matrix = Matrix::new(given, d, d);
                        if block + 1 == config.blocks {
                            last_is_orthogonal = is_orthogonal(matrix);
                        }
                        rotations.push(Rotation {
                            forward: Panels::new(matrix.transposed()),
                            backward: Panels::new(matrix),
                        });
                    }
                }
            }
        }
        Ok(Self {
            // With its parameters given, the flow needs no start.
            config: config.with_start(FlowStart::default()),
            layout,
            values,
            rotations: Arc::new(rotations),
            last_is_orthogonal,
        })
    }

    /// The flow's shape.
    pub fn config(&self) -> FlowConfig {
        self.config
    }

    /// The trained values: all parameters except the rotations, block by block.
    pub fn trained(&self) -> &[f32] {
        &self.values
    }

    /// Replaces the trained values, in the order of [`trained`](Self::trained).
    ///
    /// # Errors
    /// If their number is wrong.
    pub fn set_trained(&mut self, values: Vec<f32>) -> Result<(), FlowError> {
        if values.len() != self.values.len() {
            return Err(FlowError::ParameterShape {
                name: "trained values".to_owned(),
                found: format!("F32 [{}]", values.len()),
                expected: format!("F32 [{}]", self.values.len()),
            });
        }
        self.values = values;
        Ok(())
    }

    /// The fixed rotation of a block, `[dimension, dimension]` row-major; `None` after the last block.
    pub fn rotation(&self, block: usize) -> Option<Vec<f32>> {
        let rotation = self.rotations.get(block)?;
        Some(rotation.backward.to_row_major())
    }

    /// Uses `other`'s rotations instead of its own if they are equal, to save memory.
    pub fn share_rotations(&mut self, other: &Self) {
        let pairs = || self.rotations.iter().zip(other.rotations.iter());
        let same = self.rotations.len() == other.rotations.len()
            && pairs().all(|(own, other)| own.backward == other.backward);
        if same {
            self.rotations = Arc::clone(&other.rotations);
        }
    }

    /// All parameters under the names `block.INDEX.PARAMETER`, in a fixed order.
    pub fn named_parameters(&self) -> Vec<(String, Parameter)> {
        let blocks = self.values.chunks_exact(self.layout.size);
        let named = blocks.zip(self.rotations.iter()).enumerate();
        named
            .flat_map(|(block, (values, rotation))| {
                shapes(&self.config).into_iter().map(move |(name, shape)| {
                    let values = match self.layout.range(name) {
                        Some(range) => values[range].to_vec(),
                        None => rotation.backward.to_row_major(),
                    };
                    (full_name(block, name), Parameter { shape, values })
                })
            })
            .collect()
    }

    /// Whether a block's rotation affects log-likelihoods.
    pub(super) fn rotates(&self, block: usize) -> bool {
        block + 1 < self.config.blocks || !self.last_is_orthogonal
    }

    /// The trained values of a block.
    pub(super) fn block(&self, index: usize) -> &[f32] {
        &self.values[index * self.layout.size..][..self.layout.size]
    }
}
