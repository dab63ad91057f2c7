//! Left sides of products.

use crate::Matrix;

/// The left side of products: a matrix, or one whose columns lie in strips, one strip's rows after
/// the other's.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    values: &'a [f32],
    pub(crate) rows: usize,
    pub(crate) strips: usize,
    /// Columns of a strip.
    pub(crate) width: usize,
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
    pub(crate) fn row(&self, strip: usize, row: usize) -> &'a [f32] {
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
