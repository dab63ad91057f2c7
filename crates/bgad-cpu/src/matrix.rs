//! Slices as matrices.

/// A view of a slice as a matrix. Element `(row, column)` is at `row · row_stride + column · column_stride`.
#[derive(Debug, Clone, Copy)]
pub struct Matrix<'a> {
    data: &'a [f32],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

/// Number of elements from the first to the last of a matrix of this shape.
fn reach(rows: usize, columns: usize, row_stride: usize, column_stride: usize) -> usize {
    match rows == 0 || columns == 0 {
        true => 0,
        false => (rows - 1) * row_stride + (columns - 1) * column_stride + 1,
    }
}

impl<'a> Matrix<'a> {
    /// `data` as a row-major matrix without gaps.
    ///
    /// # Panics
    /// When `data` is shorter than that.
    pub fn new(data: &'a [f32], rows: usize, columns: usize) -> Self {
        Self::strided(data, rows, columns, columns)
    }

    /// `data` as a row-major matrix whose rows begin `row_stride` elements apart. Rows may overlap.
    ///
    /// # Panics
    /// If `data` is shorter than that.
    pub fn strided(data: &'a [f32], rows: usize, columns: usize, row_stride: usize) -> Self {
        assert!(
            reach(rows, columns, row_stride, 1) <= data.len(),
            "a {rows}x{columns} matrix of row stride {row_stride} in {} elements",
            data.len()
        );
        Self {
            data,
            rows,
            columns,
            row_stride,
            column_stride: 1,
        }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    pub(crate) fn row_stride(&self) -> usize {
        self.row_stride
    }

    pub(crate) fn column_stride(&self) -> usize {
        self.column_stride
    }

    /// The elements from row `row` to the end.
    #[inline(always)]
    pub(crate) fn row(&self, row: usize) -> &'a [f32] {
        &self.data[row * self.row_stride..]
    }

    /// Some of the rows.
    pub(crate) fn some_rows(&self, rows: std::ops::Range<usize>) -> Self {
        Self {
            data: &self.data[rows.start * self.row_stride..],
            rows: rows.len(),
            ..*self
        }
    }

    /// Number of elements from row `row` to the end.
    #[inline(always)]
    pub(crate) fn reach(&self, row: usize) -> usize {
        self.data.len().saturating_sub(row * self.row_stride)
    }

    #[inline(always)]
    pub(crate) fn at(&self, row: usize, column: usize) -> f32 {
        self.data[row * self.row_stride + column * self.column_stride]
    }

    pub(crate) fn to_row_major(self) -> Vec<f32> {
        (0..self.rows)
            .flat_map(|row| (0..self.columns).map(move |column| self.at(row, column)))
            .collect()
    }

    /// The elements, row-major.
    pub fn to_vec(self) -> Vec<f32> {
        self.to_row_major()
    }

    /// The transposed view of the same elements.
    pub fn transposed(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }
}

/// A row-major matrix to write to.
#[derive(Debug)]
pub struct MatrixMut<'a> {
    data: &'a mut [f32],
    rows: usize,
    columns: usize,
    row_stride: usize,
}

impl<'a> MatrixMut<'a> {
    /// `data` as a row-major matrix without gaps.
    ///
    /// # Panics
    /// When `data` is shorter than that.
    pub fn new(data: &'a mut [f32], rows: usize, columns: usize) -> Self {
        Self::strided(data, rows, columns, columns)
    }

    /// `data` as a row-major matrix whose rows begin `row_stride` elements apart.
    ///
    /// # Panics
    /// If `data` is shorter than that, or rows overlap.
    pub fn strided(data: &'a mut [f32], rows: usize, columns: usize, row_stride: usize) -> Self {
        assert!(
            reach(rows, columns, row_stride, 1) <= data.len() && columns <= row_stride.max(1),
            "a {rows}x{columns} matrix of row stride {row_stride} in {} elements",
            data.len()
        );
        Self {
            data,
            rows,
            columns,
            row_stride,
        }
    }
}

impl MatrixMut<'_> {
    /// Reborrows the view.
    pub(crate) fn reborrow(&mut self) -> MatrixMut<'_> {
        MatrixMut {
            data: self.data,
            ..*self
        }
    }

    #[inline(always)]
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    #[inline(always)]
    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    #[inline(always)]
    pub(crate) fn row_stride(&self) -> usize {
        self.row_stride
    }

    #[inline(always)]
    pub(crate) fn data(&self) -> &[f32] {
        self.data
    }

    #[inline(always)]
    pub(crate) fn data_mut(&mut self) -> &mut [f32] {
        self.data
    }
}
