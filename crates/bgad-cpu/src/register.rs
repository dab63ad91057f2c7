//! Registers at the ends of rows.

use std::ops::Range;

use pulp::Simd;

/// Of the columns of a register those that exist.
#[inline(always)]
pub(crate) fn part<S: Simd>(first: usize, columns: usize, _: S) -> Range<usize> {
    let first = first.min(columns);
    first..columns.min(first + S::F32_LANES)
}

/// A register from as many values as there are, zeros after them.
#[inline(always)]
pub(crate) fn load<S: Simd>(simd: S, from: &[f32]) -> S::f32s {
    match S::as_simd_f32s(from).0.first() {
        Some(whole) => *whole,
        None => simd.partial_load_f32s(from),
    }
}

/// As much of a register as there is room for.
#[inline(always)]
pub(crate) fn store<S: Simd>(simd: S, to: &mut [f32], value: S::f32s) {
    match S::as_mut_simd_f32s(to).0.first_mut() {
        Some(whole) => *whole = value,
        None => simd.partial_store_f32s(to, value),
    }
}
