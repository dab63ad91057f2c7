//! Gradients, block by block from the last.

use std::ops::Range;

use bgad_cpu::{Kernel, Matrix, MatrixMut, multiply, multiply_add, vectorized};

use super::forward::PreparedFlow;
use super::parameters::Layout;
use super::tile::Activations;

/// The gradients that a group of tiles sums up.
#[derive(Debug)]
pub(super) struct Gradients {
    /// As the flow's values; those of the condition's weight stay 0 until the tables' are turned
    /// into them, those of the global scale are after the scale itself.
    pub values: Vec<f32>,
    /// `[blocks][tables][rows, hidden]`.
    pub tables: Vec<Vec<Vec<f32>>>,
    scratch: Scratch,
}

/// Space for one tile's gradients.
#[derive(Debug)]
struct Scratch {
    /// `[rows, dimension]`: after the output of the block at hand.
    output: Vec<f32>,
    /// `[rows, dimension]`: after `scale · v + offset`.
    mixed: Vec<f32>,
    /// `[rows, 2 · changed]`: after the subnet's outputs.
    outputs: Vec<f32>,
    /// `[rows, hidden]`.
    hidden: Vec<f32>,
}

impl Gradients {
    pub fn new(flow: &PreparedFlow<'_>) -> Self {
        let layout = &flow.flow.layout;
        let tile = |columns: usize| vec![0.0; super::TILE * columns];
        let tables = flow.blocks.iter().map(|block| {
            let tables = block.tables.iter();
            tables.map(|table| vec![0.0; table.len()]).collect()
        });
        Self {
            values: vec![0.0; flow.flow.values.len()],
            tables: tables.collect(),
            scratch: Scratch {
                output: tile(layout.dimension),
                mixed: tile(layout.dimension),
                outputs: tile(2 * layout.changed),
                hidden: tile(layout.hidden),
            },
        }
    }

    pub fn clear(&mut self) {
        self.values.fill(0.0);
        self.tables.iter_mut().flatten().for_each(|t| t.fill(0.0));
    }

    /// Adds one tile's gradients; `slopes` is the loss' derivative after each row's `log p`.
    pub fn add(
        &mut self,
        flow: &PreparedFlow<'_>,
        tile: &Activations,
        places: &[u32],
        slopes: &[f32],
    ) {
        let layout = &flow.flow.layout;
        let d = layout.dimension;
        let output = &mut self.scratch.output;
        vectorized(|| {
            let rows = output.chunks_exact_mut(d).zip(tile.y.chunks_exact(d));
            for ((gradient, z), slope) in rows.zip(slopes) {
                for (g, z) in gradient.iter_mut().zip(z) {
                    *g = -z * slope;
                }
            }
        });
        for index in (0..flow.blocks.len()).rev() {
            self.block(flow, index, tile, places, slopes);
        }
    }

    fn block(
        &mut self,
        flow: &PreparedFlow<'_>,
        index: usize,
        tile: &Activations,
        places: &[u32],
        slopes: &[f32],
    ) {
        let layout = &flow.flow.layout;
        let rows = tile.rows;
        let (d, kept, changed, hidden) =
            (layout.dimension, layout.kept, layout.changed, layout.hidden);
        let of = |columns: usize| index * rows * columns..(index + 1) * rows * columns;
        let x = &tile.x[of(d)];
        let of_hidden = &tile.hidden[of(hidden)];
        let prepared = &flow.blocks[index];
        let gradients = &mut self.values[index * layout.size..][..layout.size];
        let scratch = &mut self.scratch;

        multiply(
            Matrix::new(&scratch.output, rows, d),
            Matrix::new(&flow.flow.rotations[index], d, d),
            MatrixMut::new(&mut scratch.mixed, rows, d),
        );
        let clamp = flow.flow.config.clamp as f32;
        vectorized(Uncoupling {
            layout,
            clamp,
            slopes,
            scale: &prepared.scale,
            x,
            moved: &tile.moved[of(changed)],
            tanh: &tile.tanh[of(changed)],
            growth: &tile.growth[of(changed)],
            mixed: &scratch.mixed,
            input: &mut scratch.output,
            outputs: &mut scratch.outputs,
            gradients,
        });

        let values = flow.flow.block(index);
        let outputs = Matrix::new(&scratch.outputs, rows, 2 * changed);
        multiply_add(
            Matrix::new(of_hidden, rows, hidden).transposed(),
            outputs,
            MatrixMut::new(
                &mut gradients[layout.output_weight.clone()],
                hidden,
                2 * changed,
            ),
        );
        let weight = &values[layout.output_weight.clone()];
        multiply(
            outputs,
            Matrix::new(weight, hidden, 2 * changed).transposed(),
            MatrixMut::new(&mut scratch.hidden, rows, hidden),
        );
        vectorized(|| {
            for (gradient, value) in scratch.hidden.iter_mut().zip(of_hidden) {
                *gradient = if *value > 0.0 { *gradient } else { 0.0 };
            }
        });
        let of_hidden = Matrix::new(&scratch.hidden, rows, hidden);
        multiply_add(
            Matrix::strided(x, rows, kept, d).transposed(),
            of_hidden,
            MatrixMut::new(&mut gradients[layout.input_weight.clone()], kept, hidden),
        );
        // What enters the first block is data.
        if index > 0 {
            let weight = &values[layout.input_weight.clone()];
            multiply_add(
                of_hidden,
                Matrix::new(weight, kept, hidden).transposed(),
                MatrixMut::strided(&mut scratch.output, rows, kept, d),
            );
        }
        let tables = &mut self.tables[index];
        vectorized(|| {
            for (gradient, place) in scratch.hidden.chunks_exact(hidden).zip(places) {
                let [i, j] = match flow.conditions.tables.is_empty() {
                    true => [0, 0],
                    false => flow.conditions.rows_of(*place),
                };
                for (table, row) in tables.iter_mut().zip([i, j]) {
                    let sum = &mut table[row * hidden..][..hidden];
                    sum.iter_mut().zip(gradient).for_each(|(s, g)| *s += g);
                }
            }
        });
    }
}

/// Back through global affine and coupling.
struct Uncoupling<'a> {
    layout: &'a Layout,
    clamp: f32,
    slopes: &'a [f32],
    scale: &'a [f32],
    x: &'a [f32],
    moved: &'a [f32],
    tanh: &'a [f32],
    growth: &'a [f32],
    /// After `scale · v + offset`.
    mixed: &'a [f32],
    /// After `x`, as far as it does not pass through the subnet.
    input: &'a mut [f32],
    /// After the subnet's outputs, before the factor and the bias.
    outputs: &'a mut [f32],
    gradients: &'a mut [f32],
}

impl Kernel for Uncoupling<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let all = self;
        let layout = all.layout;
        let (d, kept, changed) = (layout.dimension, layout.kept, layout.changed);
        let factor = crate::coupling::SUBNET_FACTOR as f32;
        let clamp = all.clamp;
        // The three ranges stand one after the other at a block's end.
        let first = layout.output_bias.start;
        let within = |range: &Range<usize>| range.start - first..range.end - first;
        let sums = &mut all.gradients[first..];
        let (bias, sums) = sums.split_at_mut(within(&layout.output_bias).end);
        let (scale_sum, offset_sum) = sums.split_at_mut(d);
        for (row, slope) in all.slopes.iter().enumerate() {
            let x = &all.x[row * d..][..d];
            let mixed = &all.mixed[row * d..][..d];
            let input = &mut all.input[row * d..][..d];
            let moved = &all.moved[row * changed..][..changed];
            let tanh = &all.tanh[row * changed..][..changed];
            let growth = &all.growth[row * changed..][..changed];
            let outputs = &mut all.outputs[row * 2 * changed..][..2 * changed];
            let (of_scale, of_shift) = outputs.split_at_mut(changed);
            for j in 0..d {
                offset_sum[j] += mixed[j];
            }
            for j in 0..kept {
                scale_sum[j] = mixed[j].mul_add(x[j], scale_sum[j]);
                input[j] = mixed[j] * all.scale[j];
            }
            let (mixed, input, x) = (&mixed[kept..], &mut input[kept..], &x[kept..]);
            let (scale, sum) = (&all.scale[kept..], &mut scale_sum[kept..]);
            for j in 0..changed {
                sum[j] = mixed[j].mul_add(moved[j], sum[j]);
                let of_moved = mixed[j] * scale[j];
                input[j] = of_moved * growth[j];
                let of_s = (of_moved * growth[j]).mul_add(x[j], *slope);
                of_scale[j] = factor * clamp * of_s * (1.0 - tanh[j] * tanh[j]);
                of_shift[j] = factor * of_moved;
            }
            for j in 0..2 * changed {
                bias[j] += outputs[j];
            }
        }
    }
}
