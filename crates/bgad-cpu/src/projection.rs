//! The directions in which rows differ most.

use crate::{Finish, Matrix, MatrixMut, Panels, Start, multiply_panels};

/// Rows that the second moments are taken from, at most.
const SAMPLE: usize = 2048;
/// Multiplications by the second moments; after these, a basis holds nearly all that any could.
const ITERATIONS: usize = 6;

/// An orthonormal basis, `[dimension, size]` row-major, of a space that holds nearly as much of the squared
/// length of `rows`, `[rows, dimension]`, as any space of that size can (block power iteration). Where the rows
/// span fewer dimensions, the last columns are 0.
pub(crate) fn principal_basis(rows: &[f32], dimension: usize, size: usize) -> Vec<f32> {
    let moments = second_moments(rows, dimension);
    let matrix = Matrix::new(&moments, dimension, dimension);
    let mut basis = vec![0.0; dimension * size];
    for (row, moments) in basis
        .chunks_exact_mut(size)
        .zip(moments.chunks_exact(dimension))
    {
        row.copy_from_slice(&moments[..size]);
    }
    for _ in 0..ITERATIONS {
        orthonormalize(&mut basis, size);
        let panels = Panels::new(Matrix::new(&basis, dimension, size));
        let mut turned = vec![0.0; dimension * size];
        let output = MatrixMut::new(&mut turned, dimension, size);
        multiply_panels(matrix, &panels, Start::Zero, Finish::Nothing, output);
        basis = turned;
    }
    orthonormalize(&mut basis, size);
    basis
}

/// `rowsᵀ · rows` of evenly spaced rows.
fn second_moments(rows: &[f32], dimension: usize) -> Vec<f32> {
    let count = rows.len() / dimension;
    let every = count.div_ceil(SAMPLE).max(1);
    let sample: Vec<f32> = rows
        .chunks_exact(dimension)
        .step_by(every)
        .flatten()
        .copied()
        .collect();
    let sample = Matrix::new(&sample, sample.len() / dimension, dimension);
    let columns = sample.transposed().to_vec();
    let mut moments = vec![0.0; dimension * dimension];
    multiply_panels(
        Matrix::new(&columns, dimension, sample.rows()),
        &Panels::new(sample),
        Start::Zero,
        Finish::Nothing,
        MatrixMut::new(&mut moments, dimension, dimension),
    );
    moments
}

/// Makes the columns orthonormal (Gram and Schmidt, twice, because one pass leaves rounding errors).
fn orthonormalize(basis: &mut [f32], size: usize) {
    let mut columns: Vec<Vec<f64>> = (0..size)
        .map(|column| {
            let values = basis.iter().skip(column).step_by(size);
            values.map(|value| f64::from(*value)).collect()
        })
        .collect();
    let largest = columns.iter().map(|c| length(c)).fold(0.0, f64::max);
    for index in 0..size {
        let (done, rest) = columns.split_at_mut(index);
        let Some(column) = rest.first_mut() else {
            return;
        };
        for _ in 0..2 {
            for other in done.iter() {
                let along: f64 = column.iter().zip(other).map(|(a, b)| a * b).sum();
                for (value, other) in column.iter_mut().zip(other) {
                    *value -= along * other;
                }
            }
        }
        let length = length(column);
        // What is left of a dependent column is rounding.
        let scale = if length > largest * 1e-6 {
            length.recip()
        } else {
            0.0
        };
        column.iter_mut().for_each(|value| *value *= scale);
    }
    for (row, values) in basis.chunks_exact_mut(size).enumerate() {
        for (value, column) in values.iter_mut().zip(&columns) {
            *value = column[row] as f32;
        }
    }
}

fn length(column: &[f64]) -> f64 {
    column.iter().map(|value| value * value).sum::<f64>().sqrt()
}
