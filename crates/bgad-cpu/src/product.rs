//! Products with matrices that are laid out for them.

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
        let mut column = 0;
        while column < self.b.columns() {
            let blocks = (self.b.columns() - column).div_ceil(BLOCK);
            // As many accumulators as registers hold beside the operands.
            let taken = match S::F32_LANES {
                16 => match blocks {
                    1 => self.panel::<S, 1, 1, 12>(simd, column),
                    2 | 4 => self.panel::<S, 1, 2, 12>(simd, column),
                    _ => self.panel::<S, 1, 3, 8>(simd, column),
                },
                8 => self.panel::<S, 2, 1, 6>(simd, column),
                4 => self.panel::<S, 4, 1, 6>(simd, column),
                _ => self.panel::<S, 16, 1, 1>(simd, column),
            };
            column += taken;
        }
    }
}

impl Product<'_> {
    /// `B` blocks of columns, in `V` registers each, `R` rows at a time; gives the columns done.
    #[inline(always)]
    fn panel<S: Simd, const V: usize, const B: usize, const R: usize>(
        &mut self,
        simd: S,
        column: usize,
    ) -> usize {
        let blocks: [&[[S::f32s; V]]; B] = std::array::from_fn(|i| {
            let block = self.b.block(column + i * BLOCK);
            S::as_simd_f32s(block).0.as_chunks().0
        });
        let rows = self.c.rows();
        let mut row = 0;
        while row + R <= rows {
            self.tile::<S, V, B, R>(simd, blocks, row, column);
            row += R;
        }
        while row + 4 <= rows {
            self.tile::<S, V, B, 4>(simd, blocks, row, column);
            row += 4;
        }
        while row < rows {
            self.tile::<S, V, B, 1>(simd, blocks, row, column);
            row += 1;
        }
        B * BLOCK
    }

    #[inline(always)]
    fn tile<S: Simd, const V: usize, const B: usize, const R: usize>(
        &mut self,
        simd: S,
        blocks: [&[[S::f32s; V]]; B],
        row: usize,
        column: usize,
    ) {
        let (columns, stride) = (self.b.columns(), self.c.row_stride());
        let part = |b: usize, v: usize| part(column + b * BLOCK + v * S::F32_LANES, columns, simd);

        let zero = simd.splat_f32s(0.0);
        let mut start = [[[zero; V]; B]; R];
        match self.start {
            Start::Zero => {}
            Start::Kept => {
                for (r, start) in start.iter_mut().enumerate() {
                    let from = &self.c.data()[(row + r) * stride..];
                    for (b, start) in start.iter_mut().enumerate() {
                        for (v, start) in start.iter_mut().enumerate() {
                            *start = load(simd, &from[part(b, v)]);
                        }
                    }
                }
            }
            Start::Row(from) => {
                start = [std::array::from_fn(|b| {
                    std::array::from_fn(|v| load(simd, &from[part(b, v)]))
                }); R];
            }
            Start::Gathered {
                first,
                second,
                rows,
            } => {
                for (r, start) in start.iter_mut().enumerate() {
                    let [i, j] = rows[row + r].map(|i| i as usize * columns);
                    let (first, second) = (&first[i..], &second[j..]);
                    for (b, start) in start.iter_mut().enumerate() {
                        for (v, start) in start.iter_mut().enumerate() {
                            let (a, b) = (
                                load(simd, &first[part(b, v)]),
                                load(simd, &second[part(b, v)]),
                            );
                            *start = simd.add_f32s(a, b);
                        }
                    }
                }
            }
        }

        // Without a loop where there is one strip: its sums would go through memory.
        if self.a.strips == 1 {
            let left: [&[f32]; R] = std::array::from_fn(|r| self.a.row(0, row + r));
            let mut sums = accumulate::<S, V, B, R>(simd, left, blocks, start);
            self.finish_tile::<S, V, B, R>(simd, (row, column), &mut sums);
            return;
        }
        let mut sums = start;
        for strip in 0..self.a.strips {
            let width = self.a.width;
            let left: [&[f32]; R] = std::array::from_fn(|r| self.a.row(strip, row + r));
            let blocks = blocks.map(|block| &block[strip * width..][..width]);
            sums = accumulate::<S, V, B, R>(simd, left, blocks, sums);
        }
        self.finish_tile::<S, V, B, R>(simd, (row, column), &mut sums);
    }

    /// Writes a tile's sums.
    #[inline(always)]
    fn finish_tile<S: Simd, const V: usize, const B: usize, const R: usize>(
        &mut self,
        simd: S,
        (row, column): (usize, usize),
        sums: &mut [[[S::f32s; V]; B]; R],
    ) {
        let (columns, stride) = (self.b.columns(), self.c.row_stride());
        let part = |b: usize, v: usize| part(column + b * BLOCK + v * S::F32_LANES, columns, simd);
        let zero = simd.splat_f32s(0.0);
        for (r, sums) in sums.iter_mut().enumerate() {
            let at = (row + r) * stride;
            if let Finish::WherePositive(mask) = self.finish {
                for (b, sums) in sums.iter_mut().enumerate() {
                    for (v, sum) in sums.iter_mut().enumerate() {
                        let mask = load(simd, &mask[at..][part(b, v)]);
                        let positive = simd.less_than_f32s(zero, mask);
                        *sum = simd.select_f32s(positive, *sum, zero);
                    }
                }
            }
            let relu = matches!(self.finish, Finish::Relu);
            let to = &mut self.c.data_mut()[at..];
            for (b, sums) in sums.iter_mut().enumerate() {
                for (v, sum) in sums.iter_mut().enumerate() {
                    if relu {
                        *sum = simd.max_f32s(*sum, zero);
                    }
                    store(simd, &mut to[part(b, v)], *sum);
                }
            }
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
    let left = left.map(|row| &row[..depth]);
    let blocks = blocks.map(|block| &block[..depth]);
    for k in 0..depth {
        for r in 0..R {
            let value = simd.splat_f32s(left[r][k]);
            for b in 0..B {
                for v in 0..V {
                    sums[r][b][v] = simd.mul_add_e_f32s(value, blocks[b][k][v], sums[r][b][v]);
                }
            }
        }
    }
    sums
}
