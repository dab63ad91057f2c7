//! Sums of outer products, which are gradients of weight matrices.

use pulp::Simd;

use crate::arithmetic::MultiplyAdd;
use crate::instructions::{SimdKernel, dispatch};
use crate::panels::BLOCK;
use crate::register::{load, part, store};
use crate::{Matrix, MatrixMut};

/// `c = c + aᵀ · b`, summed row by row, for `a` `[rows, m]` and `b` `[rows, columns]` with contiguous rows.
///
/// # Panics
/// If the shapes don't fit, or rows are not contiguous.
pub fn add_outer_products(a: Matrix<'_>, b: Matrix<'_>, c: MatrixMut<'_>) {
    assert!(
        a.rows() == b.rows() && a.columns() == c.rows() && b.columns() == c.columns(),
        "{}x{}, transposed, times {}x{} into {}x{}",
        a.rows(),
        a.columns(),
        b.rows(),
        b.columns(),
        c.rows(),
        c.columns()
    );
    assert!(
        a.column_stride() == 1 && b.column_stride() == 1,
        "rows that are not contiguous"
    );
    // Few enough rows at a time that they stay in the L1 cache while they are read repeatedly.
    const ROWS: usize = 96;
    let mut c = c;
    for first in (0..a.rows()).step_by(ROWS) {
        let rows = first..a.rows().min(first + ROWS);
        dispatch(OuterProducts {
            a: a.some_rows(rows.clone()),
            b: b.some_rows(rows),
            c: c.reborrow(),
        });
    }
}

struct OuterProducts<'a> {
    a: Matrix<'a>,
    b: Matrix<'a>,
    c: MatrixMut<'a>,
}

impl SimdKernel for OuterProducts<'_> {
    type Output = ();

    #[inline(always)]
    fn call<S: Simd, A: MultiplyAdd>(mut self, simd: S) {
        let columns = self.b.columns();
        let mut column = 0;
        while column < columns {
            let blocks = (columns - column).div_ceil(BLOCK);
            column += match S::F32_LANES {
                16 => match blocks {
                    1 => self.panel::<S, 1, 1, 12>(simd, column),
                    2 | 4 => self.panel::<S, 1, 2, 12>(simd, column),
                    _ => self.panel::<S, 1, 3, 8>(simd, column),
                },
                8 => self.panel::<S, 2, 1, 6>(simd, column),
                4 => self.panel::<S, 4, 1, 6>(simd, column),
                _ => self.panel::<S, 16, 1, 1>(simd, column),
            };
        }
    }
}

impl OuterProducts<'_> {
    #[inline(always)]
    fn panel<S: Simd, const V: usize, const B: usize, const R: usize>(
        &mut self,
        simd: S,
        column: usize,
    ) -> usize {
        let rows = self.c.rows();
        let mut row = 0;
        while row + R <= rows {
            self.tile::<S, V, B, R>(simd, row, column);
            row += R;
        }
        while row + 4 <= rows {
            self.tile::<S, V, B, 4>(simd, row, column);
            row += 4;
        }
        while row < rows {
            self.tile::<S, V, B, 1>(simd, row, column);
            row += 1;
        }
        B * BLOCK
    }

    #[inline(always)]
    fn tile<S: Simd, const V: usize, const B: usize, const R: usize>(
        &mut self,
        simd: S,
        row: usize,
        column: usize,
    ) {
        let last = self.a.rows().saturating_sub(1);
        let start = [[[simd.splat_f32s(0.0); V]; B]; R];
        // Whole registers are faster, so this reads past a row's end where it can, and drops the excess
        // when writing.
        if self.b.reach(last) >= column + B * BLOCK {
            let mut sums = self.accumulate::<S, V, B, R>(simd, (row, column), start);
            self.add::<S, V, B, R>(simd, (row, column), &mut sums);
        } else {
            let mut sums = self.accumulate_partly::<S, V, B, R>(simd, (row, column), start);
            self.add::<S, V, B, R>(simd, (row, column), &mut sums);
        }
    }

    /// Adds a tile's sums.
    #[inline(always)]
    fn add<S: Simd, const V: usize, const B: usize, const R: usize>(
        &mut self,
        simd: S,
        (row, column): (usize, usize),
        sums: &mut [[[S::f32s; V]; B]; R],
    ) {
        let (columns, stride) = (self.b.columns(), self.c.row_stride());
        for (r, sums) in sums.iter().enumerate() {
            let line = &mut self.c.data_mut()[(row + r) * stride..];
            for (b, sums) in sums.iter().enumerate() {
                for (v, sum) in sums.iter().enumerate() {
                    let first = (column + b * BLOCK + v * S::F32_LANES).min(columns);
                    let to = &mut line[first..columns.min(first + S::F32_LANES)];
                    let sum = simd.add_f32s(load(simd, to), *sum);
                    store(simd, to, sum);
                }
            }
        }
    }

    /// A separate function, so that its sums stay in registers.
    #[inline(always)]
    fn accumulate<S: Simd, const V: usize, const B: usize, const R: usize>(
        &self,
        simd: S,
        (row, column): (usize, usize),
        start: [[[S::f32s; V]; B]; R],
    ) -> [[[S::f32s; V]; B]; R] {
        let mut sums = start;
        for k in 0..self.a.rows() {
            let left = &self.a.row(k)[row..][..R];
            let right = S::as_simd_f32s(&self.b.row(k)[column..][..B * BLOCK]).0;
            let right = &right.as_chunks::<V>().0[..B];
            for r in 0..R {
                let value = simd.splat_f32s(left[r]);
                for b in 0..B {
                    for v in 0..V {
                        sums[r][b][v] = simd.mul_add_e_f32s(value, right[b][v], sums[r][b][v]);
                    }
                }
            }
        }
        sums
    }

    /// The same for rows that end within a register.
    #[inline(always)]
    fn accumulate_partly<S: Simd, const V: usize, const B: usize, const R: usize>(
        &self,
        simd: S,
        (row, column): (usize, usize),
        start: [[[S::f32s; V]; B]; R],
    ) -> [[[S::f32s; V]; B]; R] {
        let mut sums = start;
        for k in 0..self.a.rows() {
            let left = &self.a.row(k)[row..][..R];
            let line = &self.b.row(k)[column..self.b.columns()];
            // Loops instead of closures, which the compiler may turn into functions for the plain target.
            let mut right = [[simd.splat_f32s(0.0); V]; B];
            for (b, right) in right.iter_mut().enumerate() {
                for (v, right) in right.iter_mut().enumerate() {
                    let first = b * BLOCK + v * S::F32_LANES;
                    *right = load(simd, &line[part(first, line.len(), simd)]);
                }
            }
            for r in 0..R {
                let value = simd.splat_f32s(left[r]);
                for b in 0..B {
                    for v in 0..V {
                        sums[r][b][v] = simd.mul_add_e_f32s(value, right[b][v], sums[r][b][v]);
                    }
                }
            }
        }
        sums
    }
}
