//! The activations of a tile of rows, and the coupling itself.

use bgad_cpu::{Kernel, MultiplyAdd, exp, tanh};

use super::parameters::{LANES, Layout};

/// What a tile's rows leave in memory on their way through `blocks` blocks, little because writing it
/// and reading it again takes its time. Rows are padded as [`Layout`] says; what stands in the padding
/// is finite and never used.
#[derive(Debug)]
pub(super) struct Activations {
    /// `[rows, row]`: the input of the block at hand; the latent vectors in the end.
    pub x: Vec<f32>,
    /// `[rows, row]`: its output.
    y: Vec<f32>,
    /// `[blocks, rows, hidden_row]`, after the ReLU.
    pub hidden: Vec<f32>,
    /// `[blocks, rows, row]`: `[x1, x2']`.
    pub coupled: Vec<f32>,
    /// `[blocks, rows, changed_row]`: `tanh` of the scale's argument.
    pub tanh: Vec<f32>,
    /// `[blocks, rows, changed_row]`: `x2 · exp(s)`.
    pub scaled: Vec<f32>,
    /// `[rows]`: the coupling's part of `Σ log|det J|`.
    pub log_determinant: Vec<f32>,
    /// `[rows, output_row]`: the subnet's outputs, used at once.
    outputs: Vec<f32>,
    pub rows: usize,
}

/// One block's part of [`Activations`].
pub(super) struct Block<'a> {
    /// The block's input; after the coupling what is rotated.
    pub x: &'a mut [f32],
    pub y: &'a mut [f32],
    pub hidden: &'a mut [f32],
    pub coupled: &'a mut [f32],
    pub tanh: &'a mut [f32],
    pub scaled: &'a mut [f32],
    pub log_determinant: &'a mut [f32],
    pub outputs: &'a mut [f32],
}

impl Activations {
    /// Room for what `blocks` blocks leave: all of a flow's for training, 1 for scoring.
    pub fn new(layout: &Layout, blocks: usize, rows: usize) -> Self {
        let zeros = |columns: usize| vec![0.0; blocks * rows * columns];
        Self {
            x: vec![0.0; rows * layout.row],
            y: vec![0.0; rows * layout.row],
            hidden: zeros(layout.hidden_row),
            coupled: zeros(layout.row),
            tanh: zeros(layout.changed_row),
            scaled: zeros(layout.changed_row),
            log_determinant: vec![0.0; rows],
            outputs: vec![0.0; rows * layout.output_row],
            rows,
        }
    }

    /// Puts `row(i)` in place of the first block's inputs, and forgets the log-determinants.
    pub fn start<'r>(&mut self, layout: &Layout, row: impl Fn(usize) -> &'r [f32]) {
        for (i, x) in self.x.chunks_exact_mut(layout.row).enumerate() {
            x[..layout.dimension].copy_from_slice(row(i));
        }
        self.log_determinant.fill(0.0);
    }

    /// Takes `mean` off the first block's inputs.
    pub fn center(&mut self, layout: &Layout, mean: &[f32]) {
        for x in self.x.chunks_exact_mut(layout.row) {
            x.iter_mut().zip(mean).for_each(|(x, mean)| *x -= mean);
        }
    }

    /// What a block works on, and leaves in place `index`.
    pub fn block(&mut self, layout: &Layout, index: usize) -> Block<'_> {
        let part = |columns: usize| {
            let length = self.rows * columns;
            index * length..(index + 1) * length
        };
        Block {
            x: &mut self.x,
            y: &mut self.y,
            hidden: &mut self.hidden[part(layout.hidden_row)],
            coupled: &mut self.coupled[part(layout.row)],
            tanh: &mut self.tanh[part(layout.changed_row)],
            scaled: &mut self.scaled[part(layout.changed_row)],
            log_determinant: &mut self.log_determinant,
            outputs: &mut self.outputs,
        }
    }

    /// Makes a block's output the next one's input.
    pub fn advance(&mut self) {
        std::mem::swap(&mut self.x, &mut self.y);
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
    fn call<A: MultiplyAdd>(self) {
        let Self {
            layout,
            clamp,
            tile,
        } = self;
        let (kept, changed) = (layout.kept, layout.changed);
        let factor = crate::parameter::SUBNET_FACTOR as f32;
        let rows = tile
            .x
            .chunks_exact(layout.row)
            .zip(tile.coupled.chunks_exact_mut(layout.row));
        let outputs = tile.outputs.chunks_exact(layout.output_row);
        let kept_for_later = tile
            .tanh
            .chunks_exact_mut(layout.changed_row)
            .zip(tile.scaled.chunks_exact_mut(layout.changed_row));
        let rows = rows.zip(outputs).zip(kept_for_later);
        for ((((x, coupled), outputs), (tanhs, scaled)), log_determinant) in
            rows.zip(tile.log_determinant.iter_mut())
        {
            coupled[..kept].copy_from_slice(&x[..kept]);
            let (x2, _) = x[kept..].as_chunks::<LANES>();
            let (changed_part, _) = coupled[kept..].as_chunks_mut::<LANES>();
            let (scale, _) = outputs.as_chunks::<LANES>();
            let (shift, _) = outputs[changed..].as_chunks::<LANES>();
            let (tanhs, _) = tanhs.as_chunks_mut::<LANES>();
            let (scaled, _) = scaled.as_chunks_mut::<LANES>();
            let mut sums = [0.0; LANES];
            let mut left = changed;
            let registers = x2.iter().zip(changed_part).zip(scale.iter().zip(shift));
            for (((x2, coupled), (scale, shift)), (tanhs, scaled)) in
                registers.zip(tanhs.iter_mut().zip(scaled))
            {
                for j in 0..LANES {
                    let bent = tanh::<A>(factor * scale[j]);
                    let grown = exp::<A>(clamp * bent);
                    tanhs[j] = bent;
                    scaled[j] = x2[j] * grown;
                    coupled[j] = A::mul_add(factor, shift[j], scaled[j]);
                    sums[j] += if j < left { bent } else { 0.0 };
                }
                left = left.saturating_sub(LANES);
            }
            *log_determinant += clamp * sum_of(&sums);
        }
    }
}

/// The global affine map, `scale ⊙ [x1, x2'] + offset`, in place of `x`.
pub(super) struct GlobalAffine<'a, 'b> {
    /// `[row]`, padded.
    pub scale: &'a [f32],
    pub offset: &'a [f32],
    pub tile: &'a mut Block<'b>,
}

impl Kernel for GlobalAffine<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn call<A: MultiplyAdd>(self) {
        let (scale, _) = self.scale.as_chunks::<LANES>();
        let (offset, _) = self.offset.as_chunks::<LANES>();
        let (x, _) = self.tile.x.as_chunks_mut::<LANES>();
        let (coupled, _) = self.tile.coupled.as_chunks::<LANES>();
        let registers = scale.len().max(1);
        let rows = x
            .chunks_exact_mut(registers)
            .zip(coupled.chunks_exact(registers));
        for (x, coupled) in rows {
            let constants = scale.iter().zip(offset);
            for ((x, v), (scale, offset)) in x.iter_mut().zip(coupled).zip(constants) {
                for j in 0..LANES {
                    x[j] = A::mul_add(v[j], scale[j], offset[j]);
                }
            }
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
