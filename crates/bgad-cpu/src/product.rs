//! Products of rows with [`Panels`].

use std::ops::Range;

use pulp::Simd;

use crate::arithmetic::MultiplyAdd;
use crate::instructions::{SimdKernel, dispatch};
use crate::panels::BLOCK;
use crate::tile::{accumulate, read, write};
use crate::{MatrixMut, Panels, Rows};

/// What a product is added to.
#[derive(Debug, Clone, Copy)]
pub enum Start<'a> {
    /// Nothing.
    Zero,
    /// The present values of `c`.
    Kept,
    /// The same row for all rows.
    Row(&'a [f32]),
    /// For each row, the sum of one row from each of two tables, `[_, columns]`.
    Gathered {
        /// The first table.
        first: &'a [f32],
        /// The second.
        second: &'a [f32],
        /// For each row, its index in the first and the second table.
        rows: &'a [[u32; 2]],
    },
}

/// What is applied to each element of a product at the end.
#[derive(Debug, Clone, Copy)]
pub enum Finish<'a> {
    /// Nothing.
    Nothing,
    /// `max(c, 0)`.
    Relu,
    /// 0 wherever the element at the same place in this slice is not positive. The slice has the row stride
    /// of `c`.
    WherePositive(&'a [f32]),
}

/// `c = finish(start + a · b)`. Each element is summed in the order of `a`'s columns, whatever the number of
/// rows.
///
/// # Panics
/// If the shapes don't fit, or `a`'s rows are not contiguous.
pub fn multiply_panels<'a>(
    a: impl Into<Rows<'a>>,
    b: &Panels,
    start: Start<'_>,
    finish: Finish<'_>,
    c: MatrixMut<'_>,
) {
    multiply_rows(a.into(), b, start, finish, c);
}

/// [`multiply_panels`] without a type parameter: callers would otherwise each compile the kernels again.
fn multiply_rows(a: Rows<'_>, b: &Panels, start: Start<'_>, finish: Finish<'_>, c: MatrixMut<'_>) {
    let (rows, columns, stride) = (c.rows(), b.columns(), c.row_stride());
    assert!(
        a.strips * a.width == b.rows() && a.rows == rows && c.columns() == columns,
        "{}x{} times {}x{} into {}x{}",
        a.rows,
        a.strips * a.width,
        b.rows(),
        columns,
        rows,
        c.columns()
    );
    let fits = match start {
        Start::Zero | Start::Kept => true,
        Start::Row(row) => row.len() >= columns,
        Start::Gathered {
            first,
            second,
            rows: numbers,
        } => {
            let within = |table: &[f32], row: u32| (row as usize + 1) * columns <= table.len();
            numbers.len() == rows
                && numbers
                    .iter()
                    .all(|[i, j]| within(first, *i) && within(second, *j))
        }
    };
    assert!(fits, "what a product of {columns} columns starts from");
    if let Finish::WherePositive(mask) = finish {
        let reach = rows.saturating_sub(1) * stride + columns;
        assert!(rows == 0 || mask.len() >= reach, "a mask of {}", mask.len());
    }
    dispatch(Product {
        a,
        b,
        start,
        finish,
        c,
    });
}

struct Product<'a> {
    a: Rows<'a>,
    b: &'a Panels,
    start: Start<'a>,
    finish: Finish<'a>,
    c: MatrixMut<'a>,
}

impl SimdKernel for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn call<S: Simd, A: MultiplyAdd>(mut self, simd: S) {
        for first in (0..self.c.rows()).step_by(ROWS) {
            let rows = first..self.c.rows().min(first + ROWS);
            let mut column = 0;
            while column < self.b.columns() {
                let left = self.b.columns() - column;
                let (blocks, half) = (left.div_ceil(BLOCK), left <= BLOCK / 2);
                // As many accumulators as fit in registers beside the operands.
                let at = (rows.clone(), column);
                column += match S::F32_LANES {
                    16 => match blocks {
                        1 => self.panel::<S, 1, 1, 1, 12>(simd, at),
                        2 | 4 => self.panel::<S, 1, 1, 2, 12>(simd, at),
                        _ => self.panel::<S, 1, 1, 3, 8>(simd, at),
                    },
                    8 if half => self.panel::<S, 2, 1, 1, 12>(simd, at),
                    8 => self.panel::<S, 2, 2, 1, 6>(simd, at),
                    4 if half => self.panel::<S, 4, 2, 1, 12>(simd, at),
                    4 => self.panel::<S, 4, 4, 1, 6>(simd, at),
                    _ => self.panel::<S, 16, 16, 1, 1>(simd, at),
                };
            }
        }
    }
}

/// Rows that are multiplied with all panels before the next rows are read, so that they stay in the cache. A
/// multiple of the rows that any instruction set takes at a time.
const ROWS: usize = 96;

impl Product<'_> {
    /// Processes `B` blocks of columns, the first `V` of `L` registers each, `R` rows at a time. Returns the number of
    /// columns.
    #[inline(always)]
    fn panel<S: Simd, const L: usize, const V: usize, const B: usize, const R: usize>(
        &mut self,
        simd: S,
        (rows, column): (Range<usize>, usize),
    ) -> usize {
        let blocks: [&[[S::f32s; L]]; B] = std::array::from_fn(|i| {
            let block = self.b.block(column + i * BLOCK);
            S::as_simd_f32s(block).0.as_chunks().0
        });
        // Nearly all blocks are whole and need no check for the end of a row.
        let columns = B * V * S::F32_LANES;
        match column + columns <= self.b.columns() {
            true => self.tiles::<S, L, V, B, R, true>(simd, blocks, (rows, column)),
            false => self.tiles::<S, L, V, B, R, false>(simd, blocks, (rows, column)),
        }
        columns
    }

    #[inline(always)]
    fn tiles<
        S: Simd,
        const L: usize,
        const V: usize,
        const B: usize,
        const R: usize,
        const WHOLE: bool,
    >(
        &mut self,
        simd: S,
        blocks: [&[[S::f32s; L]]; B],
        (rows, column): (Range<usize>, usize),
    ) {
        let mut row = rows.start;
        // Split eight rows into two tiles of four, not into one of six and two single rows.
        while row + R <= rows.end && (R, rows.end - row) != (6, 8) {
            self.tile::<S, L, V, B, R, WHOLE>(simd, blocks, (row, column));
            row += R;
        }
        while row + 4 <= rows.end {
            self.tile::<S, L, V, B, 4, WHOLE>(simd, blocks, (row, column));
            row += 4;
        }
        while row < rows.end {
            self.tile::<S, L, V, B, 1, WHOLE>(simd, blocks, (row, column));
            row += 1;
        }
    }

    #[inline(always)]
    fn tile<
        S: Simd,
        const L: usize,
        const V: usize,
        const B: usize,
        const R: usize,
        const WHOLE: bool,
    >(
        &mut self,
        simd: S,
        blocks: [&[[S::f32s; L]]; B],
        (row, column): (usize, usize),
    ) {
        let start = self.start_of::<S, V, B, R, WHOLE>(simd, (row, column));

        // No loop for a single strip: it would move the sums through memory.
        if self.a.strips == 1 {
            let left = self.left::<R>(0, row);
            let sums = accumulate::<S, L, V, B, R>(simd, left, blocks, start);
            self.finish_tile::<S, V, B, R, WHOLE>(simd, (row, column), sums);
            return;
        }
        let mut sums = start;
        for strip in 0..self.a.strips {
            let (width, mut blocks) = (self.a.width, blocks);
            for block in &mut blocks {
                *block = &block[strip * width..][..width];
            }
            let left = self.left::<R>(strip, row);
            sums = accumulate::<S, L, V, B, R>(simd, left, blocks, sums);
        }
        self.finish_tile::<S, V, B, R, WHOLE>(simd, (row, column), sums);
    }

    /// `R` rows of the left operand.
    #[inline(always)]
    fn left<const R: usize>(&self, strip: usize, row: usize) -> [&[f32]; R] {
        let mut left: [&[f32]; R] = [&[]; R];
        for (r, left) in left.iter_mut().enumerate() {
            *left = self.a.row(strip, row + r);
        }
        left
    }

    /// The initial values of a tile's sums, in plain loops as in `tile`.
    #[allow(clippy::needless_range_loop)]
    #[inline(always)]
    fn start_of<S: Simd, const V: usize, const B: usize, const R: usize, const WHOLE: bool>(
        &self,
        simd: S,
        (row, column): (usize, usize),
    ) -> [[[S::f32s; V]; B]; R] {
        let (columns, stride) = (self.b.columns(), self.c.row_stride());
        let range = column..columns;
        let mut sums = [[[simd.splat_f32s(0.0); V]; B]; R];
        match self.start {
            Start::Zero => {}
            Start::Kept => {
                for r in 0..R {
                    let line = &self.c.data()[(row + r) * stride..];
                    sums[r] = read::<S, V, B, WHOLE>(simd, line, range.clone());
                }
            }
            Start::Row(from) => sums = [read::<S, V, B, WHOLE>(simd, from, range); R],
            Start::Gathered {
                first,
                second,
                rows,
            } => {
                for r in 0..R {
                    let [i, j] = rows[row + r];
                    let (first, second) = (
                        &first[i as usize * columns..],
                        &second[j as usize * columns..],
                    );
                    sums[r] = read::<S, V, B, WHOLE>(simd, first, range.clone());
                    let second = read::<S, V, B, WHOLE>(simd, second, range.clone());
                    for b in 0..B {
                        for v in 0..V {
                            sums[r][b][v] = simd.add_f32s(sums[r][b][v], second[b][v]);
                        }
                    }
                }
            }
        }
        sums
    }

    /// Applies `finish` to a tile's sums and writes them.
    #[inline(always)]
    fn finish_tile<S: Simd, const V: usize, const B: usize, const R: usize, const WHOLE: bool>(
        &mut self,
        simd: S,
        (row, column): (usize, usize),
        sums: [[[S::f32s; V]; B]; R],
    ) {
        let (columns, stride) = (self.b.columns(), self.c.row_stride());
        let zero = simd.splat_f32s(0.0);
        for r in 0..R {
            let (at, mut sums) = ((row + r) * stride, sums[r]);
            match self.finish {
                Finish::Nothing => {}
                Finish::Relu => {
                    // Plain loops keep the sums in registers.
                    #[allow(clippy::needless_range_loop)]
                    for b in 0..B {
                        for v in 0..V {
                            sums[b][v] = simd.max_f32s(sums[b][v], zero);
                        }
                    }
                }
                Finish::WherePositive(mask) => {
                    let mask = read::<S, V, B, WHOLE>(simd, &mask[at..], column..columns);
                    for b in 0..B {
                        for v in 0..V {
                            let positive = simd.less_than_f32s(zero, mask[b][v]);
                            sums[b][v] = simd.select_f32s(positive, sums[b][v], zero);
                        }
                    }
                }
            }
            let line = &mut self.c.data_mut()[at..];
            write::<S, V, B, WHOLE>(simd, line, column..columns, sums);
        }
    }
}
