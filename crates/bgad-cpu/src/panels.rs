//! Matrices, laid out once for many products.

use crate::Matrix;
use crate::arithmetic::MultiplyAdd;
use crate::kernel::Kernel;

/// Columns in a block: one register of AVX-512, two of AVX2, four of NEON.
pub(crate) const BLOCK: usize = 16;
/// Alignment of a block's rows, in bytes.
const LINE: usize = 64;

/// The right operand of a product, `[rows, columns]`, in blocks of 16 columns. Each block is row-major; the
/// last one is padded with zeros.
#[derive(Debug, Clone, Default)]
pub struct Panels {
    rows: usize,
    columns: usize,
    values: Vec<f32>,
    /// Where the blocks begin, so that no row spans two cache lines.
    first: usize,
}

impl Panels {
    /// Lays out `matrix`.
    pub fn new(matrix: Matrix<'_>) -> Self {
        let mut panels = Self::default();
        panels.set(matrix);
        panels
    }

    /// Lays out another matrix, in the same memory if it fits.
    pub fn set(&mut self, matrix: Matrix<'_>) {
        let (rows, columns) = (matrix.rows(), matrix.columns());
        self.reserve(rows, columns);
        let blocks = self.values[self.first..].chunks_exact_mut((rows * BLOCK).max(1));
        for (block, column) in blocks.zip((0..columns).step_by(BLOCK)) {
            let width = BLOCK.min(columns - column);
            let (lines, _) = block.as_chunks_mut::<BLOCK>();
            if matrix.column_stride() == 1 {
                for (row, line) in lines.iter_mut().enumerate() {
                    line[..width].copy_from_slice(&matrix.row(row)[column..][..width]);
                }
                continue;
            }
            // Square tiles, so that both source and destination stay in the cache.
            for (square, lines) in lines.chunks_mut(BLOCK).enumerate() {
                for c in 0..width {
                    for (r, line) in lines.iter_mut().enumerate() {
                        line[c] = matrix.at(square * BLOCK + r, column + c);
                    }
                }
            }
        }
    }

    /// Makes room for a matrix of this shape, with zeros beyond its columns.
    fn reserve(&mut self, rows: usize, columns: usize) {
        if (rows, columns) == (self.rows, self.columns) {
            return;
        }
        let length = columns.div_ceil(BLOCK) * BLOCK * rows;
        self.values.clear();
        self.values.resize(length + LINE / size_of::<f32>(), 0.0);
        let offset = self.values.as_ptr().align_offset(LINE);
        // If the pointer can't be aligned, products are only slower.
        self.first = if offset < LINE { offset } else { 0 };
        (self.rows, self.columns) = (rows, columns);
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The matrix, row-major.
    pub fn to_row_major(&self) -> Vec<f32> {
        let mut values = vec![0.0; self.rows * self.columns];
        if self.columns == 0 {
            return values;
        }
        for column in (0..self.columns).step_by(BLOCK) {
            let width = BLOCK.min(self.columns - column);
            let (lines, _) = self.block(column).as_chunks::<BLOCK>();
            for (row, line) in values.chunks_exact_mut(self.columns).zip(lines) {
                row[column..][..width].copy_from_slice(&line[..width]);
            }
        }
        values
    }

    /// Pieces of work, at most `pieces`, that set this matrix to `panels` with each row multiplied by its factor. Run
    /// all of them, in any order, on any threads.
    ///
    /// # Panics
    /// If there are not as many factors as rows.
    pub fn scaling<'a>(
        &'a mut self,
        panels: &'a Self,
        factors: &'a [f32],
        pieces: usize,
    ) -> impl Iterator<Item = RowScaling<'a>> {
        assert_eq!(factors.len(), panels.rows, "factors and rows");
        self.reserve(panels.rows, panels.columns);
        let blocks = panels.columns.div_ceil(BLOCK);
        let length = blocks * BLOCK * panels.rows;
        let piece = (blocks.div_ceil(pieces.max(1)) * BLOCK * panels.rows).max(1);
        let from = panels.values[panels.first..][..length].chunks(piece);
        let to = self.values[self.first..][..length].chunks_mut(piece);
        from.zip(to)
            .map(|(from, to)| RowScaling { from, factors, to })
    }

    /// The block that begins at `column`, `[rows][16]`.
    pub(crate) fn block(&self, column: usize) -> &[f32] {
        &self.values[self.first + column * self.rows..][..self.rows * BLOCK]
    }
}

impl PartialEq for Panels {
    /// Compares shapes and elements, not alignment.
    fn eq(&self, other: &Self) -> bool {
        let blocks = |panels: &Self| {
            let length = panels.columns.div_ceil(BLOCK) * BLOCK * panels.rows;
            panels.first..panels.first + length
        };
        (self.rows, self.columns) == (other.rows, other.columns)
            && self.values[blocks(self)] == other.values[blocks(other)]
    }
}

/// A piece of [`Panels::scaling`].
pub struct RowScaling<'a> {
    from: &'a [f32],
    factors: &'a [f32],
    to: &'a mut [f32],
}

impl RowScaling<'_> {
    /// Computes the piece.
    pub fn run(self) {
        crate::run(self);
    }
}

impl Kernel for RowScaling<'_> {
    type Output = ();

    #[inline(always)]
    fn call<A: MultiplyAdd>(self) {
        let (from, _) = self.from.as_chunks::<BLOCK>();
        let (to, _) = self.to.as_chunks_mut::<BLOCK>();
        let rows = self.factors.len().max(1);
        for (from, to) in from.chunks_exact(rows).zip(to.chunks_exact_mut(rows)) {
            for ((from, to), factor) in from.iter().zip(to).zip(self.factors) {
                // The local value tells the compiler that reads and writes don't alias.
                let mut line = *from;
                for value in &mut line {
                    *value *= factor;
                }
                *to = line;
            }
        }
    }
}
