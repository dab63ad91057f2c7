//! The nearest of many rows of bytes.
#![allow(clippy::needless_range_loop)] // plain loops, as in tile.rs: sums stay in registers

use crate::byte_tile::sums_of;
use crate::dots::Dots;
use crate::instructions::{DotKernel, dispatch_dots};
use crate::panels::BLOCK;
use crate::{BytePanels, Rows};

/// What [`least_of_rows`] computes of each column.
#[derive(Debug, Clone, Copy)]
pub struct ByteDistances<'a> {
    /// Multiplies a product.
    pub scales: &'a [f32],
    /// Added to it then.
    pub biases: &'a [f32],
    /// What the product is added to, times the row's factor; infinity leaves a column out.
    pub starts: &'a [f32],
}

/// `least[r] = min over c of (starts[c] + factors[r] · (scales[c] · (a · b)[r, c] + biases[c]))`, in which
/// nothing but the least is kept. Sums are exact, and every set of instructions gives the same bits; the
/// values of `a` must not exceed 127.
///
/// # Panics
/// When the shapes don't fit.
pub fn least_of_rows(
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
            && [factors.len(), least.len()] == [a.rows; 2],
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
    least: &'a mut [f32],
}

/// Rows that all columns see before the next ones are read, so that they stay in the cache.
const ROWS: usize = 64;

impl DotKernel for Nearest<'_> {
    type Output = ();

    #[inline(always)]
    fn call<S: Dots>(self, simd: S) {
        match S::F32_LANES {
            16 => self.run::<S, 1>(simd),
            8 => self.run::<S, 2>(simd),
            4 => self.run::<S, 4>(simd),
            _ => self.run::<S, 16>(simd),
        }
    }
}

impl Nearest<'_> {
    /// With blocks of columns `V` registers wide.
    #[inline(always)]
    fn run<S: Dots, const V: usize>(mut self, simd: S) {
        let columns = self.b.columns();
        for first in (0..self.a.rows).step_by(ROWS) {
            let rows = first..self.a.rows.min(first + ROWS);
            let mut least = [simd.splat_f32s(f32::INFINITY); ROWS];
            for column in (0..columns).step_by(BLOCK) {
                let (lines, _) = S::as_simd_u32s(self.b.block(column)).0.as_chunks::<V>();
                for v in 0..V {
                    let first = column + v * S::F32_LANES;
                    if first >= columns {
                        break;
                    }
                    let constants = self.constants(simd, first);
                    let mut row = rows.start;
                    while row + 8 <= rows.end {
                        let least = &mut least[row - rows.start..];
                        self.tile::<S, V, 8>(simd, (lines, v), row, constants, least);
                        row += 8;
                    }
                    while row < rows.end {
                        let least = &mut least[row - rows.start..];
                        self.tile::<S, V, 1>(simd, (lines, v), row, constants, least);
                        row += 1;
                    }
                }
            }
            for (row, least) in rows.zip(least) {
                let lanes = [least];
                let lanes: &[f32] = pulp::bytemuck::cast_slice(&lanes);
                let smallest = lanes.iter().copied().fold(f32::INFINITY, f32::min);
                self.least[row] = smallest;
            }
        }
    }

    /// Scales, biases and starts of a register of columns; nothing beyond the columns is nearest.
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
            let values = &values[first..values.len().min(first + S::F32_LANES)];
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
    fn tile<S: Dots, const V: usize, const R: usize>(
        &self,
        simd: S,
        of_block: (&[[S::u32s; V]], usize),
        row: usize,
        [scales, biases, starts]: [S::f32s; 3],
        least: &mut [S::f32s],
    ) {
        let sums = sums_of::<S, V, R>(simd, (&self.a, row), of_block);
        for r in 0..R {
            let product = simd.mul_f32s(simd.to_f32s(sums[r]), scales);
            let product = simd.add_f32s(product, biases);
            let factor = simd.splat_f32s(self.factors[row + r]);
            let distance = simd.add_f32s(starts, simd.mul_f32s(product, factor));
            let less = simd.less_than_f32s(distance, least[r]);
            least[r] = simd.select_f32s(less, distance, least[r]);
        }
    }
}
