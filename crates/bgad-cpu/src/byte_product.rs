//! Products of bytes.
#![allow(clippy::needless_range_loop)] // plain loops, as in tile.rs: sums stay in registers

use std::ops::Range;

use crate::byte_tile::sums_of;
use crate::dots::Dots;
use crate::instructions::{DotKernel, dispatch_dots};
use crate::panels::BLOCK;
use crate::register::{load, part, store};
use crate::{BytePanels, MatrixMut, Rows};

/// `c = scales · (a · b) + biases` with a scale and a bias for each column. Sums are exact; the values of
/// `a` must not exceed 127. Every set of instructions gives the same bits.
///
/// # Panics
/// When the shapes don't fit.
pub fn multiply_bytes(
    a: Rows<'_, u8>,
    b: &BytePanels,
    (scales, biases): (&[f32], &[f32]),
    c: MatrixMut<'_>,
) {
    let (rows, columns) = (c.rows(), b.columns());
    assert!(
        a.strips * a.width == b.rows()
            && a.width == b.strip()
            && a.rows == rows
            && c.columns() == columns
            && scales.len() == columns
            && biases.len() == columns,
        "{}x{} times {}x{} into {}x{}",
        a.rows,
        a.strips * a.width,
        b.rows(),
        columns,
        rows,
        c.columns()
    );
    dispatch_dots(Product {
        a,
        b,
        scales,
        biases,
        c,
    });
}

struct Product<'a> {
    a: Rows<'a, u8>,
    b: &'a BytePanels,
    scales: &'a [f32],
    biases: &'a [f32],
    c: MatrixMut<'a>,
}

/// Rows that all columns see before the next ones are read, so that they stay in the cache.
const ROWS: usize = 96;

impl DotKernel for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn call<S: Dots>(mut self, simd: S) {
        for first in (0..self.c.rows()).step_by(ROWS) {
            let rows = first..self.c.rows().min(first + ROWS);
            for column in (0..self.b.columns()).step_by(BLOCK) {
                match S::F32_LANES {
                    16 => self.block::<S, 1>(simd, rows.clone(), column),
                    8 => self.block::<S, 2>(simd, rows.clone(), column),
                    4 => self.block::<S, 4>(simd, rows.clone(), column),
                    _ => self.block::<S, 16>(simd, rows.clone(), column),
                }
            }
        }
    }
}

impl Product<'_> {
    /// A block of columns, `V` registers wide.
    #[inline(always)]
    fn block<S: Dots, const V: usize>(&mut self, simd: S, rows: Range<usize>, column: usize) {
        let (lines, _) = S::as_simd_u32s(self.b.block(column)).0.as_chunks::<V>();
        for v in 0..V {
            let first = column + v * S::F32_LANES;
            if first >= self.b.columns() {
                return;
            }
            let mut row = rows.start;
            while row + 8 <= rows.end {
                self.tile::<S, V, 8>(simd, (lines, v), (row, first));
                row += 8;
            }
            while row + 2 <= rows.end {
                self.tile::<S, V, 2>(simd, (lines, v), (row, first));
                row += 2;
            }
            if row < rows.end {
                self.tile::<S, V, 1>(simd, (lines, v), (row, first));
            }
        }
    }

    /// `R` rows and one register of columns.
    #[inline(always)]
    fn tile<S: Dots, const V: usize, const R: usize>(
        &mut self,
        simd: S,
        (lines, v): (&[[S::u32s; V]], usize),
        (row, first): (usize, usize),
    ) {
        let sums = sums_of::<S, V, R>(simd, (&self.a, row), (lines, v));
        let columns = part(first, self.b.columns(), simd);
        let scale = load(simd, &self.scales[columns.clone()]);
        let bias = load(simd, &self.biases[columns.clone()]);
        let stride = self.c.row_stride();
        for r in 0..R {
            let value = simd.mul_f32s(simd.to_f32s(sums[r]), scale);
            let line = &mut self.c.data_mut()[(row + r) * stride..][columns.clone()];
            store(simd, line, simd.add_f32s(value, bias));
        }
    }
}
