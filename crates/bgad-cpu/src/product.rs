//! Products with matrices that are laid out for them.

use std::ops::Range;

use pulp::Simd;

use crate::arithmetic::MultiplyAdd;
use crate::instructions::{SimdKernel, dispatch};
use crate::panels::BLOCK;
use crate::register::{load, part, store};
use crate::{MatrixMut, Panels, Rows};

/// What a product is added to.
#[derive(Debug, Clone, Copy)]
pub enum Start<'a> {
    /// Nothing.
    Zero,
    /// What stands there already.
    Kept,
    /// The same row for all.
    Row(&'a [f32]),
    /// For each row one row of each of two tables, `[_, columns]`, by number.
    Gathered {
        /// The first table.
        first: &'a [f32],
        /// The second.
        second: &'a [f32],
        /// Which rows.
        rows: &'a [[u32; 2]],
    },
}

/// What is done to each element of a product in the end.
#[derive(Debug, Clone, Copy)]
pub enum Finish<'a> {
    /// Nothing.
    Nothing,
    /// `max(c, 0)`.
    Relu,
    /// Zero where the element at the same place, in rows as far apart as the product's, is not
    /// positive.
    WherePositive(&'a [f32]),
}

/// `c = finish(start + a · b)`. Each element is summed in the order of `a`'s columns, whatever the
/// number of rows.
///
/// # Panics
/// When the shapes don't fit, or `a`'s rows are not contiguous.
pub fn multiply_panels<'a>(
    a: impl Into<Rows<'a>>,
    b: &Panels,
    start: Start<'_>,
    finish: Finish<'_>,
    c: MatrixMut<'_>,
) {
    let a = a.into();
    let (rows, columns, stride) = (c.rows(), b.columns(), c.row_stride());
    assert!(
        a.strips * a.width == b.rows() && a.rows == rows && c.columns() == columns,
        "{}x{} times {}x{} into {}x{}",
        a.rows,
        a.strips * a.width,
        b.rows(),
        columns,
        rows,
        c.columns()
    );
    let fits = match start {
        Start::Zero | Start::Kept => true,
        Start::Row(row) => row.len() >= columns,
        Start::Gathered {
            first,
            second,
            rows: numbers,
        } => {
            let within = |table: &[f32], row: u32| (row as usize + 1) * columns <= table.len();
            numbers.len() == rows
                && numbers
                    .iter()
                    .all(|[i, j]| within(first, *i) && within(second, *j))
        }
    };
    assert!(fits, "what a product of {columns} columns starts from");
    if let Finish::WherePositive(mask) = finish {
        let reach = rows.saturating_sub(1) * stride + columns;
        assert!(rows == 0 || mask.len() >= reach, "a mask of {}", mask.len());
    }
    dispatch(Product {
        a,
        b,
        start,
        finish,
        c,
    });
}

struct Product<'a> {
    a: Rows<'a>,
    b: &'a Panels,
    start: Start<'a>,
    finish: Finish<'a>,
    c: MatrixMut<'a>,
}

impl SimdKernel for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn call<S: Simd, A: MultiplyAdd>(mut self, simd: S) {
        for first in (0..self.c.rows()).step_by(ROWS) {
            let rows = first..self.c.rows().min(first + ROWS);
            let mut column = 0;
            while column < self.b.columns() {
                let blocks = (self.b.columns() - column).div_ceil(BLOCK);
                // As many accumulators as registers hold beside the operands.
                let at = (rows.clone(), column);
                column += match S::F32_LANES {
                    16 => match blocks {
                        1 => self.panel::<S, 1, 1, 12>(simd, at),
                        2 | 4 => self.panel::<S, 1, 2, 12>(simd, at),
                        _ => self.panel::<S, 1, 3, 8>(simd, at),
                    },
                    8 => self.panel::<S, 2, 1, 6>(simd, at),
                    4 => self.panel::<S, 4, 1, 6>(simd, at),
                    _ => self.panel::<S, 16, 1, 1>(simd, at),
                };
            }
        }
    }
}

/// Rows that all panels see before the next ones are read, so that they stay in the cache: a multiple
/// of what every set takes at a time.
const ROWS: usize = 96;

impl Product<'_> {
    /// `B` blocks of columns, in `V` registers each, `R` rows at a time; gives the columns done.
    #[inline(always)]
    fn panel<S: Simd, const V: usize, const B: usize, const R: usize>(
        &mut self,
        simd: S,
        (rows, column): (Range<usize>, usize),
    ) -> usize {
        let blocks: [&[[S::f32s; V]]; B] = std::array::from_fn(|i| {
            let block = self.b.block(column + i * BLOCK);
            S::as_simd_f32s(block).0.as_chunks().0
        });
        // Nearly all blocks are whole; those need no look at where a row ends.
        match column + B * BLOCK <= self.b.columns() {
            true => self.tiles::<S, V, B, R, true>(simd, blocks, (rows, column)),
            false => self.tiles::<S, V, B, R, false>(simd, blocks, (rows, column)),
        }
        B * BLOCK
    }

    #[inline(always)]
    fn tiles<S: Simd, const V: usize, const B: usize, const R: usize, const WHOLE: bool>(
        &mut self,
        simd: S,
        blocks: [&[[S::f32s; V]]; B],
        (rows, column): (Range<usize>, usize),
    ) {
        let mut row = rows.start;
        while row + R <= rows.end {
            self.tile::<S, V, B, R, WHOLE>(simd, blocks, (row, column));
            row += R;
        }
        while row + 4 <= rows.end {
            self.tile::<S, V, B, 4, WHOLE>(simd, blocks, (row, column));
            row += 4;
        }
        while row < rows.end {
            self.tile::<S, V, B, 1, WHOLE>(simd, blocks, (row, column));
            row += 1;
        }
    }

    #[inline(always)]
    fn tile<S: Simd, const V: usize, const B: usize, const R: usize, const WHOLE: bool>(
        &mut self,
        simd: S,
        blocks: [&[[S::f32s; V]]; B],
        (row, column): (usize, usize),
    ) {
        let (columns, stride) = (self.b.columns(), self.c.row_stride());
        let read = |line: &[f32]| read::<S, V, B, WHOLE>(simd, line, column..columns);
        let start = match self.start {
            Start::Zero => [[[simd.splat_f32s(0.0); V]; B]; R],
            Start::Kept => std::array::from_fn(|r| read(&self.c.data()[(row + r) * stride..])),
            Start::Row(from) => [read(from); R],
            Start::Gathered {
                first,
                second,
                rows,
            } => std::array::from_fn(|r| {
                let [i, j] = rows[row + r].map(|i| i as usize * columns);
                let (mut sums, second) = (read(&first[i..]), read(&second[j..]));
                for b in 0..B {
                    for v in 0..V {
                        sums[b][v] = simd.add_f32s(sums[b][v], second[b][v]);
                    }
                }
                sums
            }),
        };

        // Without a loop where there is one strip: its sums would go through memory.
        if self.a.strips == 1 {
            let left: [&[f32]; R] = std::array::from_fn(|r| self.a.row(0, row + r));
            let sums = accumulate::<S, V, B, R>(simd, left, blocks, start);
            self.finish_tile::<S, V, B, R, WHOLE>(simd, (row, column), sums);
            return;
        }
        let mut sums = start;
        for strip in 0..self.a.strips {
            let width = self.a.width;
            let left: [&[f32]; R] = std::array::from_fn(|r| self.a.row(strip, row + r));
            let blocks = blocks.map(|block| &block[strip * width..][..width]);
            sums = accumulate::<S, V, B, R>(simd, left, blocks, sums);
        }
        self.finish_tile::<S, V, B, R, WHOLE>(simd, (row, column), sums);
    }

    /// Writes a tile's sums.
    #[inline(always)]
    fn finish_tile<S: Simd, const V: usize, const B: usize, const R: usize, const WHOLE: bool>(
        &mut self,
        simd: S,
        (row, column): (usize, usize),
        sums: [[[S::f32s; V]; B]; R],
    ) {
        let (columns, stride) = (self.b.columns(), self.c.row_stride());
        let zero = simd.splat_f32s(0.0);
        for r in 0..R {
            let (at, mut sums) = ((row + r) * stride, sums[r]);
            match self.finish {
                Finish::Nothing => {}
                Finish::Relu => {
                    // Plain loops: sums stay in registers.
                    #[allow(clippy::needless_range_loop)]
                    for b in 0..B {
                        for v in 0..V {
                            sums[b][v] = simd.max_f32s(sums[b][v], zero);
                        }
                    }
                }
                Finish::WherePositive(mask) => {
                    let mask = read::<S, V, B, WHOLE>(simd, &mask[at..], column..columns);
                    for b in 0..B {
                        for v in 0..V {
                            let positive = simd.less_than_f32s(zero, mask[b][v]);
                            sums[b][v] = simd.select_f32s(positive, sums[b][v], zero);
                        }
                    }
                }
            }
            let line = &mut self.c.data_mut()[at..];
            write::<S, V, B, WHOLE>(simd, line, column..columns, sums);
        }
    }
}

/// `B` blocks of a line from `columns.start` on; zeros from `columns.end` on, which lies beyond them
/// where they are `WHOLE`.
#[inline(always)]
fn read<S: Simd, const V: usize, const B: usize, const WHOLE: bool>(
    simd: S,
    line: &[f32],
    columns: Range<usize>,
) -> [[S::f32s; V]; B] {
    if WHOLE {
        let (registers, _) = S::as_simd_f32s(&line[columns.start..][..B * BLOCK]);
        return std::array::from_fn(|b| std::array::from_fn(|v| registers[b * V + v]));
    }
    let part = |b, v| {
        part(
            columns.start + b * BLOCK + v * S::F32_LANES,
            columns.end,
            simd,
        )
    };
    std::array::from_fn(|b| std::array::from_fn(|v| load(simd, &line[part(b, v)])))
}

/// The other way round; nothing is written from `columns.end` on.
#[inline(always)]
fn write<S: Simd, const V: usize, const B: usize, const WHOLE: bool>(
    simd: S,
    line: &mut [f32],
    columns: Range<usize>,
    sums: [[S::f32s; V]; B],
) {
    if WHOLE {
        let (registers, _) = S::as_mut_simd_f32s(&mut line[columns.start..][..B * BLOCK]);
        for b in 0..B {
            for v in 0..V {
                registers[b * V + v] = sums[b][v];
            }
        }
        return;
    }
    let part = |b, v| {
        part(
            columns.start + b * BLOCK + v * S::F32_LANES,
            columns.end,
            simd,
        )
    };
    for (b, sums) in sums.iter().enumerate() {
        for (v, sum) in sums.iter().enumerate() {
            store(simd, &mut line[part(b, v)], *sum);
        }
    }
}

/// `start + left · blocks`. A function of its own: its sums stay in registers.
#[inline(always)]
fn accumulate<S: Simd, const V: usize, const B: usize, const R: usize>(
    simd: S,
    left: [&[f32]; R],
    blocks: [&[[S::f32s; V]]; B],
    start: [[[S::f32s; V]; B]; R],
) -> [[[S::f32s; V]; B]; R] {
    let mut sums = start;
    let depth = blocks[0].len();
    let blocks = blocks.map(|block| block[..depth].as_chunks::<STEP>());
    let left = left.map(|row| row[..depth].as_chunks::<STEP>());
    for step in 0..depth / STEP {
        let left: [&[f32; STEP]; R] = std::array::from_fn(|r| &left[r].0[step]);
        let right: [&[[S::f32s; V]; STEP]; B] = std::array::from_fn(|b| &blocks[b].0[step]);
        for k in 0..STEP {
            add_product::<S, V, B, R>(simd, left.map(|l| l[k]), right.map(|r| r[k]), &mut sums);
        }
    }
    for k in 0..depth % STEP {
        let left = std::array::from_fn(|r| left[r].1[k]);
        let right = std::array::from_fn(|b| blocks[b].1[k]);
        add_product::<S, V, B, R>(simd, left, right, &mut sums);
    }
    sums
}

/// Columns of the left side that are taken in one go, without a look at lengths in between.
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
