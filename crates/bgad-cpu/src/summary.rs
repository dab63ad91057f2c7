//! Short vectors that are no farther apart than the long ones that they summarise.

use crate::projection::principal_basis;
use crate::{Finish, Matrix, MatrixMut, Panels, Start, multiply, multiply_panels};

/// Summarises vectors by their components in the few directions in which rows differ most, and by their length in
/// all others. The length is one more component, so that the distance between two summaries is at most that between
/// the vectors. Then all components are mixed by a rotation (a discrete cosine transform), which leaves distances as
/// they are but makes the components similar in size, so that they lose less by rounding.
#[derive(Debug, Clone)]
pub(crate) struct Summaries {
    /// `[dimension, size]`: the directions, rotated.
    basis: Panels,
    /// The length's part in each component.
    of_length: Vec<f32>,
}

impl Summaries {
    /// For vectors like `rows`, `[rows, dimension]`.
    pub fn new(rows: &[f32], dimension: usize) -> Self {
        let size = (dimension * 2 / 5).next_multiple_of(16);
        let directions = size - 1;
        let basis = principal_basis(rows, dimension, directions);
        let rotation = cosines(size);
        let (by_direction, of_length) = rotation.split_at(directions * size);
        let mut rotated = vec![0.0; dimension * size];
        multiply(
            Matrix::new(&basis, dimension, directions),
            Matrix::new(by_direction, directions, size),
            MatrixMut::new(&mut rotated, dimension, size),
        );
        Self {
            basis: Panels::new(Matrix::new(&rotated, dimension, size)),
            of_length: of_length.to_vec(),
        }
    }

    /// Number of components.
    pub fn size(&self) -> usize {
        self.of_length.len()
    }

    /// The summaries, `[rows, size]`, of `rows`, `[rows, dimension]`, whose squared lengths are `squares`.
    pub fn of(&self, rows: &[f32], squares: &[f32]) -> Vec<f32> {
        let size = self.size();
        let mut summaries = vec![0.0; squares.len() * size];
        multiply_panels(
            Matrix::new(rows, squares.len(), self.basis.rows()),
            &self.basis,
            Start::Zero,
            Finish::Nothing,
            MatrixMut::new(&mut summaries, squares.len(), size),
        );
        let inside = crate::lengths::squares(&summaries, size);
        let lengths = squares.iter().zip(inside);
        for (summary, (square, inside)) in summaries.chunks_exact_mut(size).zip(lengths) {
            let length = (square - inside).max(0.0).sqrt();
            for (value, part) in summary.iter_mut().zip(&self.of_length) {
                *value += length * part;
            }
        }
        summaries
    }
}

/// The rows of an orthonormal discrete cosine transform (DCT-II), `[size, size]`.
fn cosines(size: usize) -> Vec<f32> {
    let value = |index: usize| {
        let (row, column) = ((index / size) as f64, (index % size) as f64);
        let scale = if row == 0.0 { 1.0 } else { 2.0 };
        let angle = (column + 0.5) * row * std::f64::consts::PI / size as f64;
        ((scale / size as f64).sqrt() * angle.cos()) as f32
    };
    (0..size * size).map(value).collect()
}
