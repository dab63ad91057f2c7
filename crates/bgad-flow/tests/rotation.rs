//! Random rotations.
#![cfg(feature = "burn")]

use bgad_flow::random_rotation;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// The same rotation, one row and one reflection at a time.
fn by_single_rows(n: usize, seed: u64) -> Vec<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut matrix = vec![0.0; n * n];
    (0..n).for_each(|i| matrix[i * n + i] = 1.0);
    let mut signs = vec![1.0; n];
    for start in 0..n - 1 {
        let mut normal: Vec<f64> = (start..n)
            .map(|_| StandardNormal.sample(&mut rng))
            .collect();
        let norm = normal.iter().map(|v| v * v).sum::<f64>().sqrt();
        signs[start] = if normal[0] < 0.0 { -1.0 } else { 1.0 };
        normal[0] += signs[start] * norm;
        let squared = normal.iter().map(|v| v * v).sum::<f64>();
        for row in matrix.chunks_exact_mut(n) {
            let part = &mut row[start..];
            let dot: f64 = part.iter().zip(&normal).map(|(a, b)| a * b).sum();
            let factor = 2.0 * dot / squared;
            for (value, v) in part.iter_mut().zip(&normal) {
                *value -= factor * v;
            }
        }
    }
    let others: f64 = signs[..n - 1].iter().product();
    signs[n - 1] = if n % 2 == 1 { others } else { -others };
    for row in matrix.chunks_exact_mut(n) {
        row.iter_mut()
            .zip(&signs)
            .for_each(|(value, sign)| *value *= sign);
    }
    matrix
}

/// By Gaussian elimination.
fn determinant(mut matrix: Vec<f64>, n: usize) -> f64 {
    let mut found = 1.0;
    for column in 0..n {
        let size = |row: &usize| matrix[row * n + column].abs();
        let pivot = (column..n)
            .max_by(|a, b| size(a).total_cmp(&size(b)))
            .unwrap();
        if pivot != column {
            (0..n).for_each(|i| matrix.swap(pivot * n + i, column * n + i));
            found = -found;
        }
        found *= matrix[column * n + column];
        for row in column + 1..n {
            let factor = matrix[row * n + column] / matrix[column * n + column];
            (column..n).for_each(|i| matrix[row * n + i] -= factor * matrix[column * n + i]);
        }
    }
    found
}

#[test]
fn rows_rotated_together_are_those_rotated_alone() {
    // Widths with and without rows left over from groups of four.
    for n in [2, 3, 7, 8, 21] {
        let together = random_rotation(n, &mut ChaCha8Rng::seed_from_u64(n as u64));
        assert_eq!(together, by_single_rows(n, n as u64), "{n}");
    }
}

#[test]
fn a_rotation_keeps_lengths_and_orientation() {
    for n in [1, 2, 5, 12] {
        let matrix = random_rotation(n, &mut ChaCha8Rng::seed_from_u64(4));
        for (i, a) in matrix.chunks_exact(n).enumerate() {
            for (j, b) in matrix.chunks_exact(n).enumerate() {
                let dot: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
                let expected = if i == j { 1.0 } else { 0.0 };
                assert!(
                    (dot - expected).abs() < 1e-12,
                    "{n}: rows {i} and {j}: {dot}"
                );
            }
        }
        let found = determinant(matrix, n);
        assert!((found - 1.0).abs() < 1e-10, "{n}: {found}");
    }
}
