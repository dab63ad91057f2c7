//! The nearest of many rows, without the distances to most of them.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::projection::principal_basis;
use crate::smallest::smallest_by_lanes;
use crate::{Finish, Kernel, Matrix, MatrixMut, MultiplyAdd, Panels, Start, multiply_panels, run};

/// Rows that are bounded together.
const BLOCK: usize = 32;
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
    /// The rows in the basis, `[kept, rows]`.
    projected: Panels,
    /// Each row's squared length in the basis.
    squares: Vec<f32>,
    /// Each row's length outside of it.
    rests: Vec<f32>,
    /// The largest squared length of a row.
    largest: f32,
    /// The rows, `[dimension, rows]`, and their squared lengths.
    whole: Panels,
    whole_squares: Vec<f32>,
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
        let squares = squares(&projections, kept);
        let rests = whole.iter().zip(&squares);
        Some(Self {
            rests: rests.map(|(whole, part)| rest(*whole, *part)).collect(),
            largest: whole.iter().copied().fold(0.0, f32::max),
            projected: Panels::new(Matrix::new(&projections, count, kept).transposed()),
            rows: rows.to_vec(),
            whole: Panels::new(Matrix::new(rows, count, dimension).transposed()),
            whole_squares: whole,
            pause: Arc::default(),
            dimension,
            basis,
            squares,
        })
    }

    /// The rows, `[rows, dimension]`.
    pub fn rows(&self) -> &[f32] {
        &self.rows
    }

    /// For each of `vectors`, `[vectors, dimension]`, the squared distance to the nearest row, ignoring the
    /// rows `left_out`; infinity if none remains. It does not depend on the other vectors. The bounds take
    /// `vectors * rows` floats while it runs.
    pub fn least(&self, vectors: &[f32], left_out: &Range<usize>) -> Vec<f32> {
        let waits = |calls: usize| calls.checked_sub(1);
        let order = Ordering::Relaxed;
        if self.pause.fetch_update(order, order, waits).is_ok() {
            return self.by_products(vectors, left_out);
        }
        let projections = project(vectors, &self.basis);
        let within = squares(&projections, self.basis.columns());
        let mut bounds = products(projections, &self.projected, &self.squares);
        let (found, compared) = self.search(vectors, &within, &mut bounds, left_out, true);
        let open = found.iter().zip(vectors.chunks_exact(self.dimension));
        let open: Vec<f32> = open
            .filter(|(found, _)| found.is_none())
            .flat_map(|(_, vector)| vector.iter().copied())
            .collect();
        let (vectors, others) = (found.len(), open.len() / self.dimension);
        // Bounds cost about half of the products, so that the rest must stay below the other half.
        let products = self.squares.len() / SHARE_OF_PRODUCTS;
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
        let within = squares(vectors, self.dimension);
        let mut bounds = products(vectors.to_vec(), &self.whole, &self.whole_squares);
        let (found, _) = self.search(vectors, &within, &mut bounds, left_out, false);
        let least = found.into_iter();
        least.map(|least| least.unwrap_or(f32::INFINITY)).collect()
    }

    /// For each vector, the least distance or `None` if too many rows would be compared; and how many were.
    fn search(
        &self,
        vectors: &[f32],
        within: &[f32],
        bounds: &mut [f32],
        left_out: &Range<usize>,
        are_partial: bool,
    ) -> (Vec<Option<f32>>, usize) {
        let vectors = vectors.chunks_exact(self.dimension).zip(within);
        let searches = vectors.zip(bounds.chunks_exact_mut(self.squares.len().max(1)));
        let (mut blocks, mut compared) = (Vec::new(), 0);
        let least = searches.map(|((vector, within), bounds)| {
            if let Some(bounds) = bounds.get_mut(left_out.clone()) {
                bounds.fill(f32::INFINITY);
            }
            run(Search {
                rows: self,
                vector,
                within: *within,
                bounds,
                blocks: &mut blocks,
                compared: &mut compared,
                are_partial,
            })
        });
        let least = least.collect();
        (least, compared)
    }
}

/// `squares - 2 * vectors * rows`, `[vectors, rows]`.
fn products(mut vectors: Vec<f32>, rows: &Panels, squares: &[f32]) -> Vec<f32> {
    vectors.iter_mut().for_each(|value| *value *= -2.0);
    let count = vectors.len() / rows.rows();
    let mut products = vec![0.0; count * squares.len()];
    multiply_panels(
        Matrix::new(&vectors, count, rows.rows()),
        rows,
        Start::Row(squares),
        Finish::Nothing,
        MatrixMut::new(&mut products, count, squares.len()),
    );
    products
}

/// The search for one vector's nearest row.
struct Search<'a> {
    rows: &'a ScreenedRows,
    vector: &'a [f32],
    /// The vector's squared length, in the basis if the bounds are partial.
    within: f32,
    /// Each row's squared distance, less `within`; infinity for a row that is left out.
    bounds: &'a mut [f32],
    /// Room for the least bound of each block.
    blocks: &'a mut Vec<f32>,
    /// Rows that were compared in full.
    compared: &'a mut usize,
    /// Whether the bounds are distances in the basis alone.
    are_partial: bool,
}

impl Kernel for Search<'_> {
    type Output = Option<f32>;

    /// The least distance; `None` if more than [`MOST_COMPARED`] rows have partial bounds below it.
    #[inline(always)]
    fn call<A: MultiplyAdd>(self) -> Option<f32> {
        let ScreenedRows { rests, largest, .. } = self.rows;
        let whole = sum_of_products(self.vector, self.vector);
        let outside = rest(whole, self.within);
        self.blocks.clear();
        let rows = self.bounds.chunks_mut(BLOCK).zip(rests.chunks(BLOCK));
        for (bounds, rests) in rows {
            if self.are_partial {
                for (bound, rest) in bounds.iter_mut().zip(rests) {
                    let apart = outside - rest;
                    *bound += apart * apart;
                }
            }
            self.blocks.push(smallest_by_lanes::<16>(bounds));
        }
        let slack = ROUNDING * (whole + largest) - self.within;
        let first = position_of(smallest_by_lanes::<16>(self.blocks), self.blocks) * BLOCK;
        let block = &self.bounds[first..(first + BLOCK).min(self.bounds.len())];
        let first = first + position_of(smallest_by_lanes::<16>(block), block);
        if self
            .bounds
            .get(first)
            .is_none_or(|bound| *bound == f32::INFINITY)
        {
            return Some(f32::INFINITY);
        }
        let mut least = self.distance(first);
        let mut compared = 0;
        for (block, lowest) in self.blocks.iter().enumerate() {
            if *lowest > least + slack {
                continue;
            }
            let begin = block * BLOCK;
            let end = (begin + BLOCK).min(self.bounds.len());
            for row in begin..end {
                if self.bounds[row] <= least + slack && self.bounds[row] < f32::INFINITY {
                    let distance = self.distance(row);
                    least = if distance < least { distance } else { least };
                    compared += 1;
                }
            }
            if self.are_partial && compared > MOST_COMPARED {
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

/// The length that remains of a squared length without a part of it.
#[inline(always)]
fn rest(whole: f32, part: f32) -> f32 {
    (whole - part).max(0.0).sqrt()
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

fn squares(rows: &[f32], dimension: usize) -> Vec<f32> {
    let square = |row: &[f32]| row.iter().map(|value| value * value).sum();
    rows.chunks_exact(dimension).map(square).collect()
}
