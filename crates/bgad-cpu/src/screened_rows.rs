//! The nearest of many rows, without the distances to most of them.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use pulp::Simd;

use crate::byte_bounds::ByteBounds;
use crate::instructions::{SimdKernel, dispatch};
use crate::left_out::LeftOut;
use crate::lengths::{squared_distance, squares};
use crate::ordering::{BLOCK, by_likeness};
use crate::row_bounds::RowBounds;
use crate::smallest::smallest_by_lanes;
use crate::summary::Summaries;
use crate::{Matrix, MultiplyAdd};

/// Fewest rows, and fewest values in each, for which the bounds pay.
const FEWEST_ROWS: usize = 1024;
const FEWEST_VALUES: usize = 64;
/// Rounding changes squared distances by at most this share of the squared lengths.
const ROUNDING: f32 = 1e-5;
/// The same for each value of a row, which is more for long rows: a sum of numbers that are alike is rounded the same
/// way each time.
const ROUNDING_OF_A_VALUE: f32 = f32::EPSILON / 2.0;
/// The largest squared length of a row for which sums of products can't overflow.
const LONGEST: f32 = 1e30;

/// Most rows that are compared in full for one vector; with more, all products are quicker.
const MOST_COMPARED: usize = 256;
/// Products of a vector with all rows take as long as comparing it with this share of them.
const SHARE_OF_PRODUCTS: usize = 23;
/// Calls for which products replace bounds after a call in which these did not pay.
const PAUSE: usize = 15;

/// Rows, `[rows, dimension]`, whose nearest one to a vector is found exactly but quickly.
///
/// Rows and vectors are replaced by short summaries, which are no farther apart than they are. Summaries in bytes
/// exclude most blocks of rows, and summaries in single precision most rows of the other blocks; the rows that
/// remain are compared in full. If a vector is so far from all rows that many remain, products with all rows find
/// the candidates instead. Both ways give the same distance, bit for bit.
#[derive(Debug, Clone)]
pub struct ScreenedRows {
    dimension: usize,
    rows: Vec<f32>,
    /// The row at each position of the blocks, and the position of each row.
    order: Vec<usize>,
    positions: Vec<usize>,
    summaries: Summaries,
    /// Blocks of summaries, rounded to bytes.
    rounded: ByteBounds,
    /// The summaries.
    short: RowBounds,
    /// The rows.
    whole: RowBounds,
    /// The largest squared length of a row.
    largest: f32,
    /// Calls that remain without bounds. It changes how a distance is found, not the distance.
    pause: Arc<AtomicUsize>,
}

impl ScreenedRows {
    /// Takes `rows`, `[rows, dimension]`; `None` if they are so few or short that comparing each is quicker, or if one
    /// is so long that sums of products could overflow.
    pub fn new(rows: &[f32], dimension: usize) -> Option<Self> {
        let count = rows.len() / dimension.max(1);
        if dimension < FEWEST_VALUES || count < FEWEST_ROWS {
            return None;
        }
        let lengths = squares(rows, dimension);
        let largest = lengths.iter().copied().fold(0.0, f32::max);
        if !lengths.iter().all(|length| *length <= LONGEST) {
            return None;
        }
        let summaries = Summaries::new(rows, dimension);
        let short = summaries.of(rows, &lengths);
        let order = by_likeness(&short, summaries.size());
        let mut positions = vec![0; count];
        for (position, row) in order.iter().enumerate() {
            positions[*row] = position;
        }
        let ordered = |rows: &[f32], dimension: usize| -> Vec<f32> {
            let rows = order
                .iter()
                .map(|row| &rows[row * dimension..][..dimension]);
            rows.flatten().copied().collect()
        };
        let short = ordered(&short, summaries.size());
        Some(Self {
            largest,
            rounded: ByteBounds::new(&short, summaries.size())?,
            short: RowBounds::new(&short, summaries.size(), squares(&short, summaries.size())),
            whole: RowBounds::new(&ordered(rows, dimension), dimension, ordered(&lengths, 1)),
            positions,
            order,
            rows: rows.to_vec(),
            pause: Arc::default(),
            dimension,
            summaries,
        })
    }

    /// The rows, `[rows, dimension]`.
    pub fn rows(&self) -> &[f32] {
        &self.rows
    }

    /// For each of `vectors`, `[vectors, dimension]`, the squared distance to the nearest row, ignoring the
    /// rows `left_out`; infinity if none remains. It does not depend on the other vectors.
    pub fn least(&self, vectors: &[f32], left_out: &Range<usize>) -> Vec<f32> {
        let left_out = &LeftOut::new(left_out, &self.positions);
        let waits = |calls: usize| calls.checked_sub(1);
        let order = Ordering::Relaxed;
        if self.pause.fetch_update(order, order, waits).is_ok() {
            return self.by_products(vectors, left_out);
        }
        let (found, compared) = self.by_bounds(vectors, left_out);
        let open = found.iter().zip(vectors.chunks_exact(self.dimension));
        let open: Vec<f32> = open
            .filter(|(found, _)| found.is_none())
            .flat_map(|(_, vector)| vector.iter().copied())
            .collect();
        let (vectors, others) = (found.len(), open.len() / self.dimension);
        // Bounds cost less than half of the products, so that the rest must stay below the other half.
        let products = self.whole.rows() / SHARE_OF_PRODUCTS;
        if (compared + others * products) * 2 > vectors * products {
            self.pause.store(PAUSE, order);
        }
        let mut others = self.by_products(&open, left_out).into_iter();
        let found = found.into_iter();
        let least = found.map(|least| least.or_else(|| others.next()));
        least.map(|least| least.unwrap_or(f32::INFINITY)).collect()
    }

    /// For each vector, the least distance or `None` if too many rows would be compared; and how many were.
    fn by_bounds(&self, vectors: &[f32], left_out: &LeftOut) -> (Vec<Option<f32>>, usize) {
        let lengths = squares(vectors, self.dimension);
        let mut short = self.summaries.of(vectors, &lengths);
        let size = self.summaries.size();
        let short_lengths = squares(&short, size);
        let blocks = self.rounded.least_of_blocks(&short, left_out);
        short.iter_mut().for_each(|value| *value *= -2.0);
        let mut compared = 0;
        let vectors = vectors.chunks_exact(self.dimension).enumerate();
        let least = vectors.map(|(index, vector)| {
            let rounding = self.rounding(lengths[index]);
            dispatch(Search {
                rows: self,
                vector,
                bounds: &self.short,
                bounded: &short[index * size..][..size],
                slack: rounding - short_lengths[index],
                blocks: &blocks.least[index * self.rounded.blocks()..][..self.rounded.blocks()],
                apart: blocks.apart[index],
                blocks_slack: rounding - blocks.squares[index],
                left_out,
                most: MOST_COMPARED,
                compared: &mut compared,
            })
        });
        let least = least.collect();
        (least, compared)
    }

    /// By how much, at most, rounding changes the squared distances of a vector of this squared length.
    fn rounding(&self, length: f32) -> f32 {
        let share = ROUNDING.max(ROUNDING_OF_A_VALUE * self.dimension as f32);
        share * (length + self.largest)
    }

    /// The least distances, with products with all rows in place of bounds.
    fn by_products(&self, vectors: &[f32], left_out: &LeftOut) -> Vec<f32> {
        let lengths = squares(vectors, self.dimension);
        let doubled: Vec<f32> = vectors.iter().map(|value| value * -2.0).collect();
        let matrix = Matrix::new(&doubled, lengths.len(), self.dimension);
        let blocks = self.whole.least_of_blocks(matrix, left_out);
        let mut compared = 0;
        let least = vectors
            .chunks_exact(self.dimension)
            .enumerate()
            .map(|(index, vector)| {
                let slack = self.rounding(lengths[index]) - lengths[index];
                dispatch(Search {
                    rows: self,
                    vector,
                    bounds: &self.whole,
                    bounded: &doubled[index * self.dimension..][..self.dimension],
                    slack,
                    blocks: &blocks[index * self.whole.blocks()..][..self.whole.blocks()],
                    apart: 0.0,
                    blocks_slack: slack,
                    left_out,
                    most: usize::MAX,
                    compared: &mut compared,
                })
            });
        least.map(|least| least.unwrap_or(f32::INFINITY)).collect()
    }
}

/// The search for one vector's nearest row.
struct Search<'a> {
    rows: &'a ScreenedRows,
    vector: &'a [f32],
    bounds: &'a RowBounds,
    /// What the bounds see of the vector, times -2.
    bounded: &'a [f32],
    /// How far a bound may lie above the squared distance.
    slack: f32,
    /// The least squared distance in each block, and by how much it may exceed the true one: the distance by
    /// `apart`, and then its square by `blocks_slack`.
    blocks: &'a [f32],
    apart: f32,
    blocks_slack: f32,
    left_out: &'a LeftOut,
    /// Rows that may be compared in full.
    most: usize,
    /// Rows that were compared in full.
    compared: &'a mut usize,
}

impl SimdKernel for Search<'_> {
    type Output = Option<f32>;

    /// The least distance; `None` if more than `most` rows have bounds below it.
    #[inline(always)]
    fn call<S: Simd, A: MultiplyAdd>(self, simd: S) -> Option<f32> {
        let of_block = |block| self.bounds.of_block(block, self.bounded, self.left_out);
        let nearest = smallest_by_lanes::<16>(self.blocks);
        let nearest = position_of(nearest, self.blocks);
        let bounds = of_block(nearest);
        let first = position_of(smallest_by_lanes::<16>(&bounds), &bounds);
        if bounds[first] == f32::INFINITY {
            return Some(f32::INFINITY);
        }
        let mut least = self.distance(simd, nearest * BLOCK + first);
        let mut reach = self.reach(least);
        let mut compared = 0;
        for (block, lowest) in self.blocks.iter().enumerate() {
            if *lowest > reach {
                continue;
            }
            for (row, bound) in of_block(block).into_iter().enumerate() {
                if bound <= least + self.slack && bound < f32::INFINITY {
                    let distance = self.distance(simd, block * BLOCK + row);
                    least = if distance < least { distance } else { least };
                    reach = self.reach(least);
                    compared += 1;
                }
            }
            if compared > self.most {
                *self.compared += compared;
                return None;
            }
        }
        *self.compared += compared;
        Some(least)
    }
}

impl Search<'_> {
    /// The squared distance to the row at a position.
    #[inline(always)]
    fn distance<S: Simd>(&self, simd: S, position: usize) -> f32 {
        let (dimension, row) = (self.rows.dimension, self.rows.order[position]);
        squared_distance(
            simd,
            self.vector,
            &self.rows.rows[row * dimension..(row + 1) * dimension],
        )
    }

    /// Blocks above this hold no row that is closer than `least`.
    #[inline(always)]
    fn reach(&self, least: f32) -> f32 {
        let reach = least.sqrt() + self.apart;
        reach * reach + self.blocks_slack
    }
}

#[inline(always)]
fn position_of(value: f32, values: &[f32]) -> usize {
    values.iter().position(|other| *other == value).unwrap_or(0)
}
