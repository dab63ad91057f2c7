//! One optimizer step on a mini-batch.

use bgad_cpu::{Matrix, MatrixMut, multiply_add, vectorized};
use rayon::prelude::*;

use super::backward::{Gradients, ReversedBlock};
use super::forward::{PreparedBlock, PreparedFlow};
use super::parameters::Layout;
use super::tile::Activations;
use super::{Conditions, GROUPS, HostAdam, HostFlow};
use crate::FlowConfig;

/// Memory that successive steps reuse, of one flow or of several in turn.
#[doc(hidden)]
#[derive(Debug, Default)]
pub struct Workspace {
    /// What it fits: the flow's shape and the lengths of its tables.
    shape: Option<(FlowConfig, Vec<usize>)>,
    tiles: Vec<Activations>,
    groups: Vec<Gradients>,
    prepared: Vec<PreparedBlock>,
    reversed: Vec<ReversedBlock>,
}

impl HostFlow {
    /// One Adam step on a mini-batch.
    ///
    /// `row(i)` is row `i` of the mini-batch, with the flow's dimension, and `places[i]` its place among
    /// `conditions`. `slopes` takes the rows' per-dimension log-likelihoods and returns the derivative of the
    /// loss with respect to each; `None` leaves the flow unchanged. Returns whether a step was taken.
    ///
    /// # Errors
    /// Those of `slopes`.
    ///
    /// # Panics
    /// If `slopes` returns a wrong number of values, or a row or place does not fit.
    pub fn step<'r, E>(
        &mut self,
        adam: &mut HostAdam,
        rate: f64,
        (row, places): (impl Fn(usize) -> &'r [f32] + Sync, &[u32]),
        conditions: &Conditions,
        workspace: &mut Workspace,
        slopes: impl FnOnce(&[f32]) -> Result<Option<Vec<f32>>, E>,
    ) -> Result<bool, E> {
        let prepared = self.prepare_in(std::mem::take(&mut workspace.prepared), conditions);
        let places = conditions.rows_of_all(places);
        workspace.fit(&prepared, places.len());
        let (layout, tile_rows) = (&self.layout, tile_rows(&self.layout, places.len()));
        let mut likelihoods = vec![0.0; places.len()];
        workspace
            .tiles
            .par_iter_mut()
            .zip(places.par_chunks(tile_rows))
            .zip(likelihoods.par_chunks_mut(tile_rows))
            .enumerate()
            .for_each(|(index, ((tile, places), likelihoods))| {
                tile.start(layout, |i| row(index * tile_rows + i));
                for block in 0..prepared.blocks.len() {
                    prepared.block(block, places, tile.block(layout, block));
                    tile.advance();
                }
                prepared.finish(&tile.x, &tile.log_determinant, likelihoods);
            });

        let Some(mut slopes) = slopes(&likelihoods)? else {
            workspace.prepared = prepared.blocks;
            return Ok(false);
        };
        assert_eq!(slopes.len(), places.len(), "slopes and rows");
        // From the per-dimension log-likelihood to the log-likelihood.
        let d = layout.dimension as f32;
        slopes.iter_mut().for_each(|slope| *slope /= d);
        ReversedBlock::set_all(&mut workspace.reversed, &prepared);
        let reversed = &workspace.reversed;
        let per_group = workspace.tiles.len().div_ceil(GROUPS);
        workspace
            .groups
            .par_iter_mut()
            .zip(workspace.tiles.par_chunks(per_group))
            .zip(places.par_chunks(per_group * tile_rows))
            .zip(slopes.par_chunks(per_group * tile_rows))
            .for_each(|(((gradients, tiles), places), slopes)| {
                gradients.clear(layout);
                let rows = places.chunks(tile_rows).zip(slopes.chunks(tile_rows));
                for (tile, rows) in tiles.iter().zip(rows) {
                    gradients.add(&prepared, reversed, tile, rows);
                }
            });
        let used = workspace.tiles.len().div_ceil(per_group);
        let groups = &mut workspace.groups[..used];
        let total: f32 = slopes.iter().sum();
        sum_up(&prepared, groups, total);
        workspace.prepared = prepared.blocks;
        if let Some(gradients) = groups.first() {
            adam.step(rate, &mut self.values, &gradients.values);
        }
        Ok(true)
    }
}

/// Rows per tile for `rows` rows in total, so that all groups have the same number of tiles.
fn tile_rows(layout: &Layout, rows: usize) -> usize {
    let tiles = rows.div_ceil(layout.tile());
    if tiles < GROUPS {
        return layout.tile();
    }
    let even = rows.div_ceil(tiles.next_multiple_of(GROUPS));
    even.next_multiple_of(ROWS_AT_ONCE)
}

/// Rows that products process at a time.
const ROWS_AT_ONCE: usize = 8;

impl Workspace {
    /// Makes room for `rows` rows.
    fn fit(&mut self, flow: &PreparedFlow<'_>, rows: usize) {
        let tables = flow.conditions.tables.iter().map(|table| table.rows);
        let shape = Some((flow.flow.config, tables.collect()));
        if self.shape != shape {
            *self = Self {
                shape,
                ..Self::default()
            };
        }
        let most = tile_rows(&flow.flow.layout, rows);
        let count = rows.div_ceil(most);
        let of_tile = |tile: usize| most.min(rows - tile * most);
        let fits = self.tiles.len() == count
            && (0..count).all(|tile| self.tiles[tile].rows == of_tile(tile));
        if !fits {
            let (layout, blocks) = (&flow.flow.layout, flow.blocks.len());
            let tiles =
                (0..count).map(|tile| Activations::for_training(layout, blocks, of_tile(tile)));
            self.tiles = tiles.collect();
        }
        self.groups
            .resize_with(GROUPS.min(count).max(1), || Gradients::new(flow));
    }
}

/// Sums all groups' gradients into those of the first group, in order, and completes them.
fn sum_up(flow: &PreparedFlow<'_>, groups: &mut [Gradients], slopes: f32) {
    let layout = &flow.flow.layout;
    let Some((first, rest)) = groups.split_first_mut() else {
        return;
    };
    let blocks = first
        .values
        .par_chunks_exact_mut(layout.size)
        .zip(&mut first.tables)
        .zip(&mut first.sums);
    blocks
        .enumerate()
        .for_each(|(index, ((values, tables), sums))| {
            let add = |to: &mut [f32], from: &[f32]| {
                vectorized(|| to.iter_mut().zip(from).for_each(|(t, f)| *t += f));
            };
            for other in rest.iter() {
                let of_other = &other.values[index * layout.size..][..layout.size];
                for range in layout.beside_condition() {
                    add(&mut values[range.clone()], &of_other[range]);
                }
                for (table, other) in tables.iter_mut().zip(&other.tables[index]) {
                    add(table, other);
                }
                add(&mut sums.output_bias, &other.sums[index].output_bias);
                add(&mut sums.scale, &other.sums[index].scale);
                add(&mut sums.offset, &other.sums[index].offset);
            }
            for (range, sums) in [
                (&layout.output_bias, &sums.output_bias),
                (&layout.global_scale, &sums.scale),
                (&layout.global_offset, &sums.offset),
            ] {
                values[range.clone()].copy_from_slice(&sums[..range.len()]);
            }
            // The tables are products of encoding and weight; the bias is in every row of the first one.
            values[layout.condition_weight.clone()].fill(0.0);
            let mut from = layout.condition_weight.start;
            for (table, gradient) in flow.conditions.tables.iter().zip(tables.iter()) {
                let length = table.columns * layout.hidden;
                multiply_add(
                    Matrix::new(&table.values, table.rows, table.columns).transposed(),
                    Matrix::new(gradient, table.rows, layout.hidden),
                    MatrixMut::new(
                        &mut values[from..from + length],
                        table.columns,
                        layout.hidden,
                    ),
                );
                from += length;
            }
            let bias = &mut values[layout.input_bias.clone()];
            for row in tables
                .first()
                .iter()
                .flat_map(|t| t.chunks_exact(layout.hidden))
            {
                add(bias, row);
            }
            let prepared = &flow.blocks[index];
            let scale = values[layout.global_scale.clone()].iter_mut();
            for ((g, scale), slope) in scale.zip(&prepared.scale).zip(&prepared.scale_slope) {
                // `log|det J|` contains the sum of `ln(scale)`.
                *g = (*g + slopes / scale) * slope;
            }
        });
}
