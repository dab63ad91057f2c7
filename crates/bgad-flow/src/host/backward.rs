//! Gradients, block by block from the last one.

use bgad_cpu::{
    Finish, Kernel, Matrix, MatrixMut, MultiplyAdd, Panels, Start, add_outer_products, exp,
    multiply_panels, run, vectorized,
};
use rayon::prelude::*;

use super::forward::PreparedFlow;
use super::parameters::{LANES, Layout};
use super::tile::Activations;

/// A block's matrices, transposed.
#[derive(Debug, Default)]
pub(super) struct ReversedBlock {
    output: Panels,
    input: Panels,
}

impl ReversedBlock {
    /// Transposes the matrices of all blocks, reusing the memory of `blocks`.
    pub fn set_all(blocks: &mut Vec<Self>, flow: &PreparedFlow<'_>) {
        let layout = &flow.flow.layout;
        blocks.resize_with(flow.blocks.len(), Self::default);
        blocks
            .par_iter_mut()
            .enumerate()
            .for_each(|(index, block)| {
                let values = flow.flow.block(index);
                block.output.set(layout.output_matrix(values).transposed());
                block.input.set(layout.input_matrix(values).transposed());
            });
    }
}

/// The gradients summed over a group of tiles.
#[derive(Debug)]
pub(super) struct Gradients {
    /// Gradients of the flow's values. Those of the condition's weight stay 0 until they are computed from
    /// the tables' gradients.
    pub values: Vec<f32>,
    /// `[blocks][tables][rows, hidden]`.
    pub tables: Vec<Vec<Vec<f32>>>,
    /// One per block.
    pub sums: Vec<Sums>,
    scratch: Scratch,
}

/// Sums over rows, padded.
#[derive(Debug)]
pub(super) struct Sums {
    /// `[output_row]`: with respect to the bias of the subnet's outputs.
    pub output_bias: Vec<f32>,
    /// `[row]`: with respect to the global scale, without its part of the log-determinant.
    pub scale: Vec<f32>,
    /// `[row]`: with respect to the global offset.
    pub offset: Vec<f32>,
}

/// Space for one tile's gradients, padded.
#[derive(Debug)]
struct Scratch {
    /// `[rows, row]`: with respect to the current block's output.
    output: Vec<f32>,
    /// `[rows, row]`: with respect to `scale · v + offset`.
    mixed: Vec<f32>,
    /// `[rows, output_row]`: with respect to the subnet's outputs.
    outputs: Vec<f32>,
    /// `[rows, hidden_row]`.
    hidden: Vec<f32>,
}

impl Gradients {
    pub fn new(flow: &PreparedFlow<'_>) -> Self {
        let layout = &flow.flow.layout;
        let tile = |columns: usize| vec![0.0; layout.tile() * columns];
        let tables = flow.blocks.iter().map(|block| {
            let tables = block.tables.iter();
            tables.map(|table| vec![0.0; table.len()]).collect()
        });
        let sums = flow.blocks.iter().map(|_| Sums {
            output_bias: vec![0.0; layout.output_row],
            scale: vec![0.0; layout.row],
            offset: vec![0.0; layout.row],
        });
        Self {
            values: vec![0.0; flow.flow.values.len()],
            tables: tables.collect(),
            sums: sums.collect(),
            scratch: Scratch {
                output: tile(layout.row),
                mixed: tile(layout.row),
                outputs: tile(layout.output_row),
                hidden: tile(layout.hidden_row),
            },
        }
    }

    pub fn clear(&mut self, layout: &Layout) {
        for values in self.values.chunks_exact_mut(layout.size) {
            for range in layout.beside_condition() {
                values[range].fill(0.0);
            }
        }
        self.tables.iter_mut().flatten().for_each(|t| t.fill(0.0));
        for sums in &mut self.sums {
            let Sums {
                output_bias,
                scale,
                offset,
            } = sums;
            for values in [output_bias, scale, offset] {
                values.fill(0.0);
            }
        }
    }

    /// Adds one tile's gradients; `slopes` is the derivative of the loss with respect to each row's `log p`.
    pub fn add(
        &mut self,
        flow: &PreparedFlow<'_>,
        reversed: &[ReversedBlock],
        tile: &Activations,
        (places, slopes): (&[[u32; 2]], &[f32]),
    ) {
        let row = flow.flow.layout.row;
        let output = &mut self.scratch.output;
        vectorized(|| {
            let rows = output.chunks_exact_mut(row).zip(tile.x.chunks_exact(row));
            for ((gradient, z), slope) in rows.zip(slopes) {
                for (g, z) in gradient.iter_mut().zip(z) {
                    *g = -z * slope;
                }
            }
        });
        for (index, reversed) in reversed.iter().enumerate().rev() {
            self.block(flow, (index, reversed), tile, (places, slopes));
        }
    }

    fn block(
        &mut self,
        flow: &PreparedFlow<'_>,
        (index, reversed): (usize, &ReversedBlock),
        tile: &Activations,
        (places, slopes): (&[[u32; 2]], &[f32]),
    ) {
        let layout = &flow.flow.layout;
        let rows = tile.rows;
        let (d, kept, hidden) = (layout.dimension, layout.kept, layout.hidden);
        let outputs = 2 * layout.changed;
        let of = |columns: usize| index * rows * columns..(index + 1) * rows * columns;
        let coupled = &tile.coupled[of(layout.row)];
        let of_hidden = &tile.hidden[of(layout.hidden_row)];
        let gradients = &mut self.values[index * layout.size..][..layout.size];
        let scratch = &mut self.scratch;

        if flow.flow.rotates(index) {
            multiply_panels(
                Matrix::strided(&scratch.output, rows, d, layout.row),
                &flow.flow.rotations[index].backward,
                Start::Zero,
                Finish::Nothing,
                MatrixMut::strided(&mut scratch.mixed, rows, d, layout.row),
            );
        } else {
            scratch.mixed.copy_from_slice(&scratch.output);
        }
        run(Uncoupling {
            layout,
            clamp: flow.flow.config.clamp as f32,
            slopes,
            scale: &flow.blocks[index].scale,
            coupled,
            tanh: &tile.tanh[of(layout.changed_row)],
            scaled: &tile.scaled[of(layout.changed_row)],
            mixed: &scratch.mixed,
            input: &mut scratch.output,
            outputs: &mut scratch.outputs,
            sums: &mut self.sums[index],
        });

        add_outer_products(
            Matrix::strided(of_hidden, rows, hidden, layout.hidden_row),
            Matrix::strided(&scratch.outputs, rows, outputs, layout.output_row),
            MatrixMut::new(
                &mut gradients[layout.output_weight.clone()],
                hidden,
                outputs,
            ),
        );
        multiply_panels(
            Matrix::strided(&scratch.outputs, rows, outputs, layout.output_row),
            &reversed.output,
            Start::Zero,
            Finish::WherePositive(of_hidden),
            MatrixMut::strided(&mut scratch.hidden, rows, hidden, layout.hidden_row),
        );
        let after_hidden = Matrix::strided(&scratch.hidden, rows, hidden, layout.hidden_row);
        add_outer_products(
            // Its first columns are `x1`.
            Matrix::strided(coupled, rows, kept, layout.row),
            after_hidden,
            MatrixMut::new(&mut gradients[layout.input_weight.clone()], kept, hidden),
        );
        // The first block's input is data, which needs no gradient.
        if index > 0 {
            multiply_panels(
                after_hidden,
                &reversed.input,
                Start::Kept,
                Finish::Nothing,
                MatrixMut::strided(&mut scratch.output, rows, kept, layout.row),
            );
        }
        run(Scatter {
            hidden: (hidden, layout.hidden_row),
            gradients: &scratch.hidden,
            places,
            tables: &mut self.tables[index],
        });
    }
}

/// Sums the rows' gradients by place.
struct Scatter<'a> {
    /// Number of values in a row, and the distance between rows.
    hidden: (usize, usize),
    gradients: &'a [f32],
    places: &'a [[u32; 2]],
    tables: &'a mut [Vec<f32>],
}

impl Kernel for Scatter<'_> {
    type Output = ();

    #[inline(always)]
    fn call<A: MultiplyAdd>(self) {
        let (hidden, row) = self.hidden;
        for (gradient, place) in self.gradients.chunks_exact(row).zip(self.places) {
            for (table, number) in self.tables.iter_mut().zip(place) {
                let sum = &mut table[*number as usize * hidden..][..hidden];
                let gradient = &gradient[..hidden];
                for j in 0..hidden {
                    sum[j] += gradient[j];
                }
            }
        }
    }
}

/// Backpropagates through the global affine map and the coupling.
struct Uncoupling<'a> {
    layout: &'a Layout,
    clamp: f32,
    slopes: &'a [f32],
    scale: &'a [f32],
    coupled: &'a [f32],
    tanh: &'a [f32],
    scaled: &'a [f32],
    /// With respect to `scale · v + offset`.
    mixed: &'a [f32],
    /// With respect to `x`, without the path through the subnet.
    input: &'a mut [f32],
    /// With respect to the subnet's outputs, before the factor and the bias.
    outputs: &'a mut [f32],
    sums: &'a mut Sums,
}

impl Kernel for Uncoupling<'_> {
    type Output = ();

    #[inline(always)]
    fn call<A: MultiplyAdd>(self) {
        let all = self;
        let layout = all.layout;
        let (kept, changed) = (layout.kept, layout.changed);
        let (row, changed_row) = (layout.row, layout.changed_row);
        let factor = crate::parameter::SUBNET_FACTOR as f32;
        let clamp = all.clamp;
        let scale = all.scale;
        for (index, slope) in all.slopes.iter().enumerate() {
            let of_row = index * row..(index + 1) * row;
            let of_changed = index * changed_row..(index + 1) * changed_row;
            let coupled = &all.coupled[of_row.clone()];
            let mixed = &all.mixed[of_row.clone()];
            let input = &mut all.input[of_row];
            let outputs = &mut all.outputs[index * layout.output_row..][..layout.output_row];
            for j in 0..row {
                all.sums.offset[j] += mixed[j];
                all.sums.scale[j] = A::mul_add(mixed[j], coupled[j], all.sums.scale[j]);
                input[j] = mixed[j] * scale[j];
            }
            // Whole registers; each one overwrites what the previous one wrote past its end.
            let (tanh, _) = all.tanh[of_changed.clone()].as_chunks::<LANES>();
            let (scaled, _) = all.scaled[of_changed].as_chunks::<LANES>();
            for (register, (tanh, scaled)) in tanh.iter().zip(scaled).enumerate() {
                let first = register * LANES;
                let (input, _) = input[kept + first..].as_chunks_mut::<LANES>();
                let (outputs, _) = outputs[first..].as_chunks_mut::<LANES>();
                let (Some(input), Some(of_scale)) = (input.first_mut(), outputs.first_mut()) else {
                    return;
                };
                for j in 0..LANES {
                    let of_s = A::mul_add(input[j], scaled[j], *slope);
                    of_scale[j] = factor * clamp * of_s * (1.0 - tanh[j] * tanh[j]);
                    input[j] *= exp::<A>(clamp * tanh[j]);
                }
            }
            for j in 0..changed {
                outputs[changed + j] = factor * (mixed[kept + j] * scale[kept + j]);
            }
            for (sum, output) in all.sums.output_bias.iter_mut().zip(&outputs[..2 * changed]) {
                *sum += output;
            }
        }
    }
}
