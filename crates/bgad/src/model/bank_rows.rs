//! The rows of a memory bank, in single precision or in bytes.

use std::borrow::Cow;
use std::ops::Range;

use bgad_cpu::{Finish, Matrix, MatrixMut, Panels, ScreenedRows, Start, multiply_panels, smallest};
use rayon::prelude::*;

use super::byte_rows::ByteRows;
use super::kept_tensors::KeptTensors;
use crate::error::{Error, Result};

/// Vectors whose distances are computed at once, so that they stay in the cache.
const CHUNK: usize = 64;
/// The same for rows in bytes.
const BYTE_CHUNK: usize = 96;

/// Standardised rows, `[rows, dimension]`.
#[derive(Debug, Clone)]
pub(super) struct BankRows {
    dimension: usize,
    values: Values,
    /// Each row's squared length.
    squares: Vec<f32>,
}

#[derive(Debug, Clone)]
enum Values {
    /// `[dimension, rows]`.
    Single(Panels),
    /// Many long rows, in single precision.
    Screened(Box<ScreenedRows>),
    Bytes(Box<ByteRows>),
}

/// A tensor of a model file: name, shape, values.
#[cfg(feature = "train")]
pub(crate) type Named = (&'static str, Vec<usize>, Vec<f32>);

impl BankRows {
    /// In single precision.
    pub fn new(rows: &[f32], dimension: usize) -> Self {
        let count = rows.len() / dimension;
        Self {
            dimension,
            squares: squares(rows, dimension),
            values: match ScreenedRows::new(rows, dimension) {
                Some(rows) => Values::Screened(Box::new(rows)),
                None => Values::Single(Panels::new(
                    Matrix::new(rows, count, dimension).transposed(),
                )),
            },
        }
    }

    /// Number of rows.
    pub fn count(&self) -> usize {
        self.squares.len()
    }

    /// The same rows, rounded to bytes if products of bytes can use them.
    #[cfg(feature = "train")]
    pub fn in_bytes(&self) -> Option<Self> {
        let columns = self.columns();
        let columns = Matrix::new(&columns, self.dimension, self.count());
        let rows = ByteRows::round(&columns.transposed().to_vec(), self.dimension)?;
        Some(Self {
            dimension: self.dimension,
            squares: squares(&rows.rows(), self.dimension),
            values: Values::Bytes(Box::new(rows)),
        })
    }

    /// The values, `[dimension, rows]`.
    #[cfg(feature = "train")]
    pub fn columns(&self) -> Vec<f32> {
        match &self.values {
            Values::Single(panels) => panels.to_row_major(),
            Values::Screened(rows) => {
                let rows = Matrix::new(rows.rows(), self.count(), self.dimension);
                rows.transposed().to_vec()
            }
            Values::Bytes(rows) => {
                let rows = rows.rows();
                let rows = Matrix::new(&rows, self.count(), self.dimension);
                rows.transposed().to_vec()
            }
        }
    }

    /// For each of `vectors`, `[vectors, dimension]`, the root mean squared difference from the
    /// nearest row, ignoring the rows `left_out`.
    pub fn nearest(&self, vectors: &[f32], left_out: Range<usize>) -> Vec<f32> {
        let dimension = self.dimension;
        // |x - b|² = |x|² + (|b|² - 2 x · b); the part in brackets is `least`.
        let distances = |chunk: &[f32], least: Vec<f32>| {
            let vectors = chunk.chunks_exact(dimension).zip(least);
            let distance = |(vector, least): (&[f32], f32)| {
                let square: f32 = vector.iter().map(|value| value * value).sum();
                ((square + least).max(0.0) / dimension as f32).sqrt()
            };
            vectors.map(distance).collect::<Vec<f32>>()
        };
        match &self.values {
            Values::Single(panels) => vectors
                .par_chunks(CHUNK * dimension)
                .flat_map_iter(|chunk| distances(chunk, self.least(panels, chunk, &left_out)))
                .collect(),
            Values::Screened(rows) => vectors
                .par_chunks(CHUNK * dimension)
                .flat_map_iter(|chunk| {
                    let squares = rows.least(chunk, &left_out).into_iter();
                    squares.map(move |square| (square / dimension as f32).sqrt())
                })
                .collect(),
            Values::Bytes(rows) => {
                let mut starts = Cow::Borrowed(&self.squares);
                if !left_out.is_empty() {
                    starts.to_mut()[left_out].fill(f32::INFINITY);
                }
                vectors
                    .par_chunks(BYTE_CHUNK * dimension)
                    .flat_map_iter(|chunk| distances(chunk, rows.least(chunk, &starts)))
                    .collect()
            }
        }
    }

    /// For each vector of `chunk`, the smallest `|row|² - 2 · vector · row`.
    fn least(&self, panels: &Panels, chunk: &[f32], left_out: &Range<usize>) -> Vec<f32> {
        let (columns, count) = (self.count(), chunk.len() / self.dimension);
        let scaled: Vec<f32> = chunk.iter().map(|value| -2.0 * value).collect();
        let mut products = vec![0.0; count * columns];
        multiply_panels(
            Matrix::new(&scaled, count, self.dimension),
            panels,
            Start::Row(&self.squares),
            Finish::Nothing,
            MatrixMut::new(&mut products, count, columns),
        );
        let least = |products: &[f32]| match left_out.is_empty() {
            true => smallest(products),
            false => {
                let before = smallest(&products[..left_out.start]);
                before.min(smallest(&products[left_out.end..]))
            }
        };
        products.chunks_exact(columns).map(least).collect()
    }

    /// The tensors for a model file.
    #[cfg(feature = "train")]
    pub fn parameters(&self) -> Vec<Named> {
        let shape = vec![self.dimension, self.count()];
        match &self.values {
            Values::Single(_) | Values::Screened(_) => vec![(POSITIONS, shape, self.columns())],
            Values::Bytes(rows) => {
                let (positions, scales) = rows.parameters();
                vec![
                    (POSITIONS, shape, positions),
                    (SCALES, vec![scales.len()], scales),
                ]
            }
        }
    }

    /// Restores the rows from a model file.
    pub fn restore(kept: &mut KeptTensors<'_>) -> Result<Self> {
        let dimension = kept.dimension;
        let fits =
            |shape: &[usize]| matches!(shape, [d, positions] if *d == dimension && *positions > 0);
        let columns = kept.take(POSITIONS, fits, |_| true)?;
        let count = columns.len() / dimension;
        if kept.parameters.contains_key(SCALES) {
            let scales = kept.take(SCALES, |shape| shape == [count], |scale| scale > 0.0)?;
            return Self::of_bytes(kept.name, &columns, scales, dimension);
        }
        let mut rows = vec![0.0; columns.len()];
        for (position, row) in rows.chunks_exact_mut(dimension).enumerate() {
            for (channel, value) in row.iter_mut().enumerate() {
                *value = columns[channel * count + position];
            }
        }
        Ok(Self::new(&rows, dimension))
    }

    /// Rows from whole numbers, `[dimension, rows]`, and a scale for each row.
    /// Errors name the tensors of `part`.
    fn of_bytes(part: &str, columns: &[f32], scales: Vec<f32>, dimension: usize) -> Result<Self> {
        let refused = |found: String| {
            let expected = "whole numbers from -127 to 127 that products of bytes take";
            Err(Error::state(format!("{part}.{POSITIONS}"), found, expected))
        };
        let other = |value: &&f32| value.fract() != 0.0 || value.abs() > 127.0;
        if let Some(other) = columns.iter().find(other) {
            return refused(other.to_string());
        }
        let mut squares = vec![0.0; scales.len()];
        for channel in columns.chunks_exact(scales.len()) {
            for ((square, value), scale) in squares.iter_mut().zip(channel).zip(&scales) {
                *square += (value * scale) * (value * scale);
            }
        }
        let whole = columns.iter().map(|value| *value as i8).collect();
        match ByteRows::new(whole, scales, dimension) {
            Some(rows) => Ok(Self {
                dimension,
                squares,
                values: Values::Bytes(Box::new(rows)),
            }),
            None => refused("larger ones together".to_owned()),
        }
    }
}

fn squares(rows: &[f32], dimension: usize) -> Vec<f32> {
    let square = |row: &[f32]| row.iter().map(|v| v * v).sum();
    rows.chunks_exact(dimension).map(square).collect()
}

/// Names in a model file.
pub(super) const POSITIONS: &str = "positions";
pub(super) const SCALES: &str = "scales";
