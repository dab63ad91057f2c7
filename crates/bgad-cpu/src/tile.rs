//! A tile of a product, in registers.
//!
//! Loops instead of closures: the compiler turns some closures into functions, which are compiled for the
//! plain target and called for each register.
#![allow(clippy::needless_range_loop)]

use std::ops::Range;

use pulp::Simd;

use crate::panels::BLOCK;
use crate::register::{load, part, store};

/// Reads `B` blocks of a line from `columns.start`, `V` registers each, with zeros from `columns.end` on. With
/// `WHOLE`, all registers end before `columns.end`.
#[inline(always)]
pub(crate) fn read<S: Simd, const V: usize, const B: usize, const WHOLE: bool>(
    simd: S,
    line: &[f32],
    columns: Range<usize>,
) -> [[S::f32s; V]; B] {
    let mut values = [[simd.splat_f32s(0.0); V]; B];
    if WHOLE {
        let (registers, _) = S::as_simd_f32s(&line[columns.start..][..B * V * S::F32_LANES]);
        for b in 0..B {
            for v in 0..V {
                values[b][v] = registers[b * V + v];
            }
        }
        return values;
    }
    for (b, values) in values.iter_mut().enumerate() {
        for (v, value) in values.iter_mut().enumerate() {
            let first = columns.start + b * BLOCK + v * S::F32_LANES;
            *value = load(simd, &line[part(first, columns.end, simd)]);
        }
    }
    values
}

/// Writes `B` blocks to a line from `columns.start`, `V` registers each, but nothing from `columns.end` on.
#[inline(always)]
pub(crate) fn write<S: Simd, const V: usize, const B: usize, const WHOLE: bool>(
    simd: S,
    line: &mut [f32],
    columns: Range<usize>,
    sums: [[S::f32s; V]; B],
) {
    if WHOLE {
        let end = columns.start + B * V * S::F32_LANES;
        let (registers, _) = S::as_mut_simd_f32s(&mut line[columns.start..end]);
        for b in 0..B {
            for v in 0..V {
                registers[b * V + v] = sums[b][v];
            }
        }
        return;
    }
    for (b, sums) in sums.iter().enumerate() {
        for (v, sum) in sums.iter().enumerate() {
            let first = columns.start + b * BLOCK + v * S::F32_LANES;
            store(simd, &mut line[part(first, columns.end, simd)], *sum);
        }
    }
}

/// `start + left · blocks`, where a line of a block has `L` registers, of which the first `V` are used. A separate
/// function, so that its sums stay in registers.
#[inline(always)]
pub(crate) fn accumulate<
    S: Simd,
    const L: usize,
    const V: usize,
    const B: usize,
    const R: usize,
>(
    simd: S,
    left: [&[f32]; R],
    blocks: [&[[S::f32s; L]]; B],
    start: [[[S::f32s; V]; B]; R],
) -> [[[S::f32s; V]; B]; R] {
    let (mut sums, mut right) = (start, [[simd.splat_f32s(0.0); V]; B]);
    let depth = blocks[0].len();
    let (mut left_steps, mut left_rest): ([&[[f32; STEP]]; R], [&[f32]; R]) = ([&[]; R], [&[]; R]);
    for r in 0..R {
        (left_steps[r], left_rest[r]) = left[r][..depth].as_chunks();
    }
    let (mut steps, mut rest) = (
        [&[] as &[[[S::f32s; L]; STEP]]; B],
        [&[] as &[[S::f32s; L]]; B],
    );
    for b in 0..B {
        (steps[b], rest[b]) = blocks[b][..depth].as_chunks();
    }
    let mut values = [0.0; R];
    for step in 0..depth / STEP {
        for k in 0..STEP {
            for r in 0..R {
                values[r] = left_steps[r][step][k];
            }
            for b in 0..B {
                right[b].copy_from_slice(&steps[b][step][k][..V]);
            }
            add_product::<S, V, B, R>(simd, values, right, &mut sums);
        }
    }
    for k in 0..depth % STEP {
        for r in 0..R {
            values[r] = left_rest[r][k];
        }
        for b in 0..B {
            right[b].copy_from_slice(&rest[b][k][..V]);
        }
        add_product::<S, V, B, R>(simd, values, right, &mut sums);
    }
    sums
}

/// Columns of the left operand between two length checks.
const STEP: usize = 4;

#[inline(always)]
fn add_product<S: Simd, const V: usize, const B: usize, const R: usize>(
    simd: S,
    left: [f32; R],
    right: [[S::f32s; V]; B],
    sums: &mut [[[S::f32s; V]; B]; R],
) {
    for r in 0..R {
        let value = simd.splat_f32s(left[r]);
        for b in 0..B {
            for v in 0..V {
                sums[r][b][v] = simd.mul_add_e_f32s(value, right[b][v], sums[r][b][v]);
            }
        }
    }
}
