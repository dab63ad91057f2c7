//! Registers at the ends of rows.

use std::ops::Range;

use pulp::Simd;

/// The range of a register's columns, cut at the number of columns.
#[inline(always)]
pub(crate) fn part<S: Simd>(first: usize, columns: usize, _: S) -> Range<usize> {
    let first = first.min(columns);
    first..columns.min(first + S::F32_LANES)
}

/// Loads a register, with zeros after the last value.
#[inline(always)]
pub(crate) fn load<S: Simd>(simd: S, from: &[f32]) -> S::f32s {
    match S::as_simd_f32s(from).0.first() {
        Some(whole) => *whole,
        None => simd.partial_load_f32s(from),
    }
}

/// Stores as much of a register as there is room for.
#[inline(always)]
pub(crate) fn store<S: Simd>(simd: S, to: &mut [f32], value: S::f32s) {
    match S::as_mut_simd_f32s(to).0.first_mut() {
        Some(whole) => *whole = value,
        None => simd.partial_store_f32s(to, value),
    }
}
