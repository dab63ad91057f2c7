//! The activations of a tile of rows, and the coupling itself.

use bgad_cpu::{Kernel, MultiplyAdd, exp, tanh};

use super::parameters::{LANES, Layout};

/// The stored activations of a tile's rows in `blocks` blocks. They are few, because writing and reading them
/// takes time. Rows are padded as [`Layout`] says; values in the padding are finite and never used. For
/// scoring alone, only what the next operation reads is stored.
#[derive(Debug)]
pub(super) struct Activations {
    /// `[rows, row]`: the current block's input, and finally the latent vectors.
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
    /// The block's input; after the coupling, the input of the rotation.
    pub x: &'a mut [f32],
    pub y: &'a mut [f32],
    pub hidden: &'a mut [f32],
    /// Used in training only.
    pub left: Option<Left<'a>>,
    pub log_determinant: &'a mut [f32],
    pub outputs: &'a mut [f32],
}

/// What the coupling stores for the backward pass.
pub(super) struct Left<'a> {
    pub coupled: &'a mut [f32],
    pub tanh: &'a mut [f32],
    pub scaled: &'a mut [f32],
}

impl Activations {
    /// Memory for everything that the `blocks` of a flow store.
    pub fn for_training(layout: &Layout, blocks: usize, rows: usize) -> Self {
        let zeros = |columns: usize| vec![0.0; blocks * rows * columns];
        Self {
            coupled: zeros(layout.row),
            tanh: zeros(layout.changed_row),
            scaled: zeros(layout.changed_row),
            hidden: zeros(layout.hidden_row),
            ..Self::for_scoring(layout, rows)
        }
    }

    /// Memory for one block, without stored values.
    pub fn for_scoring(layout: &Layout, rows: usize) -> Self {
        Self {
            x: vec![0.0; rows * layout.row],
            y: vec![0.0; rows * layout.row],
            hidden: vec![0.0; rows * layout.hidden_row],
            coupled: Vec::new(),
            tanh: Vec::new(),
            scaled: Vec::new(),
            log_determinant: vec![0.0; rows],
            outputs: vec![0.0; rows * layout.output_row],
            rows,
        }
    }

    /// Sets the first block's inputs to `row(i)`, and the log-determinants to 0.
    pub fn start<'r>(&mut self, layout: &Layout, row: impl Fn(usize) -> &'r [f32]) {
        for (i, x) in self.x.chunks_exact_mut(layout.row).enumerate() {
            x[..layout.dimension].copy_from_slice(row(i));
        }
        self.log_determinant.fill(0.0);
    }

    /// Subtracts `mean` from the first block's inputs.
    pub fn center(&mut self, layout: &Layout, mean: &[f32]) {
        for x in self.x.chunks_exact_mut(layout.row) {
            x.iter_mut().zip(mean).for_each(|(x, mean)| *x -= mean);
        }
    }

    /// The memory of a block, and of what block `index` stores in training.
    pub fn block(&mut self, layout: &Layout, index: usize) -> Block<'_> {
        let rows = self.rows;
        let part = |columns: usize| index * rows * columns..(index + 1) * rows * columns;
        let left = match self.coupled.is_empty() {
            true => None,
            false => Some(Left {
                coupled: &mut self.coupled[part(layout.row)],
                tanh: &mut self.tanh[part(layout.changed_row)],
                scaled: &mut self.scaled[part(layout.changed_row)],
            }),
        };
        let index = if left.is_some() { index } else { 0 };
        let length = rows * layout.hidden_row;
        Block {
            x: &mut self.x,
            y: &mut self.y,
            hidden: &mut self.hidden[index * length..(index + 1) * length],
            left,
            log_determinant: &mut self.log_determinant,
            outputs: &mut self.outputs,
        }
    }

    /// Makes a block's output the next block's input.
    pub fn advance(&mut self) {
        std::mem::swap(&mut self.x, &mut self.y);
    }
}

/// Computes `x2' = x2 · exp(s) + t` with `s = clamp · tanh(0.1 · a)` from the subnet's outputs, and then the
/// global affine map `scale ⊙ [x1, x2'] + offset`, in place of `x`.
pub(super) struct Coupling<'a, 'b> {
    pub layout: &'a Layout,
    pub clamp: f32,
    /// `[row]`, padded.
    pub scale: &'a [f32],
    pub offset: &'a [f32],
    pub tile: &'a mut Block<'b>,
}

impl Kernel for Coupling<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn call<A: MultiplyAdd>(self) {
        let layout = self.layout;
        let (kept, row, changed_row) = (layout.kept, layout.row, layout.changed_row);
        let Block {
            x,
            left,
            log_determinant,
            outputs,
            ..
        } = self.tile;
        let outputs = outputs.chunks_exact(layout.output_row);
        let rows = x.chunks_exact_mut(row).zip(outputs);
        for (index, ((x, outputs), log_determinant)) in
            rows.zip(log_determinant.iter_mut()).enumerate()
        {
            let sum = match left {
                Some(left) => {
                    let of_changed = index * changed_row..(index + 1) * changed_row;
                    let tanh = &mut left.tanh[of_changed.clone()];
                    let scaled = &mut left.scaled[of_changed];
                    let sum = couple::<A, true>(
                        layout,
                        self.clamp,
                        (&mut x[kept..], outputs),
                        (tanh, scaled),
                    );
                    left.coupled[index * row..][..row].copy_from_slice(x);
                    sum
                }
                None => couple::<A, false>(
                    layout,
                    self.clamp,
                    (&mut x[kept..], outputs),
                    (&mut [], &mut []),
                ),
            };
            *log_determinant += sum;
            let (x, _) = x.as_chunks_mut::<LANES>();
            let (scale, _) = self.scale.as_chunks::<LANES>();
            let (offset, _) = self.offset.as_chunks::<LANES>();
            for (x, (scale, offset)) in x.iter_mut().zip(scale.iter().zip(offset)) {
                // A local copy, because the compiler must assume that the slices overlap.
                let mut line = *x;
                for j in 0..LANES {
                    line[j] = A::mul_add(line[j], scale[j], offset[j]);
                }
                *x = line;
            }
        }
    }
}

/// The coupling of one row, in place of `x2`; stores `tanh` and `x2 · exp(s)` if `KEEP`. Returns the sum of
/// `s`.
#[inline(always)]
fn couple<A: MultiplyAdd, const KEEP: bool>(
    layout: &Layout,
    clamp: f32,
    (x2, outputs): (&mut [f32], &[f32]),
    (tanhs, scaled): (&mut [f32], &mut [f32]),
) -> f32 {
    let factor = crate::parameter::SUBNET_FACTOR as f32;
    let (x2, _) = x2.as_chunks_mut::<LANES>();
    let (scale, _) = outputs.as_chunks::<LANES>();
    let (shift, _) = outputs[layout.changed..].as_chunks::<LANES>();
    let (tanhs, _) = tanhs.as_chunks_mut::<LANES>();
    let (scaled, _) = scaled.as_chunks_mut::<LANES>();
    let mut sums = [0.0; LANES];
    let mut left = layout.changed;
    let registers = x2.iter_mut().zip(scale.iter().zip(shift));
    for (i, (x2, (scale, shift))) in registers.take(layout.changed_row / LANES).enumerate() {
        let (mut bent, mut grown) = ([0.0; LANES], [0.0; LANES]);
        for j in 0..LANES {
            bent[j] = tanh::<A>(factor * scale[j]);
            grown[j] = x2[j] * exp::<A>(clamp * bent[j]);
            x2[j] = A::mul_add(factor, shift[j], grown[j]);
            sums[j] += if j < left { bent[j] } else { 0.0 };
        }
        if KEEP {
            tanhs[i] = bent;
            scaled[i] = grown;
        }
        left = left.saturating_sub(LANES);
    }
    clamp * sum_of(&sums)
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
