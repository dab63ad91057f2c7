//! Sums of products of bytes, in registers.
//!
//! Plain loops, as in `tile`: sums stay in registers.
#![allow(clippy::needless_range_loop)]

use pulp::Simd;

use crate::Rows;
use crate::byte_panels::QUAD;
use crate::dots::{Dots, GROUP};

/// The products of `R` rows of `a` from `row` on with register `v` of a block's `lines`, `[rows / 4][V]`.
#[inline(always)]
pub(crate) fn sums_of<S: Dots, const V: usize, const R: usize>(
    simd: S,
    (a, row): (&Rows<'_, u8>, usize),
    (lines, v): (&[[S::u32s; V]], usize),
) -> [S::i32s; R] {
    let mut sums: [S::i32s; R] = [pulp::cast(simd.splat_u32s(0)); R];
    let length = a.width / QUAD;
    for strip in 0..a.strips {
        let mut left: [&[[u8; QUAD]]; R] = [&[]; R];
        for r in 0..R {
            left[r] = a.row(strip, row + r).as_chunks().0;
        }
        let lines = &lines[strip * length..][..length];
        sums = accumulate::<S, V, R>(simd, left, (lines, v), sums);
    }
    sums
}

/// Adds the products of `R` rows of one strip with a register of columns.
#[inline(always)]
fn accumulate<S: Dots, const V: usize, const R: usize>(
    simd: S,
    left: [&[[u8; QUAD]]; R],
    (lines, v): (&[[S::u32s; V]], usize),
    start: [S::i32s; R],
) -> [S::i32s; R] {
    let mut sums = start;
    let (groups, rest) = lines.as_chunks::<GROUP>();
    let mut left_groups: [&[[[u8; QUAD]; GROUP]]; R] = [&[]; R];
    let mut left_rest: [&[[u8; QUAD]]; R] = [&[]; R];
    for r in 0..R {
        (left_groups[r], left_rest[r]) = left[r][..lines.len()].as_chunks();
    }
    for g in 0..groups.len() {
        let mut right = [groups[g][0][v]; GROUP];
        for n in 1..GROUP {
            right[n] = groups[g][n][v];
        }
        for r in 0..R {
            let quads = &left_groups[r][g];
            let mut values = [splat(simd, quads[0]); GROUP];
            for n in 1..GROUP {
                values[n] = splat(simd, quads[n]);
            }
            sums[r] = simd.add_dots(sums[r], values, right);
        }
    }
    for q in 0..rest.len() {
        for r in 0..R {
            let value = splat(simd, left_rest[r][q]);
            sums[r] = simd.add_dots(sums[r], [value], [rest[q][v]]);
        }
    }
    sums
}

#[inline(always)]
fn splat<S: Simd>(simd: S, quad: [u8; QUAD]) -> S::u32s {
    simd.splat_u32s(u32::from_le_bytes(quad))
}
