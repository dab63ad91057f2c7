//! Sums of products of bytes, in registers.
//!
//! Plain loops keep the sums in registers, as in `tile`.
#![allow(clippy::needless_range_loop)]

use pulp::Simd;

use crate::Rows;
use crate::byte_panels::QUAD;
use crate::dots::{Dots, GROUP};
use crate::panels::BLOCK;

/// Rows that are multiplied with all columns before the next rows are read, so that they stay in the cache.
pub(crate) const ROWS: usize = 96;

/// The offset of each of these rows.
#[inline(always)]
pub(crate) fn starts(a: &Rows<'_, u8>, rows: std::ops::Range<usize>) -> [usize; ROWS] {
    let mut starts = [0; ROWS];
    for (start, row) in starts.iter_mut().zip(rows) {
        *start = a.start(row);
    }
    starts
}

/// Bytes of the right operand that fit in the L1 cache beside a few rows of the left one.
const CACHED: usize = 20 << 10;

/// How many of the `left` remaining blocks of columns to multiply at once, with registers of `lanes` columns: as
/// many as have room for their sums in registers beside one row of the left operand.
#[inline(always)]
pub(crate) fn blocks_at_once(lanes: usize, left: usize, depth: usize) -> usize {
    let three = lanes >= 8 && left >= 3 && left != 4 && 3 * BLOCK * depth <= CACHED;
    match (three, lanes >= 8 && left >= 2) {
        (true, _) => 3,
        (_, true) => 2,
        _ => 1,
    }
}

/// The products of `R` rows of `a`, which begin at `starts`, with `blocks`, each `[rows / 4][V]`.
///
/// Each row's bytes are broadcast once for all blocks; the blocks' registers are read from memory.
#[inline(always)]
pub(crate) fn sums_of<S: Dots, const V: usize, const B: usize, const R: usize>(
    simd: S,
    (a, starts): (&Rows<'_, u8>, &[usize]),
    blocks: [&[[S::u32s; V]]; B],
) -> [[[S::i32s; V]; B]; R] {
    let mut sums: [[[S::i32s; V]; B]; R] = [[[pulp::cast(simd.splat_u32s(0)); V]; B]; R];
    let length = a.width / QUAD;
    for strip in 0..a.strips {
        let mut left: [&[[u8; QUAD]]; R] = [&[]; R];
        for r in 0..R {
            left[r] = a.row_from(strip, starts[r]).as_chunks().0;
        }
        let mut lines = blocks;
        for b in 0..B {
            lines[b] = &blocks[b][strip * length..][..length];
        }
        sums = accumulate::<S, V, B, R>(simd, left, lines, sums);
    }
    sums
}

/// Adds the products of `R` rows of one strip.
#[inline(always)]
fn accumulate<S: Dots, const V: usize, const B: usize, const R: usize>(
    simd: S,
    left: [&[[u8; QUAD]]; R],
    blocks: [&[[S::u32s; V]]; B],
    start: [[[S::i32s; V]; B]; R],
) -> [[[S::i32s; V]; B]; R] {
    let mut sums = start;
    let length = blocks[0].len();
    let mut left_groups: [&[[[u8; QUAD]; GROUP]]; R] = [&[]; R];
    let mut left_rest: [&[[u8; QUAD]]; R] = [&[]; R];
    for r in 0..R {
        (left_groups[r], left_rest[r]) = left[r][..length].as_chunks();
    }
    let mut groups: [&[[[S::u32s; V]; GROUP]]; B] = [&[]; B];
    let mut rest: [&[[S::u32s; V]]; B] = [&[]; B];
    for b in 0..B {
        (groups[b], rest[b]) = blocks[b][..length].as_chunks();
    }
    for g in 0..length / GROUP {
        for r in 0..R {
            let quads = &left_groups[r][g];
            let mut values = [splat(simd, quads[0]); GROUP];
            for n in 1..GROUP {
                values[n] = splat(simd, quads[n]);
            }
            for b in 0..B {
                let lines = &groups[b][g];
                for v in 0..V {
                    let mut right = [lines[0][v]; GROUP];
                    for n in 1..GROUP {
                        right[n] = lines[n][v];
                    }
                    sums[r][b][v] = simd.add_dots(sums[r][b][v], values, right);
                }
            }
        }
    }
    for q in 0..length % GROUP {
        for r in 0..R {
            let value = splat(simd, left_rest[r][q]);
            for b in 0..B {
                for v in 0..V {
                    sums[r][b][v] = simd.add_dots(sums[r][b][v], [value], [rest[b][q][v]]);
                }
            }
        }
    }
    sums
}

#[inline(always)]
fn splat<S: Simd>(simd: S, quad: [u8; QUAD]) -> S::u32s {
    simd.splat_u32s(u32::from_le_bytes(quad))
}
