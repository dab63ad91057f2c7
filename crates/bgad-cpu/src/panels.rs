//! Products with a matrix that was laid out for them once.

use pulp::{Arch, Simd, WithSimd};

use crate::{Kernel, Matrix, MatrixMut};

/// Columns of a block: one register of AVX-512, two of AVX2, four of NEON.
const BLOCK: usize = 16;
/// Bytes that a block's rows are aligned to.
const LINE: usize = 64;

/// The right side of products, `[rows, columns]`, in blocks of 16 columns that lie row after row, the
/// last one filled up with zeros.
#[derive(Debug, Clone, Default)]
pub struct Panels {
    rows: usize,
    columns: usize,
    values: Vec<f32>,
    /// Where the blocks begin, so that no row lies in two cache lines.
    first: usize,
}

impl Panels {
    /// Lays out `matrix`.
    pub fn new(matrix: Matrix<'_>) -> Self {
        let mut panels = Self::default();
        panels.set(matrix);
        panels
    }

    /// Lays out another matrix, in the same memory where it fits.
    pub fn set(&mut self, matrix: Matrix<'_>) {
        let (rows, columns) = (matrix.rows(), matrix.columns());
        self.reserve(rows, columns);
        let blocks = self.values[self.first..].chunks_exact_mut((rows * BLOCK).max(1));
        for (block, column) in blocks.zip((0..columns).step_by(BLOCK)) {
            let width = BLOCK.min(columns - column);
            let (lines, _) = block.as_chunks_mut::<BLOCK>();
            match matrix.column_stride() {
                1 => lines.iter_mut().enumerate().for_each(|(row, line)| {
                    line[..width].copy_from_slice(&matrix.row(row)[column..][..width]);
                }),
                _ => lines.iter_mut().enumerate().for_each(|(row, line)| {
                    let values = line[..width].iter_mut().enumerate();
                    values.for_each(|(c, value)| *value = matrix.at(row, column + c));
                }),
            }
        }
    }

    /// Makes room for a matrix of this shape; zeros beyond its columns.
    fn reserve(&mut self, rows: usize, columns: usize) {
        if (rows, columns) == (self.rows, self.columns) {
            return;
        }
        let length = columns.div_ceil(BLOCK) * BLOCK * rows;
        self.values.clear();
        self.values.resize(length + LINE / size_of::<f32>(), 0.0);
        let offset = self.values.as_ptr().align_offset(LINE);
        // A pointer that can't be aligned only makes products slower.
        self.first = if offset < LINE { offset } else { 0 };
        (self.rows, self.columns) = (rows, columns);
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Becomes `panels` with each row times its factor.
    ///
    /// # Panics
    /// When there are not as many factors as rows.
    pub fn set_scaled(&mut self, panels: &Self, factors: &[f32]) {
        assert_eq!(factors.len(), panels.rows, "factors and rows");
        self.reserve(panels.rows, panels.columns);
        let length = panels.columns.div_ceil(BLOCK) * BLOCK * panels.rows;
        crate::vectorized(Scaling {
            from: &panels.values[panels.first..][..length],
            factors,
            to: &mut self.values[self.first..][..length],
        });
    }

    /// The block that begins with `column`, `[rows][16]`.
    fn block(&self, column: usize) -> &[f32] {
        &self.values[self.first + column * self.rows..][..self.rows * BLOCK]
    }
}

struct Scaling<'a> {
    from: &'a [f32],
    factors: &'a [f32],
    to: &'a mut [f32],
}

impl Kernel for Scaling<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let (from, _) = self.from.as_chunks::<BLOCK>();
        let (to, _) = self.to.as_chunks_mut::<BLOCK>();
        let rows = self.factors.len().max(1);
        for (from, to) in from.chunks_exact(rows).zip(to.chunks_exact_mut(rows)) {
            for ((from, to), factor) in from.iter().zip(to).zip(self.factors) {
                for i in 0..BLOCK {
                    to[i] = from[i] * factor;
                }
            }
        }
    }
}

/// The left side of products: a matrix, or one whose columns lie in strips, one strip's rows after
/// the other's.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    values: &'a [f32],
    rows: usize,
    strips: usize,
    /// Columns of a strip.
    width: usize,
    /// From one row of a strip to the next.
    row_stride: usize,
    strip_stride: usize,
}

impl<'a> Rows<'a> {
    /// `rows` rows of `strips` strips of `width` columns each, of which each begins `strip_stride`
    /// values after the one before and has its rows one after the other.
    ///
    /// # Panics
    /// When `values` is shorter than that.
    pub fn in_strips(
        values: &'a [f32],
        rows: usize,
        (strips, width): (usize, usize),
        strip_stride: usize,
    ) -> Self {
        let reach = match rows * strips * width {
            0 => 0,
            _ => (strips - 1) * strip_stride + rows * width,
        };
        assert!(
            reach <= values.len(),
            "{rows} rows of {strips} strips of {width} in {} values",
            values.len()
        );
        Self {
            values,
            rows,
            strips,
            width,
            row_stride: width,
            strip_stride,
        }
    }

    #[inline(always)]
    fn row(&self, strip: usize, row: usize) -> &'a [f32] {
        &self.values[strip * self.strip_stride + row * self.row_stride..][..self.width]
    }
}

impl<'a> From<Matrix<'a>> for Rows<'a> {
    /// # Panics
    /// When the matrix' rows are not contiguous.
    fn from(matrix: Matrix<'a>) -> Self {
        let (rows, width) = (matrix.rows(), matrix.columns());
        assert!(
            matrix.column_stride() == 1 || width <= 1 || rows == 0,
            "rows that are not contiguous"
        );
        Self {
            values: matrix.row(0),
            rows,
            strips: 1,
            width,
            row_stride: matrix.row_stride(),
            strip_stride: 0,
        }
    }
}

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
    let (rows, columns, stride) = (c.rows(), b.columns, c.row_stride());
    assert!(
        a.strips * a.width == b.rows && a.rows == rows && c.columns() == columns,
        "{}x{} times {}x{} into {}x{}",
        a.rows,
        a.strips * a.width,
        b.rows,
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
    Arch::new().dispatch(Product {
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

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let mut column = 0;
        while column < self.b.columns {
            let blocks = (self.b.columns - column).div_ceil(BLOCK);
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
        let columns = self.b.columns;
        let stride = self.c.row_stride();
        // Of one register's columns those that exist.
        let part = |b: usize, v: usize| {
            let first = (column + b * BLOCK + v * S::F32_LANES).min(columns);
            first..columns.min(first + S::F32_LANES)
        };

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

        let mut sums = start;
        for strip in 0..self.a.strips {
            let width = self.a.width;
            let left: [&[f32]; R] = std::array::from_fn(|r| self.a.row(strip, row + r));
            let blocks = blocks.map(|block| &block[strip * width..][..width]);
            sums = accumulate::<S, V, B, R>(simd, left, blocks, sums);
        }

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
                    sums[r][b][v] = simd.mul_add_f32s(value, blocks[b][k][v], sums[r][b][v]);
                }
            }
        }
    }
    sums
}

/// `c = c + aᵀ · b`, summed row after row, for left sides `[rows, m]` and right sides
/// `[rows, columns]` whose rows are contiguous.
///
/// # Panics
/// When the shapes don't fit, or rows are not contiguous.
pub fn add_outer_products(a: Matrix<'_>, b: Matrix<'_>, c: MatrixMut<'_>) {
    assert!(
        a.rows() == b.rows() && a.columns() == c.rows() && b.columns() == c.columns(),
        "{}x{}, transposed, times {}x{} into {}x{}",
        a.rows(),
        a.columns(),
        b.rows(),
        b.columns(),
        c.rows(),
        c.columns()
    );
    assert!(
        a.column_stride() == 1 && b.column_stride() == 1,
        "rows that are not contiguous"
    );
    // Few enough rows at a time for what is read again and again to stay in the first cache.
    const ROWS: usize = 96;
    let arch = Arch::new();
    let mut c = c;
    for first in (0..a.rows()).step_by(ROWS) {
        let rows = first..a.rows().min(first + ROWS);
        arch.dispatch(OuterProducts {
            a: a.some_rows(rows.clone()),
            b: b.some_rows(rows),
            c: c.reborrow(),
        });
    }
}

struct OuterProducts<'a> {
    a: Matrix<'a>,
    b: Matrix<'a>,
    c: MatrixMut<'a>,
}

impl WithSimd for OuterProducts<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let columns = self.b.columns();
        let mut column = 0;
        while column < columns {
            let blocks = (columns - column).div_ceil(BLOCK);
            column += match S::F32_LANES {
                16 => match blocks {
                    1 => self.panel::<S, 1, 1, 12>(simd, column),
                    2 | 4 => self.panel::<S, 1, 2, 12>(simd, column),
                    _ => self.panel::<S, 1, 3, 8>(simd, column),
                },
                8 => self.panel::<S, 2, 1, 6>(simd, column),
                4 => self.panel::<S, 4, 1, 6>(simd, column),
                _ => self.panel::<S, 16, 1, 1>(simd, column),
            };
        }
    }
}

impl OuterProducts<'_> {
    #[inline(always)]
    fn panel<S: Simd, const V: usize, const B: usize, const R: usize>(
        &mut self,
        simd: S,
        column: usize,
    ) -> usize {
        let rows = self.c.rows();
        let mut row = 0;
        while row + R <= rows {
            self.tile::<S, V, B, R>(simd, row, column);
            row += R;
        }
        while row + 4 <= rows {
            self.tile::<S, V, B, 4>(simd, row, column);
            row += 4;
        }
        while row < rows {
            self.tile::<S, V, B, 1>(simd, row, column);
            row += 1;
        }
        B * BLOCK
    }

    #[inline(always)]
    fn tile<S: Simd, const V: usize, const B: usize, const R: usize>(
        &mut self,
        simd: S,
        row: usize,
        column: usize,
    ) {
        let last = self.a.rows().saturating_sub(1);
        let start = [[[simd.splat_f32s(0.0); V]; B]; R];
        // What follows a row's end is read as well, where there is something, and left out in the
        // end: whole registers are faster.
        if self.b.reach(last) >= column + B * BLOCK {
            let mut sums = self.accumulate::<S, V, B, R>(simd, (row, column), start);
            self.add::<S, V, B, R>(simd, (row, column), &mut sums);
        } else {
            let mut sums = self.accumulate_partly::<S, V, B, R>(simd, (row, column), start);
            self.add::<S, V, B, R>(simd, (row, column), &mut sums);
        }
    }

    /// Adds a tile's sums.
    #[inline(always)]
    fn add<S: Simd, const V: usize, const B: usize, const R: usize>(
        &mut self,
        simd: S,
        (row, column): (usize, usize),
        sums: &mut [[[S::f32s; V]; B]; R],
    ) {
        let (columns, stride) = (self.b.columns(), self.c.row_stride());
        for (r, sums) in sums.iter().enumerate() {
            let line = &mut self.c.data_mut()[(row + r) * stride..];
            for (b, sums) in sums.iter().enumerate() {
                for (v, sum) in sums.iter().enumerate() {
                    let first = (column + b * BLOCK + v * S::F32_LANES).min(columns);
                    let to = &mut line[first..columns.min(first + S::F32_LANES)];
                    let sum = simd.add_f32s(load(simd, to), *sum);
                    store(simd, to, sum);
                }
            }
        }
    }

    /// Functions of their own: their sums stay in registers.
    #[inline(always)]
    fn accumulate<S: Simd, const V: usize, const B: usize, const R: usize>(
        &self,
        simd: S,
        (row, column): (usize, usize),
        start: [[[S::f32s; V]; B]; R],
    ) -> [[[S::f32s; V]; B]; R] {
        let mut sums = start;
        for k in 0..self.a.rows() {
            let left = &self.a.row(k)[row..][..R];
            let right = S::as_simd_f32s(&self.b.row(k)[column..][..B * BLOCK]).0;
            let right = &right.as_chunks::<V>().0[..B];
            for r in 0..R {
                let value = simd.splat_f32s(left[r]);
                for b in 0..B {
                    for v in 0..V {
                        sums[r][b][v] = simd.mul_add_f32s(value, right[b][v], sums[r][b][v]);
                    }
                }
            }
        }
        sums
    }

    /// The same where rows end within a register.
    #[inline(always)]
    fn accumulate_partly<S: Simd, const V: usize, const B: usize, const R: usize>(
        &self,
        simd: S,
        (row, column): (usize, usize),
        start: [[[S::f32s; V]; B]; R],
    ) -> [[[S::f32s; V]; B]; R] {
        let mut sums = start;
        for k in 0..self.a.rows() {
            let left = &self.a.row(k)[row..][..R];
            let right = &self.b.row(k)[column..self.b.columns()];
            let part = |b: usize, v: usize| {
                let first = (b * BLOCK + v * S::F32_LANES).min(right.len());
                first..right.len().min(first + S::F32_LANES)
            };
            let right: [[S::f32s; V]; B] =
                std::array::from_fn(|b| std::array::from_fn(|v| load(simd, &right[part(b, v)])));
            for r in 0..R {
                let value = simd.splat_f32s(left[r]);
                for b in 0..B {
                    for v in 0..V {
                        sums[r][b][v] = simd.mul_add_f32s(value, right[b][v], sums[r][b][v]);
                    }
                }
            }
        }
        sums
    }
}

/// A register from as many values as there are, zeros after them.
#[inline(always)]
fn load<S: Simd>(simd: S, from: &[f32]) -> S::f32s {
    match S::as_simd_f32s(from).0.first() {
        Some(whole) => *whole,
        None => simd.partial_load_f32s(from),
    }
}

/// As much of a register as there is room for.
#[inline(always)]
fn store<S: Simd>(simd: S, to: &mut [f32], value: S::f32s) {
    match S::as_mut_simd_f32s(to).0.first_mut() {
        Some(whole) => *whole = value,
        None => simd.partial_store_f32s(to, value),
    }
}
