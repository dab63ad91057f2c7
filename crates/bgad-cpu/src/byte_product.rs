//! Products of bytes.
#![allow(clippy::needless_range_loop)] // plain loops, as in tile.rs: sums stay in registers

use crate::byte_tile::{ROWS, blocks_at_once, starts, sums_of};
use crate::dots::Dots;
use crate::instructions::{DotKernel, dispatch_dots};
use crate::panels::BLOCK;
use crate::register::{load, part, store};
use crate::{BytePanels, MatrixMut, Rows};

/// `c = scales · (a · b) + biases`, with a scale and a bias for each column. The values of `a` must not exceed
/// 127. Integer sums are exact, and every instruction set gives the same bits.
///
/// # Panics
/// If the shapes don't fit.
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

impl DotKernel for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn call<S: Dots>(mut self, simd: S) {
        for first in (0..self.c.rows()).step_by(ROWS) {
            let rows = first..self.c.rows().min(first + ROWS);
            let starts = starts(&self.a, rows.clone());
            let starts = &starts[..rows.len()];
            let mut column = 0;
            while column < self.b.columns() {
                let left = (self.b.columns() - column).div_ceil(BLOCK);
                let blocks = blocks_at_once(S::F32_LANES, left, self.b.rows());
                let at = (first, column);
                match (S::F32_LANES, blocks) {
                    (16, 3) => self.tiles::<S, 1, 3, 4>(simd, starts, at),
                    (16, 2) => self.tiles::<S, 1, 2, 6>(simd, starts, at),
                    (16, _) => self.tiles::<S, 1, 1, 8>(simd, starts, at),
                    (8, 3) => self.tiles::<S, 2, 3, 1>(simd, starts, at),
                    (8, 2) => self.tiles::<S, 2, 2, 1>(simd, starts, at),
                    (8, _) => self.tiles::<S, 2, 1, 3>(simd, starts, at),
                    (4, _) => self.tiles::<S, 4, 1, 2>(simd, starts, at),
                    _ => self.tiles::<S, 16, 1, 1>(simd, starts, at),
                }
                column += blocks * BLOCK;
            }
        }
    }
}

impl Product<'_> {
    /// Processes `B` blocks of columns, `V` registers each, `R` rows at a time.
    #[inline(always)]
    fn tiles<S: Dots, const V: usize, const B: usize, const R: usize>(
        &mut self,
        simd: S,
        starts: &[usize],
        (first, column): (usize, usize),
    ) {
        let mut blocks: [&[[S::u32s; V]]; B] = [&[]; B];
        for b in 0..B {
            let block = self.b.block(column + b * BLOCK);
            blocks[b] = S::as_simd_u32s(block).0.as_chunks().0;
        }
        let mut row = 0;
        while row + R <= starts.len() {
            let starts = &starts[row..row + R];
            self.tile::<S, V, B, R>(simd, blocks, starts, (first + row, column));
            row += R;
        }
        while row < starts.len() {
            let starts = &starts[row..=row];
            self.tile::<S, V, B, 1>(simd, blocks, starts, (first + row, column));
            row += 1;
        }
    }

    #[inline(always)]
    fn tile<S: Dots, const V: usize, const B: usize, const R: usize>(
        &mut self,
        simd: S,
        blocks: [&[[S::u32s; V]]; B],
        starts: &[usize],
        (row, column): (usize, usize),
    ) {
        let sums = sums_of::<S, V, B, R>(simd, (&self.a, starts), blocks);
        let (columns, stride) = (self.b.columns(), self.c.row_stride());
        for b in 0..B {
            for v in 0..V {
                let first = column + b * BLOCK + v * S::F32_LANES;
                let columns = part(first, columns, simd);
                let scale = load(simd, &self.scales[columns.clone()]);
                let bias = load(simd, &self.biases[columns.clone()]);
                for r in 0..R {
                    let value = simd.mul_f32s(simd.to_f32s(sums[r][b][v]), scale);
                    let line = &mut self.c.data_mut()[(row + r) * stride..][columns.clone()];
                    store(simd, line, simd.add_f32s(value, bias));
                }
            }
        }
    }
}
