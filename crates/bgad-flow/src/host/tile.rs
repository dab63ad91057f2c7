//! The activations of a tile of rows, and the coupling itself.

use bgad_cpu::{Kernel, exp, tanh};

use super::parameters::Layout;

/// What a tile's rows leave in memory on their way through `blocks` blocks.
#[derive(Debug)]
pub(super) struct Activations {
    /// `[blocks, rows, dimension]`: the input of each block.
    pub x: Vec<f32>,
    /// `[rows, dimension]`: the output of the last.
    pub y: Vec<f32>,
    /// `[blocks, rows, hidden]`, after the ReLU.
    pub hidden: Vec<f32>,
    /// `[blocks, rows, changed]`: `x2'`.
    pub moved: Vec<f32>,
    /// `[blocks, rows, changed]`: `tanh` of the scale's argument.
    pub tanh: Vec<f32>,
    /// `[blocks, rows, changed]`: `exp(s)`.
    pub growth: Vec<f32>,
    /// `[rows]`: the coupling's part of `Σ log|det J|`.
    pub log_determinant: Vec<f32>,
    /// `[rows, 2 · changed]`: the subnet's outputs, used at once.
    outputs: Vec<f32>,
    pub rows: usize,
}

/// One block's part of [`Activations`].
pub(super) struct Block<'a> {
    pub x: &'a [f32],
    pub y: &'a mut [f32],
    pub hidden: &'a mut [f32],
    pub moved: &'a mut [f32],
    pub tanh: &'a mut [f32],
    pub growth: &'a mut [f32],
    pub log_determinant: &'a mut [f32],
    pub outputs: &'a mut [f32],
}

impl Activations {
    pub fn new(layout: &Layout, blocks: usize, rows: usize) -> Self {
        let zeros = |columns: usize| vec![0.0; blocks * rows * columns];
        Self {
            x: zeros(layout.dimension),
            y: vec![0.0; rows * layout.dimension],
            hidden: zeros(layout.hidden),
            moved: zeros(layout.changed),
            tanh: zeros(layout.changed),
            growth: zeros(layout.changed),
            log_determinant: vec![0.0; rows],
            outputs: vec![0.0; rows * 2 * layout.changed],
            rows,
        }
    }

    /// The only block of activations that are not kept.
    pub fn single(&mut self) -> Block<'_> {
        Block {
            x: &self.x,
            y: &mut self.y,
            hidden: &mut self.hidden,
            moved: &mut self.moved,
            tanh: &mut self.tanh,
            growth: &mut self.growth,
            log_determinant: &mut self.log_determinant,
            outputs: &mut self.outputs,
        }
    }

    /// Block `index` of activations that are kept: its output is the next one's input.
    pub fn block(&mut self, layout: &Layout, index: usize) -> Block<'_> {
        let part = |columns: usize| {
            let length = self.rows * columns;
            index * length..(index + 1) * length
        };
        let (of_x, of_hidden, of_changed) = (
            part(layout.dimension),
            part(layout.hidden),
            part(layout.changed),
        );
        let (before, after) = self.x.split_at_mut(of_x.end);
        let y = match after.is_empty() {
            true => &mut self.y,
            false => &mut after[..of_x.len()],
        };
        Block {
            x: &before[of_x],
            y,
            hidden: &mut self.hidden[of_hidden],
            moved: &mut self.moved[of_changed.clone()],
            tanh: &mut self.tanh[of_changed.clone()],
            growth: &mut self.growth[of_changed],
            log_determinant: &mut self.log_determinant,
            outputs: &mut self.outputs,
        }
    }
}

/// From the subnet's outputs to `x2' = x2 · exp(s) + t`, with `s = clamp · tanh(0.1 · a)`.
pub(super) struct Coupling<'a, 'b> {
    pub layout: &'a Layout,
    pub clamp: f32,
    /// `[2 · changed]`: the bias of the subnet's outputs.
    pub bias: &'a [f32],
    pub tile: &'a mut Block<'b>,
}

impl Kernel for Coupling<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self {
            layout,
            clamp,
            bias,
            tile,
        } = self;
        let (d, kept, changed) = (layout.dimension, layout.kept, layout.changed);
        let factor = crate::coupling::SUBNET_FACTOR as f32;
        let (scale_bias, shift_bias) = bias.split_at(changed);
        for row in 0..tile.log_determinant.len() {
            let of_row = row * changed..(row + 1) * changed;
            let x2 = &tile.x[row * d + kept..][..changed];
            let (scale, shift) = tile.outputs[row * 2 * changed..][..2 * changed].split_at(changed);
            let moved = &mut tile.moved[of_row.clone()];
            let tanhs = &mut tile.tanh[of_row.clone()];
            let growth = &mut tile.growth[of_row];
            for j in 0..changed {
                let bent = tanh(factor * (scale[j] + scale_bias[j]));
                let grown = exp(clamp * bent);
                tanhs[j] = bent;
                growth[j] = grown;
                moved[j] = x2[j].mul_add(grown, factor * (shift[j] + shift_bias[j]));
            }
            let sum: f32 = tanhs.iter().sum();
            tile.log_determinant[row] += clamp * sum;
        }
    }
}
