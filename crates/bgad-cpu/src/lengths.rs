//! Squared lengths and distances, in an order that is the same under every instruction set.
#![allow(clippy::needless_range_loop)] // plain loops, as in tile.rs: sums stay in registers

use pulp::Simd;

use crate::arithmetic::MultiplyAdd;
use crate::instructions::{SimdKernel, dispatch};

/// Sums side by side.
const LANES: usize = 32;

/// The squared length of each of `rows`, `[rows, dimension]`.
pub fn squares(rows: &[f32], dimension: usize) -> Vec<f32> {
    let mut squares = vec![0.0; rows.len() / dimension];
    dispatch(Squares {
        rows,
        dimension,
        squares: &mut squares,
    });
    squares
}

struct Squares<'a> {
    rows: &'a [f32],
    dimension: usize,
    squares: &'a mut [f32],
}

impl SimdKernel for Squares<'_> {
    type Output = ();

    #[inline(always)]
    fn call<S: Simd, A: MultiplyAdd>(self, simd: S) {
        let rows = self.rows.chunks_exact(self.dimension);
        for (square, row) in self.squares.iter_mut().zip(rows) {
            *square = sum::<S, Product>(simd, row, row);
        }
    }
}

/// The squared distance between two vectors, inside a kernel.
#[inline(always)]
pub(crate) fn squared_distance<S: Simd>(simd: S, a: &[f32], b: &[f32]) -> f32 {
    sum::<S, SquaredDifference>(simd, a, b)
}

/// What is summed over pairs.
trait Term {
    fn of(a: f32, b: f32) -> f32;
    fn of_registers<S: Simd>(simd: S, a: S::f32s, b: S::f32s) -> S::f32s;
}

struct Product;

impl Term for Product {
    #[inline(always)]
    fn of(a: f32, b: f32) -> f32 {
        a * b
    }

    #[inline(always)]
    fn of_registers<S: Simd>(simd: S, a: S::f32s, b: S::f32s) -> S::f32s {
        simd.mul_f32s(a, b)
    }
}

struct SquaredDifference;

impl Term for SquaredDifference {
    #[inline(always)]
    fn of(a: f32, b: f32) -> f32 {
        (a - b) * (a - b)
    }

    #[inline(always)]
    fn of_registers<S: Simd>(simd: S, a: S::f32s, b: S::f32s) -> S::f32s {
        let difference = simd.sub_f32s(a, b);
        simd.mul_f32s(difference, difference)
    }
}

/// The sum of terms. On registers, because the compiler would take two sums to a register.
#[inline(always)]
fn sum<S: Simd, T: Term>(simd: S, a: &[f32], b: &[f32]) -> f32 {
    match S::F32_LANES {
        16 => sum_in::<S, T, 2>(simd, a, b),
        8 => sum_in::<S, T, 4>(simd, a, b),
        4 => sum_in::<S, T, 8>(simd, a, b),
        _ => sum_in::<S, T, LANES>(simd, a, b),
    }
}

/// The same with `V` registers of sums.
#[inline(always)]
fn sum_in<S: Simd, T: Term, const V: usize>(simd: S, a: &[f32], b: &[f32]) -> f32 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut sums = [simd.splat_f32s(0.0); V];
    for (a, b) in a.iter().zip(b) {
        let (a, b) = (S::as_simd_f32s(a).0, S::as_simd_f32s(b).0);
        for v in 0..V {
            sums[v] = simd.add_f32s(sums[v], T::of_registers(simd, a[v], b[v]));
        }
    }
    let mut lanes = [0.0; LANES];
    for (lanes, sum) in S::as_mut_simd_f32s(&mut lanes).0.iter_mut().zip(sums) {
        *lanes = sum;
    }
    let mut width = LANES;
    while width > 1 {
        width /= 2;
        for lane in 0..width {
            lanes[lane] += lanes[lane + width];
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| T::of(*a, *b)).sum();
    lanes[0] + rest
}
