//! Lower bounds of the squared distances to many rows.

use std::ops::Range;

use crate::panels::BLOCK as HALF;
use crate::smallest::smallest_by_lanes;
use crate::{Finish, Kernel, Matrix, MatrixMut, MultiplyAdd, Panels, Start, multiply_panels, run};

/// Rows that are bounded together: two blocks of panels.
pub(crate) const BLOCK: usize = 2 * HALF;
/// Rows whose bounds are computed at once. For 64 vectors they take 128 KiB, which stay in a core's L2 cache
/// beside the rows.
const TILE: usize = 16 * BLOCK;

/// Rows in some directions, with what lies outside of these. A bound lacks the vector's own squared length in
/// these directions.
#[derive(Debug, Clone)]
pub(crate) struct RowBounds {
    /// `[dimension, TILE]` each; the last one has the rest.
    tiles: Vec<Panels>,
    /// Each row's squared length in these directions.
    squares: Vec<f32>,
    /// Each row's length outside of them; empty if there are no others.
    rests: Vec<f32>,
}

impl RowBounds {
    /// Lays out `rows`, `[rows, dimension]`.
    pub fn new(rows: &[f32], dimension: usize, squares: Vec<f32>, rests: Vec<f32>) -> Self {
        let tiles = rows.chunks(TILE * dimension).map(|tile| {
            let count = tile.len() / dimension;
            Panels::new(Matrix::new(tile, count, dimension).transposed())
        });
        Self {
            tiles: tiles.collect(),
            squares,
            rests,
        }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.squares.len()
    }

    /// Whether the bounds are distances in some directions alone.
    pub fn are_partial(&self) -> bool {
        !self.rests.is_empty()
    }

    /// Number of blocks.
    pub fn blocks(&self) -> usize {
        self.rows().div_ceil(BLOCK)
    }

    /// The least bound in each block, `[vectors, blocks]`, for `vectors` times -2, `[vectors, dimension]`, of which
    /// `outside` are the lengths outside; infinity for the rows `left_out`.
    pub fn least_of_blocks(
        &self,
        vectors: &[f32],
        outside: &[f32],
        left_out: &Range<usize>,
    ) -> Vec<f32> {
        let count = outside.len();
        let vectors = Matrix::new(vectors, count, vectors.len() / count.max(1));
        let mut least = vec![f32::INFINITY; count * self.blocks()];
        let mut memory = vec![0.0; count * TILE.min(self.rows())];
        for (tile, first) in self.tiles.iter().zip((0..).step_by(TILE)) {
            let rows = tile.columns();
            let bounds = &mut memory[..count * rows];
            multiply_panels(
                vectors,
                tile,
                Start::Row(&self.squares[first..][..rows]),
                Finish::Nothing,
                MatrixMut::new(bounds, count, rows),
            );
            let out = left_out.start.max(first)..left_out.end.min(first + rows);
            if !out.is_empty() {
                for bounds in bounds.chunks_exact_mut(rows) {
                    bounds[out.start - first..out.end - first].fill(f32::INFINITY);
                }
            }
            run(LeastOfBlocks {
                bounds,
                rests: self.rests.get(first..first + rows),
                rows,
                outside,
                least: &mut least,
                blocks: self.blocks(),
                first: first / BLOCK,
            });
        }
        least
    }

    /// The bounds of one block for one vector, as in [`least_of_blocks`](Self::least_of_blocks) but for rounding;
    /// infinity beyond the last row.
    #[inline(always)]
    pub fn of_block(
        &self,
        block: usize,
        (vector, outside): (&[f32], f32),
        left_out: &Range<usize>,
    ) -> [f32; BLOCK] {
        let first = block * BLOCK;
        let count = BLOCK.min(self.rows() - first);
        let mut bounds = [f32::INFINITY; BLOCK];
        bounds[..count].copy_from_slice(&self.squares[first..][..count]);
        let tile = &self.tiles[first / TILE];
        let (halves, _) = bounds.as_chunks_mut::<HALF>();
        for (half, sums) in halves.iter_mut().enumerate().take(count.div_ceil(HALF)) {
            let (lines, _) = tile.block(first % TILE + half * HALF).as_chunks::<HALF>();
            let mut here = *sums;
            for (line, value) in lines.iter().zip(vector) {
                for (sum, row) in here.iter_mut().zip(line) {
                    *sum += value * row;
                }
            }
            *sums = here;
        }
        if let Some(rests) = self.rests.get(first..first + count) {
            for (bound, rest) in bounds.iter_mut().zip(rests) {
                let apart = outside - rest;
                *bound += apart * apart;
            }
        }
        for row in left_out.start.max(first)..left_out.end.min(first + count) {
            bounds[row - first] = f32::INFINITY;
        }
        bounds
    }
}

/// The least bound in each block of a tile.
struct LeastOfBlocks<'a> {
    /// `[vectors, rows]`.
    bounds: &'a mut [f32],
    rests: Option<&'a [f32]>,
    rows: usize,
    outside: &'a [f32],
    /// `[vectors, blocks]`, of which the tile's begin at `first`.
    least: &'a mut [f32],
    blocks: usize,
    first: usize,
}

impl Kernel for LeastOfBlocks<'_> {
    type Output = ();

    #[inline(always)]
    fn call<A: MultiplyAdd>(self) {
        let vectors = self.bounds.chunks_exact_mut(self.rows).zip(self.outside);
        for ((bounds, outside), least) in vectors.zip(self.least.chunks_exact_mut(self.blocks)) {
            if let Some(rests) = self.rests {
                for (bound, rest) in bounds.iter_mut().zip(rests) {
                    let apart = outside - rest;
                    *bound += apart * apart;
                }
            }
            for (block, least) in bounds.chunks(BLOCK).zip(&mut least[self.first..]) {
                *least = smallest_by_lanes::<16>(block);
            }
        }
    }
}
