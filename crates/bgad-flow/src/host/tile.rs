//! The activations of a tile of rows, and the coupling itself.

use bgad_cpu::{Kernel, exp, tanh};

use super::parameters::{LANES, Layout};

/// What a tile's rows leave in memory on their way through `blocks` blocks. Rows are padded as
/// [`Layout`] says; what stands in the padding is finite and never used.
#[derive(Debug)]
pub(super) struct Activations {
    /// `[blocks, rows, row]`: the input of each block.
    pub x: Vec<f32>,
    /// `[rows, row]`: the output of the last.
    pub y: Vec<f32>,
    /// `[blocks, rows, hidden_row]`, after the ReLU.
    pub hidden: Vec<f32>,
    /// `[blocks, rows, row]`: `[x1, x2']`.
    pub coupled: Vec<f32>,
    /// `[blocks, rows, changed_row]`: `tanh` of the scale's argument.
    pub tanh: Vec<f32>,
    /// `[blocks, rows, changed_row]`: `exp(s)`.
    pub growth: Vec<f32>,
    /// `[rows]`: the coupling's part of `Σ log|det J|`.
    pub log_determinant: Vec<f32>,
    /// `[rows, output_row]`: the subnet's outputs, used at once.
    outputs: Vec<f32>,
    pub rows: usize,
}

/// One block's part of [`Activations`].
pub(super) struct Block<'a> {
    pub x: &'a [f32],
    pub y: &'a mut [f32],
    pub hidden: &'a mut [f32],
    pub coupled: &'a mut [f32],
    pub tanh: &'a mut [f32],
    pub growth: &'a mut [f32],
    pub log_determinant: &'a mut [f32],
    pub outputs: &'a mut [f32],
}

impl Activations {
    pub fn new(layout: &Layout, blocks: usize, rows: usize) -> Self {
        let zeros = |columns: usize| vec![0.0; blocks * rows * columns];
        Self {
            x: zeros(layout.row),
            y: vec![0.0; rows * layout.row],
            hidden: zeros(layout.hidden_row),
            coupled: zeros(layout.row),
            tanh: zeros(layout.changed_row),
            growth: zeros(layout.changed_row),
            log_determinant: vec![0.0; rows],
            outputs: vec![0.0; rows * layout.output_row],
            rows,
        }
    }

    /// Puts `row(i)` in place of the first block's inputs, and forgets the log-determinants.
    pub fn start<'r>(&mut self, layout: &Layout, row: impl Fn(usize) -> &'r [f32]) {
        let inputs = self.x[..self.rows * layout.row].chunks_exact_mut(layout.row);
        for (i, x) in inputs.enumerate() {
            x[..layout.dimension].copy_from_slice(row(i));
        }
        self.log_determinant.fill(0.0);
    }

    /// The only block of activations that are not kept.
    pub fn single(&mut self) -> Block<'_> {
        Block {
            x: &self.x,
            y: &mut self.y,
            hidden: &mut self.hidden,
            coupled: &mut self.coupled,
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
        let (of_x, of_hidden) = (part(layout.row), part(layout.hidden_row));
        let of_changed = part(layout.changed_row);
        let (before, after) = self.x.split_at_mut(of_x.end);
        let y = match after.is_empty() {
            true => &mut self.y,
            false => &mut after[..of_x.len()],
        };
        Block {
            x: &before[of_x.clone()],
            y,
            hidden: &mut self.hidden[of_hidden],
            coupled: &mut self.coupled[of_x],
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
    pub tile: &'a mut Block<'b>,
}

impl Kernel for Coupling<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self {
            layout,
            clamp,
            tile,
        } = self;
        let (kept, changed) = (layout.kept, layout.changed);
        let factor = crate::coupling::SUBNET_FACTOR as f32;
        let rows = tile
            .x
            .chunks_exact(layout.row)
            .zip(tile.coupled.chunks_exact_mut(layout.row));
        let outputs = tile.outputs.chunks_exact(layout.output_row);
        let kept_for_later = tile
            .tanh
            .chunks_exact_mut(layout.changed_row)
            .zip(tile.growth.chunks_exact_mut(layout.changed_row));
        let rows = rows.zip(outputs).zip(kept_for_later);
        for ((((x, coupled), outputs), (tanhs, growths)), log_determinant) in
            rows.zip(tile.log_determinant.iter_mut())
        {
            coupled[..kept].copy_from_slice(&x[..kept]);
            let (x2, _) = x[kept..].as_chunks::<LANES>();
            let (coupled, _) = coupled[kept..].as_chunks_mut::<LANES>();
            let (scale, _) = outputs.as_chunks::<LANES>();
            let (shift, _) = outputs[changed..].as_chunks::<LANES>();
            let (tanhs, _) = tanhs.as_chunks_mut::<LANES>();
            let (growths, _) = growths.as_chunks_mut::<LANES>();
            let mut sums = [0.0; LANES];
            let mut left = changed;
            let registers = x2.iter().zip(coupled).zip(scale.iter().zip(shift));
            for (((x2, coupled), (scale, shift)), (tanhs, growths)) in
                registers.zip(tanhs.iter_mut().zip(growths))
            {
                for j in 0..LANES {
                    let bent = tanh(factor * scale[j]);
                    let grown = exp(clamp * bent);
                    tanhs[j] = bent;
                    growths[j] = grown;
                    coupled[j] = x2[j].mul_add(grown, factor * shift[j]);
                    sums[j] += if j < left { bent } else { 0.0 };
                }
                left = left.saturating_sub(LANES);
            }
            *log_determinant += clamp * sum_of(&sums);
        }
    }
}

/// The sum of a register's elements, pairwise.
#[inline(always)]
fn sum_of(values: &[f32; LANES]) -> f32 {
    let mut sums = *values;
    let mut half = LANES / 2;
    while half > 0 {
        for j in 0..half {
            sums[j] += sums[j + half];
        }
        half /= 2;
    }
    sums[0]
}
