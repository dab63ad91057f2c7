//! Two-dimensional sinusoidal encoding of positions, the condition of section 3.1.

use crate::FlowError;

/// Sinusoidal encoding of (column, row) with `dimension` channels.
///
/// With `h = dimension / 2` and `w_k = exp(-2k · ln(10000) / h)`, channels `2k` and `2k + 1` are
/// `sin(x · w_k)` and `cos(x · w_k)` of the column `x` in the first half and of the row `y` in the
/// second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PositionalEncoding {
    dimension: usize,
}

impl PositionalEncoding {
    /// An encoding with `dimension` channels (the paper: 128).
    ///
    /// # Errors
    /// [`FlowError::EncodingDimension`] unless it is a positive multiple of 4.
    pub fn new(dimension: usize) -> Result<Self, FlowError> {
        if dimension == 0 || !dimension.is_multiple_of(4) {
            return Err(FlowError::EncodingDimension { found: dimension });
        }
        Ok(Self { dimension })
    }

    /// The number of channels.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// One axis' half of the encoding for positions `0..length`: `[length, dimension / 2]`.
    pub(crate) fn axis(&self, length: usize) -> Vec<f32> {
        let half = self.dimension / 2;
        let mut table = Vec::with_capacity(length * half);
        for position in 0..length {
            for k in 0..half / 2 {
                let frequency = (-(2.0 * k as f64) * 10_000f64.ln() / half as f64).exp();
                let angle = position as f64 * frequency;
                table.push(angle.sin() as f32);
                table.push(angle.cos() as f32);
            }
        }
        table
    }

    /// The encodings of a feature map's positions in row-major order:
    /// `[height · width, dimension]`.
    pub fn values(&self, height: usize, width: usize) -> Vec<f32> {
        let half = self.dimension / 2;
        let (columns, rows) = (self.axis(width), self.axis(height));
        let mut values = Vec::with_capacity(height * width * self.dimension);
        for row in rows.chunks_exact(half) {
            for column in columns.chunks_exact(half) {
                values.extend_from_slice(column);
                values.extend_from_slice(row);
            }
        }
        values
    }
}
