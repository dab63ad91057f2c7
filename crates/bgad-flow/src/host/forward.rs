//! Log-likelihoods.

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};

use bgad_cpu::{
    Finish, Matrix, MatrixMut, Panels, Start, multiply, multiply_panels, run, sigmoid_in_place,
    vectorized,
};
use rayon::prelude::*;

use super::parameters::Layout;
use super::tile::{Activations, Block, Coupling};
use super::{Conditions, HostFlow};
use crate::parameter::{GLOBAL_SCALE_FACTOR, SOFTPLUS_BETA};

/// Values that all rows of a block share, computed once.
#[derive(Debug, Clone, Default)]
pub(super) struct PreparedBlock {
    /// Each table times its part of the condition's weight, `[rows, hidden]`, with the bias added to the
    /// first one. Without a condition, only the bias.
    pub tables: Vec<Vec<f32>>,
    /// The subnet's layers, `[kept, hidden]` and `[hidden, 2 · changed]`.
    input: Panels,
    output: Panels,
    /// `[row]`: `0.1 · softplus(g)`, padded.
    pub scale: Vec<f32>,
    /// The derivative of the global scale with respect to `g`.
    pub scale_slope: Vec<f32>,
    /// `[row]`: the global offset, padded.
    offset: Vec<f32>,
    /// The global scale's part of `log|det J|`.
    pub log_determinant: f32,
}

impl PreparedBlock {
    /// Prepares block `index`, reusing the memory of `self`.
    fn set(&mut self, flow: &HostFlow, index: usize, conditions: &Conditions) {
        let (layout, values) = (&flow.layout, flow.block(index));
        let hidden = layout.hidden;
        let mut weight = &values[layout.condition_weight.clone()];
        // Without a condition, one table for the bias; without a second table, a table of zeros for all
        // places.
        let lengths = match conditions.tables.as_slice() {
            [] => vec![hidden],
            [only] => vec![only.rows * hidden, hidden],
            tables => tables.iter().map(|table| table.rows * hidden).collect(),
        };
        self.tables.resize_with(lengths.len(), Vec::new);
        for (table, length) in self.tables.iter_mut().zip(lengths) {
            table.clear();
            table.resize(length, 0.0);
        }
        for (table, product) in conditions.tables.iter().zip(&mut self.tables) {
            let (part, rest) = weight.split_at(table.columns * hidden);
            weight = rest;
            multiply(
                Matrix::new(&table.values, table.rows, table.columns),
                Matrix::new(part, table.columns, hidden),
                MatrixMut::new(product, table.rows, hidden),
            );
        }
        let bias = &values[layout.input_bias.clone()];
        let first = self.tables.first_mut().into_iter();
        first
            .flat_map(|first| first.chunks_exact_mut(hidden))
            .for_each(|row| row.iter_mut().zip(bias).for_each(|(v, b)| *v += b));

        let (factor, beta) = (GLOBAL_SCALE_FACTOR as f32, SOFTPLUS_BETA as f32);
        let global = &values[layout.global_scale.clone()];
        // ln(1 + e^x) without overflow.
        let softplus = |x: f32| x.max(0.0) + (-x.abs()).exp().ln_1p();
        let softplus = |g: &f32| factor * softplus(g * beta) / beta;
        self.scale.clear();
        self.scale.extend(global.iter().map(softplus));
        self.log_determinant = self.scale.iter().map(|s| s.ln()).sum();
        self.scale.resize(layout.row, 0.0);
        self.scale_slope.clear();
        self.scale_slope.extend(global.iter().map(|g| g * beta));
        sigmoid_in_place(&mut self.scale_slope);
        self.scale_slope
            .iter_mut()
            .for_each(|slope| *slope *= factor);
        self.offset.clear();
        self.offset
            .extend_from_slice(&values[layout.global_offset.clone()]);
        self.offset.resize(layout.row, 0.0);
        self.input.set(layout.input_matrix(values));
        self.output.set(layout.output_matrix(values));
    }
}

/// A flow prepared for many rows under the same conditions.
#[derive(Debug, Clone)]
pub struct PreparedFlow<'a> {
    pub(super) flow: Cow<'a, HostFlow>,
    pub(super) conditions: Cow<'a, Conditions>,
    pub(super) blocks: Vec<PreparedBlock>,
    first: Option<FirstLayer>,
    spare: Spare,
}

/// A fixed affine map that rows pass first.
#[derive(Debug, Clone)]
struct FirstLayer {
    mean: Vec<f32>,
    factors: Panels,
}

/// Memory reused between calls: at most about one set of activations per thread.
#[derive(Debug, Default)]
struct Spare(Mutex<Vec<Activations>>);

impl Spare {
    /// Memory for `rows` rows.
    fn take(&self, layout: &Layout, rows: usize) -> Activations {
        let mut spare = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fitting = spare.iter().position(|kept| kept.rows == rows);
        match fitting {
            Some(index) => spare.swap_remove(index),
            None => Activations::for_scoring(layout, rows),
        }
    }

    fn give_back(&self, activations: Activations) {
        let mut spare = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if spare.len() <= rayon::current_num_threads() {
            spare.push(activations);
        }
    }
}

impl Clone for Spare {
    /// Memory is not shared.
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl HostFlow {
    /// Prepares the flow for rows with any of `conditions`.
    ///
    /// # Panics
    /// If the conditions' dimension is not the flow's.
    pub fn prepare<'a>(&'a self, conditions: &'a Conditions) -> PreparedFlow<'a> {
        self.prepare_in(Vec::new(), conditions)
    }

    /// The same, reusing the memory of `blocks`.
    pub(super) fn prepare_in<'a>(
        &'a self,
        mut blocks: Vec<PreparedBlock>,
        conditions: &'a Conditions,
    ) -> PreparedFlow<'a> {
        assert_eq!(
            conditions.dimension(),
            self.layout.condition,
            "the conditions' dimension and the flow's"
        );
        blocks.resize_with(self.config.blocks, PreparedBlock::default);
        let numbered = blocks.par_iter_mut().enumerate();
        numbered.for_each(|(index, block)| block.set(self, index, conditions));
        PreparedFlow {
            blocks,
            flow: Cow::Borrowed(self),
            conditions: Cow::Borrowed(conditions),
            first: None,
            spare: Spare::default(),
        }
    }
}

impl PreparedFlow<'_> {
    /// The same, owning the flow and its conditions.
    pub fn into_owned(self) -> PreparedFlow<'static> {
        PreparedFlow {
            flow: Cow::Owned(self.flow.into_owned()),
            conditions: Cow::Owned(self.conditions.into_owned()),
            blocks: self.blocks,
            first: self.first,
            spare: self.spare,
        }
    }

    /// The same for rows that first pass through `(x - mean) · factors`, whose log-determinant is left out.
    /// `factors` is a matrix `[dimension, dimension]` or the diagonal of one.
    ///
    /// # Panics
    /// If a length is wrong.
    pub fn after(mut self, mean: &[f32], factors: &[f32]) -> Self {
        let d = self.flow.layout.dimension;
        assert!(
            mean.len() == d && (factors.len() == d * d || factors.len() == d),
            "a mean of {} and {} factors for a flow of dimension {d}",
            mean.len(),
            factors.len()
        );
        let mut matrix = vec![0.0; d * d];
        match factors.len() == d * d {
            true => matrix.copy_from_slice(factors),
            false => (0..d).for_each(|i| matrix[i * d + i] = factors[i]),
        }
        self.first = Some(FirstLayer {
            mean: mean.to_vec(),
            factors: Panels::new(Matrix::new(&matrix, d, d)),
        });
        self
    }

    /// The flow.
    pub fn flow(&self) -> &HostFlow {
        &self.flow
    }

    /// The per-dimension log-likelihoods of `rows` (row-major, `[count, dimension]`), computed on all cores;
    /// row `i` is at `places[i]`.
    ///
    /// # Panics
    /// If the numbers of rows and places differ, or a place is not among the conditions'.
    pub fn log_likelihoods(&self, rows: &[f32], places: &[u32]) -> Vec<f32> {
        let layout = &self.flow.layout;
        let (d, tile) = (layout.dimension, layout.scoring_tile(places.len()));
        assert_eq!(rows.len(), places.len() * d, "rows and places");
        let places = self.conditions.rows_of_all(places);
        let mut result = vec![0.0; places.len()];
        result
            .par_chunks_mut(tile)
            .zip(rows.par_chunks(tile * d))
            .zip(places.par_chunks(tile))
            .for_each(|((result, rows), places)| {
                let mut activations = self.spare.take(layout, places.len());
                activations.start(layout, |i| &rows[i * d..][..d]);
                if let Some(first) = &self.first {
                    activations.center(layout, &first.mean);
                    let block = activations.block(layout, 0);
                    multiply_panels(
                        Matrix::strided(block.x, places.len(), d, layout.row),
                        &first.factors,
                        Start::Zero,
                        Finish::Nothing,
                        MatrixMut::strided(block.y, places.len(), d, layout.row),
                    );
                    activations.advance();
                }
                for index in 0..self.blocks.len() {
                    self.block(index, places, activations.block(layout, 0));
                    activations.advance();
                }
                self.finish(&activations.x, &activations.log_determinant, result);
                self.spare.give_back(activations);
            });
        result
    }

    /// Computes `log p / d` from latent vectors and log-determinants.
    pub(super) fn finish(&self, latent: &[f32], log_determinant: &[f32], result: &mut [f32]) {
        let layout = &self.flow.layout;
        let d = layout.dimension;
        let constant = 0.5 * d as f32 * (2.0 * std::f32::consts::PI).ln();
        let global: f32 = self.blocks.iter().map(|b| b.log_determinant).sum();
        vectorized(|| {
            let rows = latent.chunks_exact(layout.row).zip(log_determinant);
            for (l, (z, log_determinant)) in result.iter_mut().zip(rows) {
                let squared: f32 = z[..d].iter().map(|v| v * v).sum();
                *l = (log_determinant + global - 0.5 * squared - constant) / d as f32;
            }
        });
    }

    /// Applies one block to a tile: computes `y` from `x`, and adds to the rows' log-determinants. `places`
    /// are rows of the conditions' tables.
    pub(super) fn block(&self, index: usize, places: &[[u32; 2]], mut tile: Block<'_>) {
        let layout: &Layout = &self.flow.layout;
        let (values, prepared) = (self.flow.block(index), &self.blocks[index]);
        let rows = places.len();
        let (d, kept, hidden) = (layout.dimension, layout.kept, layout.hidden);
        let outputs = 2 * layout.changed;

        multiply_panels(
            Matrix::strided(tile.x, rows, kept, layout.row),
            &prepared.input,
            match prepared.tables.as_slice() {
                [first, second, ..] => Start::Gathered {
                    first,
                    second,
                    rows: places,
                },
                [bias] => Start::Row(bias),
                [] => Start::Zero,
            },
            Finish::Relu,
            MatrixMut::strided(tile.hidden, rows, hidden, layout.hidden_row),
        );
        multiply_panels(
            Matrix::strided(tile.hidden, rows, hidden, layout.hidden_row),
            &prepared.output,
            Start::Row(&values[layout.output_bias.clone()]),
            Finish::Nothing,
            MatrixMut::strided(tile.outputs, rows, outputs, layout.output_row),
        );
        let clamp = self.flow.config.clamp as f32;
        run(Coupling {
            layout,
            clamp,
            scale: &prepared.scale,
            offset: &prepared.offset,
            tile: &mut tile,
        });
        if !self.flow.rotates(index) {
            tile.y.copy_from_slice(tile.x);
            return;
        }
        multiply_panels(
            Matrix::strided(tile.x, rows, d, layout.row),
            &self.flow.rotations[index].forward,
            Start::Zero,
            Finish::Nothing,
            MatrixMut::strided(tile.y, rows, d, layout.row),
        );
    }
}
