//! The nearest of many rows, without the distances to most of them.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::projection::principal_basis;
use crate::row_bounds::{BLOCK, RowBounds};
use crate::smallest::smallest_by_lanes;
use crate::{
    Finish, Kernel, Matrix, MatrixMut, MultiplyAdd, Panels, Start, multiply_panels, run, vectorized,
};

/// Fewest rows, and fewest values in each, for which the bounds pay.
const FEWEST_ROWS: usize = 1024;
const FEWEST_VALUES: usize = 64;
/// Bounds may be wrong by rounding, by this share of the squared lengths.
const ROUNDING: f32 = 1e-5;

/// Most rows that are compared in full for one vector; with more, all products are quicker.
const MOST_COMPARED: usize = 256;
/// Products of a vector with all rows take as long as comparing it with this share of them.
const SHARE_OF_PRODUCTS: usize = 23;
/// Calls for which products replace bounds after a call in which these did not pay.
const PAUSE: usize = 63;

/// Rows, `[rows, dimension]`, whose nearest one to a vector is found exactly but quickly.
///
/// Rows and vectors are projected to the few directions in which the rows differ most. The distance there, and
/// how much their lengths in the other directions differ, bound the whole distance from below. Only rows whose
/// bound lies below the least distance found so far are compared in full. If a vector is so far from all rows
/// that most bounds lie below that distance, products with all rows find the candidates instead. Both ways give
/// the same distance, bit for bit.
#[derive(Debug, Clone)]
pub struct ScreenedRows {
    dimension: usize,
    rows: Vec<f32>,
    /// `[dimension, kept]`.
    basis: Panels,
    /// Bounds in the basis.
    partial: RowBounds,
    /// Distances in all directions, to within rounding.
    whole: RowBounds,
    /// The largest squared length of a row.
    largest: f32,
    /// Calls that remain without bounds. It changes how a distance is found, not the distance.
    pause: Arc<AtomicUsize>,
}

impl ScreenedRows {
    /// Takes `rows`, `[rows, dimension]`; `None` if they are so few or short that comparing each is quicker.
    pub fn new(rows: &[f32], dimension: usize) -> Option<Self> {
        let count = rows.len() / dimension.max(1);
        if dimension < FEWEST_VALUES || count < FEWEST_ROWS {
            return None;
        }
        let kept = (dimension * 2 / 5).next_multiple_of(16);
        let basis = principal_basis(rows, dimension, kept);
        let basis = Panels::new(Matrix::new(&basis, dimension, kept));
        let projections = project(rows, &basis);
        let whole = squares(rows, dimension);
        let within = squares(&projections, kept);
        let rests = rests(&whole, &within);
        Some(Self {
            largest: whole.iter().copied().fold(0.0, f32::max),
            partial: RowBounds::new(&projections, kept, within, rests),
            rows: rows.to_vec(),
            whole: RowBounds::new(rows, dimension, whole, Vec::new()),
            pause: Arc::default(),
            dimension,
            basis,
        })
    }

    /// The rows, `[rows, dimension]`.
    pub fn rows(&self) -> &[f32] {
        &self.rows
    }

    /// For each of `vectors`, `[vectors, dimension]`, the squared distance to the nearest row, ignoring the
    /// rows `left_out`; infinity if none remains. It does not depend on the other vectors.
    pub fn least(&self, vectors: &[f32], left_out: &Range<usize>) -> Vec<f32> {
        let waits = |calls: usize| calls.checked_sub(1);
        let order = Ordering::Relaxed;
        if self.pause.fetch_update(order, order, waits).is_ok() {
            return self.by_products(vectors, left_out);
        }
        let projections = project(vectors, &self.basis);
        let (found, compared) = self.search(vectors, projections, &self.partial, left_out);
        let open = found.iter().zip(vectors.chunks_exact(self.dimension));
        let open: Vec<f32> = open
            .filter(|(found, _)| found.is_none())
            .flat_map(|(_, vector)| vector.iter().copied())
            .collect();
        let (vectors, others) = (found.len(), open.len() / self.dimension);
        // Bounds cost about half of the products, so that the rest must stay below the other half.
        let products = self.whole.rows() / SHARE_OF_PRODUCTS;
        if (compared + others * products) * 2 > vectors * products {
            self.pause.store(PAUSE, order);
        }
        let mut others = self.by_products(&open, left_out).into_iter();
        let found = found.into_iter();
        let least = found.map(|least| least.or_else(|| others.next()));
        least.map(|least| least.unwrap_or(f32::INFINITY)).collect()
    }

    /// The same, with products with all rows in place of bounds.
    fn by_products(&self, vectors: &[f32], left_out: &Range<usize>) -> Vec<f32> {
        let (found, _) = self.search(vectors, vectors.to_vec(), &self.whole, left_out);
        let least = found.into_iter();
        least.map(|least| least.unwrap_or(f32::INFINITY)).collect()
    }

    /// For each vector, the least distance or `None` if too many rows would be compared; and how many were.
    /// `bounded` are the vectors in the directions of the bounds.
    fn search(
        &self,
        vectors: &[f32],
        mut bounded: Vec<f32>,
        bounds: &RowBounds,
        left_out: &Range<usize>,
    ) -> (Vec<Option<f32>>, usize) {
        let whole = squares(vectors, self.dimension);
        let directions = bounded.len() / whole.len().max(1);
        if directions == 0 {
            return (Vec::new(), 0);
        }
        let within = squares(&bounded, directions);
        let outside = rests(&whole, &within);
        bounded.iter_mut().for_each(|value| *value *= -2.0);
        let least_of_blocks = bounds.least_of_blocks(&bounded, &outside, left_out);
        let bounded = bounded.chunks_exact(directions).zip(outside);
        let lengths = whole.iter().zip(within);
        let searches = vectors.chunks_exact(self.dimension).zip(bounded);
        let searches = searches.zip(lengths.zip(least_of_blocks.chunks_exact(bounds.blocks())));
        let mut compared = 0;
        let least = searches.map(|((vector, bounded), ((whole, within), least_of_blocks))| {
            run(Search {
                rows: self,
                bounds,
                vector,
                bounded,
                slack: ROUNDING * (whole + self.largest) - within,
                least_of_blocks,
                left_out,
                compared: &mut compared,
            })
        });
        let least = least.collect();
        (least, compared)
    }
}

/// The search for one vector's nearest row.
struct Search<'a> {
    rows: &'a ScreenedRows,
    bounds: &'a RowBounds,
    vector: &'a [f32],
    /// The vector times -2 in the directions of the bounds, and its length outside of them.
    bounded: (&'a [f32], f32),
    /// How far a bound may lie above the distance.
    slack: f32,
    least_of_blocks: &'a [f32],
    left_out: &'a Range<usize>,
    /// Rows that were compared in full.
    compared: &'a mut usize,
}

impl Kernel for Search<'_> {
    type Output = Option<f32>;

    /// The least distance; `None` if more than [`MOST_COMPARED`] rows have partial bounds below it.
    #[inline(always)]
    fn call<A: MultiplyAdd>(self) -> Option<f32> {
        let of_block = |block| self.bounds.of_block(block, self.bounded, self.left_out);
        let nearest = smallest_by_lanes::<16>(self.least_of_blocks);
        let nearest = position_of(nearest, self.least_of_blocks);
        let bounds = of_block(nearest);
        let first = position_of(smallest_by_lanes::<16>(&bounds), &bounds);
        if bounds[first] == f32::INFINITY {
            return Some(f32::INFINITY);
        }
        let mut least = self.distance(nearest * BLOCK + first);
        let mut compared = 0;
        for (block, lowest) in self.least_of_blocks.iter().enumerate() {
            if *lowest > least + self.slack {
                continue;
            }
            for (row, bound) in of_block(block).into_iter().enumerate() {
                if bound <= least + self.slack && bound < f32::INFINITY {
                    let distance = self.distance(block * BLOCK + row);
                    least = if distance < least { distance } else { least };
                    compared += 1;
                }
            }
            if self.bounds.are_partial() && compared > MOST_COMPARED {
                *self.compared += compared;
                return None;
            }
        }
        *self.compared += compared;
        Some(least)
    }
}

impl Search<'_> {
    /// The squared distance to a row.
    #[inline(always)]
    fn distance(&self, row: usize) -> f32 {
        let dimension = self.rows.dimension;
        let row = &self.rows.rows[row * dimension..(row + 1) * dimension];
        lanes(self.vector, row, |a, b| (a - b) * (a - b))
    }
}

#[inline(always)]
fn sum_of_products(a: &[f32], b: &[f32]) -> f32 {
    lanes(a, b, |a, b| a * b)
}

/// The sum of `of` over pairs, in an order that is the same under every instruction set.
#[inline(always)]
fn lanes(a: &[f32], b: &[f32], of: impl Fn(f32, f32) -> f32) -> f32 {
    const LANES: usize = 32;
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut sums = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            sums[lane] += of(a[lane], b[lane]);
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| of(*a, *b)).sum();
    let mut width = LANES;
    while width > 1 {
        width /= 2;
        for lane in 0..width {
            sums[lane] += sums[lane + width];
        }
    }
    sums[0] + rest
}

#[inline(always)]
fn position_of(value: f32, values: &[f32]) -> usize {
    values.iter().position(|other| *other == value).unwrap_or(0)
}

/// The lengths that remain of squared lengths without parts of them.
fn rests(whole: &[f32], parts: &[f32]) -> Vec<f32> {
    let pairs = whole.iter().zip(parts);
    pairs
        .map(|(whole, part)| (whole - part).max(0.0).sqrt())
        .collect()
}

/// `[rows, kept]`.
fn project(rows: &[f32], basis: &Panels) -> Vec<f32> {
    let count = rows.len() / basis.rows();
    let mut projections = vec![0.0; count * basis.columns()];
    let output = MatrixMut::new(&mut projections, count, basis.columns());
    let rows = Matrix::new(rows, count, basis.rows());
    multiply_panels(rows, basis, Start::Zero, Finish::Nothing, output);
    projections
}

/// The squared length of each of `rows`, `[rows, dimension]`.
fn squares(rows: &[f32], dimension: usize) -> Vec<f32> {
    let mut squares = vec![0.0; rows.len() / dimension];
    vectorized(
        #[inline(always)]
        || {
            for (square, row) in squares.iter_mut().zip(rows.chunks_exact(dimension)) {
                *square = sum_of_products(row, row);
            }
        },
    );
    squares
}
