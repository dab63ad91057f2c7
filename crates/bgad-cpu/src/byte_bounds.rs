//! Lower bounds of the squared distances to many rows, from products of bytes.

use std::borrow::Cow;

use crate::byte_nearest::least_of_lanes;
use crate::left_out::LeftOut;
use crate::lengths::squares;
use crate::ordering::BLOCK;
use crate::panels::BLOCK as LANES;
use crate::{ByteDistances, BytePanels, Rows, to_centred_bytes, to_signed_bytes};

/// Rows whose products are computed at once. Each lane of a product has the rows of one block, so that a minimum
/// over lanes' columns is one over a block, and needs no sum across a register.
const TILE: usize = LANES * BLOCK;
/// The byte of the number 0 in a vector.
const CENTRE: f32 = 64.0;

/// Rows in bytes. The distance of a rounded vector to a rounded row differs from the true one by the lengths of
/// both rounding errors at most (triangle inequality).
#[derive(Debug, Clone)]
pub(crate) struct ByteBounds {
    tiles: Vec<Tile>,
    dimension: usize,
    rows: usize,
    /// The length of the largest rounding error of a row.
    apart: f32,
}

/// The constants of [`TILE`] rows, of which those beyond the last one are infinitely far.
#[derive(Debug, Clone)]
struct Tile {
    /// `[dimension, TILE]`; the row `l · BLOCK + i` is the column `i · LANES + l`.
    panels: BytePanels,
    scales: Vec<f32>,
    /// What [`CENTRE`] adds to the product with each row.
    biases: Vec<f32>,
    /// Each rounded row's squared length.
    squares: Vec<f32>,
}

/// What [`ByteBounds::least_of_blocks`] finds for some vectors.
pub(crate) struct LeastOfBlocks {
    /// `[vectors, blocks]`: the least squared distance between the rounded vector and the rounded rows of a block,
    /// without the vector's own squared length; infinity if all rows are left out.
    pub least: Vec<f32>,
    /// The squared length of each rounded vector.
    pub squares: Vec<f32>,
    /// By how much, at most, distances from rounded vectors to rounded rows exceed the true ones.
    pub apart: Vec<f32>,
}

impl ByteBounds {
    /// Rounds `rows`, `[rows, dimension]`; `None` if `dimension` is not a multiple of four.
    pub fn new(rows: &[f32], dimension: usize) -> Option<Self> {
        let mut apart = 0.0_f32;
        let tiles = rows.chunks(TILE * dimension);
        let tiles: Option<Vec<Tile>> = tiles
            .map(|rows| Tile::new(rows, dimension, &mut apart))
            .collect();
        Some(Self {
            tiles: tiles?,
            dimension,
            rows: rows.len() / dimension,
            apart,
        })
    }

    /// Number of blocks.
    pub fn blocks(&self) -> usize {
        self.rows.div_ceil(BLOCK)
    }

    /// The least distance in each block for `vectors`, `[vectors, dimension]`, without the rows `left_out`.
    pub fn least_of_blocks(&self, vectors: &[f32], left_out: &LeftOut) -> LeastOfBlocks {
        let count = vectors.len() / self.dimension;
        let mut bytes = vec![0; vectors.len()];
        let mut factors = Vec::with_capacity(count);
        let mut rounded = vec![0.0; vectors.len()];
        let mut errors = vec![0.0; vectors.len()];
        let of_vectors = vectors.chunks_exact(self.dimension).enumerate();
        for (index, vector) in of_vectors {
            let here = index * self.dimension..(index + 1) * self.dimension;
            let bytes = &mut bytes[here.clone()];
            let step = to_centred_bytes(vector, bytes);
            factors.push(-2.0 * step);
            let values = rounded[here.clone()].iter_mut().zip(&mut errors[here]);
            for ((rounded, error), (byte, value)) in values.zip(bytes.iter().zip(vector)) {
                *rounded = (f32::from(*byte) - CENTRE) * step;
                *error = value - *rounded;
            }
        }
        let errors = squares(&errors, self.dimension).into_iter();
        let mut found = LeastOfBlocks {
            least: vec![f32::INFINITY; count * self.blocks()],
            squares: squares(&rounded, self.dimension),
            apart: errors.map(|error| error.sqrt() + self.apart).collect(),
        };
        let mut of_lanes = vec![0.0; count * LANES];
        for (index, tile) in self.tiles.iter().enumerate() {
            of_lanes.fill(f32::INFINITY);
            let starts = tile.squares_without(left_out, index * LANES);
            let of_columns = ByteDistances {
                scales: &tile.scales,
                biases: &tile.biases,
                starts: &starts,
            };
            let rows = Rows::in_strips(&bytes, count, (1, self.dimension), 0);
            least_of_lanes(rows, &tile.panels, of_columns, &factors, &mut of_lanes);
            let least = found.least.chunks_exact_mut(self.blocks().max(1));
            for (least, lanes) in least.zip(of_lanes.chunks_exact(LANES)) {
                let least = &mut least[index * LANES..];
                let here = LANES.min(least.len());
                least[..here].copy_from_slice(&lanes[..here]);
            }
        }
        found
    }
}

impl Tile {
    /// Up to [`TILE`] rows. Raises `apart` to the length of the largest rounding error.
    fn new(rows: &[f32], dimension: usize, apart: &mut f32) -> Option<Self> {
        let mut values = vec![0_i8; dimension * TILE];
        let mut whole = vec![0_i8; dimension];
        let [mut scales, mut biases, mut squares] =
            [0.0, 0.0, f32::INFINITY].map(|value| vec![value; TILE]);
        for (index, row) in rows.chunks_exact(dimension).enumerate() {
            let column = column_of(index);
            let scale = to_signed_bytes(row, dimension, &mut whole);
            let rounded = whole.iter().map(|value| f32::from(*value) * scale);
            let of_row =
                rounded
                    .zip(row)
                    .fold([0.0_f32; 2], |[square, error], (rounded, value)| {
                        [
                            square + rounded * rounded,
                            error + (value - rounded).powi(2),
                        ]
                    });
            *apart = apart.max(of_row[1].sqrt());
            let sum: i32 = whole.iter().map(|value| i32::from(*value)).sum();
            scales[column] = scale;
            biases[column] = -CENTRE * sum as f32 * scale;
            squares[column] = of_row[0];
            for (values, value) in values.chunks_exact_mut(TILE).zip(&whole) {
                values[column] = *value;
            }
        }
        Some(Self {
            panels: BytePanels::new(&values, (dimension, TILE), dimension)?,
            scales,
            biases,
            squares,
        })
    }

    /// The squared lengths, with infinity for the rows `left_out`; the tile's first block is `first`.
    fn squares_without(&self, left_out: &LeftOut, first: usize) -> Cow<'_, [f32]> {
        let mut squares = Cow::Borrowed(self.squares.as_slice());
        if !left_out.is_empty() {
            let squares = squares.to_mut();
            for block in 0..LANES {
                let exclude = |row| squares[column_of(block * BLOCK + row)] = f32::INFINITY;
                left_out.each_of(first + block, exclude);
            }
        }
        squares
    }
}

/// The column of a tile's row.
fn column_of(row: usize) -> usize {
    row % BLOCK * LANES + row / BLOCK
}
