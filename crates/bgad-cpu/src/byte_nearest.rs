//! The distance from each row of bytes to the nearest column.
#![allow(clippy::needless_range_loop)] // plain loops, as in tile.rs: sums stay in registers

use crate::byte_tile::{ROWS, blocks_at_once, starts, sums_of};
use crate::dots::Dots;
use crate::instructions::{DotKernel, dispatch_dots};
use crate::panels::BLOCK;
use crate::{BytePanels, Rows};

/// The constants of each column in [`least_of_rows`].
#[derive(Debug, Clone, Copy)]
pub struct ByteDistances<'a> {
    /// Factor of the integer product.
    pub scales: &'a [f32],
    /// Added to the scaled product.
    pub biases: &'a [f32],
    /// Added to the result after it is multiplied by the row's factor; infinity excludes the column.
    pub starts: &'a [f32],
}

/// `least[r] = min over c of (starts[c] + factors[r] · (scales[c] · (a · b)[r, c] + biases[c]))`.
///
/// Only the minimum is stored. Integer sums are exact, and every instruction set gives the same bits. The
/// values of `a` must not exceed 127.
///
/// # Panics
/// If the shapes don't fit.
pub fn least_of_rows(
    a: Rows<'_, u8>,
    b: &BytePanels,
    of_columns: ByteDistances<'_>,
    factors: &[f32],
    least: &mut [f32],
) {
    assert_eq!(least.len(), a.rows, "minima and rows");
    let mut of_lanes = vec![f32::INFINITY; least.len() * BLOCK];
    least_of_lanes(a, b, of_columns, factors, &mut of_lanes);
    let (of_lanes, _) = of_lanes.as_chunks::<BLOCK>();
    for (least, lanes) in least.iter_mut().zip(of_lanes) {
        *least = lanes.iter().copied().fold(f32::INFINITY, f32::min);
    }
}

/// The same, but with minima over every 16th column only: `least`, `[rows, 16]`, is lowered to those over the
/// columns `l`, `l + 16`, ….
///
/// # Panics
/// If the shapes don't fit.
pub(crate) fn least_of_lanes(
    a: Rows<'_, u8>,
    b: &BytePanels,
    of_columns: ByteDistances<'_>,
    factors: &[f32],
    least: &mut [f32],
) {
    let ByteDistances {
        scales,
        biases,
        starts,
    } = of_columns;
    let columns = b.columns();
    assert!(
        a.strips * a.width == b.rows()
            && a.width == b.strip()
            && [scales.len(), biases.len(), starts.len()] == [columns; 3]
            && [factors.len() * BLOCK, least.len()] == [a.rows * BLOCK; 2],
        "{} rows of {} to {}x{columns}",
        a.rows,
        a.strips * a.width,
        b.rows(),
    );
    dispatch_dots(Nearest {
        a,
        b,
        of_columns,
        factors,
        least,
    });
}

struct Nearest<'a> {
    a: Rows<'a, u8>,
    b: &'a BytePanels,
    of_columns: ByteDistances<'a>,
    factors: &'a [f32],
    /// `[rows, 16]`.
    least: &'a mut [f32],
}

impl DotKernel for Nearest<'_> {
    type Output = ();

    #[inline(always)]
    fn call<S: Dots>(mut self, simd: S) {
        for first in (0..self.a.rows).step_by(ROWS) {
            let rows = first..self.a.rows.min(first + ROWS);
            let starts = starts(&self.a, rows.clone());
            let starts = &starts[..rows.len()];
            let mut column = 0;
            while column < self.b.columns() {
                let left = (self.b.columns() - column).div_ceil(BLOCK);
                let blocks = blocks_at_once(S::F32_LANES, left, self.b.rows());
                let of_rows = (starts, first);
                match (S::F32_LANES, blocks) {
                    (16, 3) => self.tiles::<S, 1, 3, 4>(simd, of_rows, column),
                    (16, 2) => self.tiles::<S, 1, 2, 6>(simd, of_rows, column),
                    (16, _) => self.tiles::<S, 1, 1, 8>(simd, of_rows, column),
                    (8, 3) => self.tiles::<S, 2, 3, 1>(simd, of_rows, column),
                    (8, 2) => self.tiles::<S, 2, 2, 1>(simd, of_rows, column),
                    (8, _) => self.tiles::<S, 2, 1, 3>(simd, of_rows, column),
                    (4, _) => self.tiles::<S, 4, 1, 2>(simd, of_rows, column),
                    _ => self.tiles::<S, 16, 1, 1>(simd, of_rows, column),
                }
                column += blocks * BLOCK;
            }
        }
    }
}

impl Nearest<'_> {
    /// Processes `B` blocks of columns, `V` registers each, `R` rows at a time.
    #[inline(always)]
    fn tiles<S: Dots, const V: usize, const B: usize, const R: usize>(
        &mut self,
        simd: S,
        (starts, first): (&[usize], usize),
        column: usize,
    ) {
        let mut blocks: [&[[S::u32s; V]]; B] = [&[]; B];
        let mut constants = [[[simd.splat_f32s(0.0); 3]; V]; B];
        for b in 0..B {
            let block = self.b.block(column + b * BLOCK);
            blocks[b] = S::as_simd_u32s(block).0.as_chunks().0;
            for v in 0..V {
                let first = column + b * BLOCK + v * S::F32_LANES;
                constants[b][v] = self.constants(simd, first);
            }
        }
        let mut row = 0;
        while row + R <= starts.len() {
            let starts = &starts[row..row + R];
            self.tile::<S, V, B, R>(simd, blocks, (starts, first + row), &constants);
            row += R;
        }
        while row < starts.len() {
            let starts = &starts[row..=row];
            self.tile::<S, V, B, 1>(simd, blocks, (starts, first + row), &constants);
            row += 1;
        }
    }

    /// Scales, biases and starts for a register of columns; infinite starts beyond the last column, so that
    /// padding is never nearest.
    #[inline(always)]
    fn constants<S: Dots>(&self, simd: S, first: usize) -> [S::f32s; 3] {
        let ByteDistances {
            scales,
            biases,
            starts,
        } = self.of_columns;
        let mut constants = [simd.splat_f32s(0.0); 3];
        constants[2] = simd.splat_f32s(f32::INFINITY);
        for (constant, values) in constants.iter_mut().zip([scales, biases, starts]) {
            let values = &values[first.min(values.len())..values.len().min(first + S::F32_LANES)];
            if values.len() == S::F32_LANES {
                *constant = crate::register::load(simd, values);
                continue;
            }
            let mut lanes = [*constant];
            pulp::bytemuck::cast_slice_mut(&mut lanes)[..values.len()].copy_from_slice(values);
            [*constant] = lanes;
        }
        constants
    }

    #[inline(always)]
    fn tile<S: Dots, const V: usize, const B: usize, const R: usize>(
        &mut self,
        simd: S,
        blocks: [&[[S::u32s; V]]; B],
        (starts, row): (&[usize], usize),
        constants: &[[[S::f32s; 3]; V]; B],
    ) {
        let sums = sums_of::<S, V, B, R>(simd, (&self.a, starts), blocks);
        for r in 0..R {
            let factor = simd.splat_f32s(self.factors[row + r]);
            let least = &mut self.least[(row + r) * BLOCK..][..BLOCK];
            let least = S::as_mut_simd_f32s(least).0;
            for b in 0..B {
                for v in 0..V {
                    let [scales, biases, starts] = constants[b][v];
                    let product = simd.mul_f32s(simd.to_f32s(sums[r][b][v]), scales);
                    let product = simd.add_f32s(product, biases);
                    let distance = simd.add_f32s(starts, simd.mul_f32s(product, factor));
                    least[v] = simd.min_f32s(distance, least[v]);
                }
            }
        }
    }
}
