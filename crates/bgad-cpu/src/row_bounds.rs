//! The squared distances to many rows, to within rounding.

use crate::left_out::LeftOut;
use crate::ordering::BLOCK;
use crate::panels::BLOCK as HALF;
use crate::smallest::smallest_by_lanes;
use crate::{Finish, Kernel, Matrix, MatrixMut, MultiplyAdd, Panels, Start, multiply_panels, run};

/// Rows whose distances are computed at once. For 64 vectors they take 128 KiB, which stay in a core's L2 cache
/// beside the rows.
const TILE: usize = 16 * BLOCK;

/// Rows laid out for products. All distances lack the vector's own squared length.
#[derive(Debug, Clone)]
pub(crate) struct RowBounds {
    /// `[dimension, TILE]` each; the last one has the rest.
    tiles: Vec<Panels>,
    /// Each row's squared length.
    squares: Vec<f32>,
}

impl RowBounds {
    /// Lays out `rows`, `[rows, dimension]`, whose squared lengths are `squares`.
    pub fn new(rows: &[f32], dimension: usize, squares: Vec<f32>) -> Self {
        let tiles = rows.chunks(TILE * dimension).map(|tile| {
            let count = tile.len() / dimension;
            Panels::new(Matrix::new(tile, count, dimension).transposed())
        });
        Self {
            tiles: tiles.collect(),
            squares,
        }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.squares.len()
    }

    /// Number of blocks.
    pub fn blocks(&self) -> usize {
        self.rows().div_ceil(BLOCK)
    }

    /// The least distance in each block, `[vectors, blocks]`, for `vectors` times -2, `[vectors, dimension]`;
    /// infinity for the rows `left_out`.
    pub fn least_of_blocks(&self, vectors: Matrix<'_>, left_out: &LeftOut) -> Vec<f32> {
        let count = vectors.rows();
        let mut least = vec![f32::INFINITY; count * self.blocks()];
        let mut memory = vec![0.0; count * TILE.min(self.rows())];
        for (tile, first) in self.tiles.iter().zip((0..).step_by(TILE)) {
            let rows = tile.columns();
            let distances = &mut memory[..count * rows];
            multiply_panels(
                vectors,
                tile,
                Start::Row(&self.squares[first..][..rows]),
                Finish::Nothing,
                MatrixMut::new(distances, count, rows),
            );
            if !left_out.is_empty() {
                for distances in distances.chunks_exact_mut(rows) {
                    for (block, distances) in distances.chunks_mut(BLOCK).enumerate() {
                        let exclude = |row: usize| distances[row] = f32::INFINITY;
                        left_out.each_of(first / BLOCK + block, exclude);
                    }
                }
            }
            run(LeastOfBlocks {
                distances,
                rows,
                least: &mut least,
                blocks: self.blocks(),
                first: first / BLOCK,
            });
        }
        least
    }

    /// The squared lengths of a block's rows; 0 beyond the last one.
    #[inline(always)]
    fn squares_from(&self, first: usize, count: usize) -> [f32; BLOCK] {
        let mut squares = [0.0; BLOCK];
        squares[..count].copy_from_slice(&self.squares[first..][..count]);
        squares
    }

    /// The distances of one block for one vector times -2, as in [`least_of_blocks`](Self::least_of_blocks) but
    /// for rounding; infinity beyond the last row.
    #[inline(always)]
    pub fn of_block(&self, block: usize, vector: &[f32], left_out: &LeftOut) -> [f32; BLOCK] {
        let first = block * BLOCK;
        let count = BLOCK.min(self.rows() - first);
        let tile = &self.tiles[first / TILE];
        let half = |from: usize| tile.block(first % TILE + from).as_chunks::<HALF>().0;
        let left = half(0);
        let right = if count > HALF { half(HALF) } else { left };
        let sums = [self.squares_from(first, count), [0.0; BLOCK]];
        let [mut distances, odd] = add_products(sums, vector, left, right);
        for (distance, odd) in distances.iter_mut().zip(odd) {
            *distance += odd;
        }
        distances[count..].fill(f32::INFINITY);
        left_out.each_of(block, |row| distances[row] = f32::INFINITY);
        distances
    }
}

/// Adds `vector` times the rows of two blocks of panels, `[dimension, HALF]` each, with separate sums for even and odd
/// values, because each addition waits for the one before.
#[inline(always)]
fn add_products(
    [mut even, mut odd]: [[f32; BLOCK]; 2],
    vector: &[f32],
    left: &[[f32; HALF]],
    right: &[[f32; HALF]],
) -> [[f32; BLOCK]; 2] {
    let (pairs, rest) = vector.as_chunks::<2>();
    let ((left_pairs, left_rest), (right_pairs, right_rest)) =
        (left.as_chunks::<2>(), right.as_chunks::<2>());
    for ((values, left), right) in pairs.iter().zip(left_pairs).zip(right_pairs) {
        add_line(&mut even, values[0], &left[0], &right[0]);
        add_line(&mut odd, values[1], &left[1], &right[1]);
    }
    for ((value, left), right) in rest.iter().zip(left_rest).zip(right_rest) {
        add_line(&mut even, *value, left, right);
    }
    [even, odd]
}

#[inline(always)]
fn add_line(sums: &mut [f32; BLOCK], value: f32, left: &[f32; HALF], right: &[f32; HALF]) {
    for lane in 0..HALF {
        sums[lane] += value * left[lane];
        sums[HALF + lane] += value * right[lane];
    }
}

/// The least distance in each block of a tile.
struct LeastOfBlocks<'a> {
    /// `[vectors, rows]`.
    distances: &'a [f32],
    rows: usize,
    /// `[vectors, blocks]`, of which the tile's begin at `first`.
    least: &'a mut [f32],
    blocks: usize,
    first: usize,
}

impl Kernel for LeastOfBlocks<'_> {
    type Output = ();

    #[inline(always)]
    fn call<A: MultiplyAdd>(self) {
        let vectors = self.distances.chunks_exact(self.rows);
        for (distances, least) in vectors.zip(self.least.chunks_exact_mut(self.blocks)) {
            for (block, least) in distances.chunks(BLOCK).zip(&mut least[self.first..]) {
                *least = smallest_by_lanes::<16>(block);
            }
        }
    }
}
