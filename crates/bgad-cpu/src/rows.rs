//! Left operands of products.

use crate::Matrix;

/// The left operand of a product: a matrix, a matrix stored in strips of columns, or the windows of a
/// convolution.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a, T = f32> {
    values: &'a [T],
    pub(crate) rows: usize,
    pub(crate) strips: usize,
    /// Columns in a strip.
    pub(crate) width: usize,
    /// Distance from one row of a strip to the next.
    row_stride: usize,
    strip_stride: usize,
    /// Number of rows that are `row_stride` apart; 0 if all are.
    group: usize,
    /// Distance from one such group to the next.
    group_stride: usize,
}

impl<'a, T> Rows<'a, T> {
    /// A matrix of `rows` rows in `strips` strips of `width` columns. Each strip is row-major and begins
    /// `strip_stride` values after the previous one.
    ///
    /// # Panics
    /// If `values` is shorter than that.
    pub fn in_strips(
        values: &'a [T],
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
            group: 0,
            group_stride: 0,
        }
    }

    /// The windows of a convolution on a padded map `[height, width, channels]`, without copying. There are
    /// `down · across` windows; each is a row of `kernel` strips of `kernel · channels` values.
    ///
    /// # Panics
    /// If the windows reach beyond `map`.
    pub fn windows(
        map: &'a [T],
        (width, channels): (usize, usize),
        (kernel, stride): (usize, usize),
        (down, across): (usize, usize),
    ) -> Self {
        let line = width * channels;
        let reach = match down * across {
            0 => 0,
            _ => {
                ((down - 1) * stride + kernel - 1) * line
                    + ((across - 1) * stride + kernel) * channels
            }
        };
        assert!(
            reach <= map.len() && (across.max(1) - 1) * stride + kernel <= width,
            "{down}x{across} windows of {kernel}, {stride} apart, in {} values of {width}x{channels} a line",
            map.len()
        );
        Self {
            values: map,
            rows: down * across,
            strips: kernel,
            width: kernel * channels,
            row_stride: stride * channels,
            strip_stride: line,
            group: across,
            group_stride: stride * line,
        }
    }

    #[inline(always)]
    pub(crate) fn row(&self, strip: usize, row: usize) -> &'a [T] {
        self.row_from(strip, self.start(row))
    }

    /// The offset of a row in each strip. It takes a division.
    #[inline(always)]
    pub(crate) fn start(&self, row: usize) -> usize {
        match self.group {
            0 => row * self.row_stride,
            group => row / group * self.group_stride + row % group * self.row_stride,
        }
    }

    /// The row of a strip that begins at offset `start`.
    #[inline(always)]
    pub(crate) fn row_from(&self, strip: usize, start: usize) -> &'a [T] {
        &self.values[strip * self.strip_stride + start..][..self.width]
    }
}

impl<'a> From<Matrix<'a>> for Rows<'a> {
    /// # Panics
    /// If the matrix's rows are not contiguous.
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
            group: 0,
            group_stride: 0,
        }
    }
}
