//! Random rotations: the fixed soft permutation between coupling blocks.

use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

/// A rotation drawn uniformly (by Haar measure) from SO(`dimension`), row-major.
///
/// Built from Householder reflections of normal vectors of growing length (Stewart 1980). Their signs are
/// known, so the determinant is exactly +1 rather than computed. Double precision on the host gives the same
/// rotation on every backend.
pub fn random_rotation(dimension: usize, rng: &mut impl Rng) -> Vec<f64> {
    let n = dimension;
    let mut matrix = vec![0.0; n * n];
    for i in 0..n {
        matrix[i * n + i] = 1.0;
    }
    // The sign of each reflection's first axis; their product decides the determinant.
    let mut signs = vec![1.0; n];
    for start in 0..n.saturating_sub(1) {
        let mut normal: Vec<f64> = (start..n).map(|_| StandardNormal.sample(rng)).collect();
        let norm = normal.iter().map(|v| v * v).sum::<f64>().sqrt();
        let sign = if normal[0] < 0.0 { -1.0 } else { 1.0 };
        signs[start] = sign;
        normal[0] += sign * norm;
        let squared = normal.iter().map(|v| v * v).sum::<f64>();
        if squared == 0.0 {
            continue;
        }
        // matrix := matrix · (I - 2 v vᵀ / |v|²), on the columns from `start` on.
        for row in matrix.chunks_exact_mut(n) {
            let part = &mut row[start..];
            let dot: f64 = part.iter().zip(&normal).map(|(a, b)| a * b).sum();
            let factor = 2.0 * dot / squared;
            for (a, b) in part.iter_mut().zip(&normal) {
                *a -= factor * b;
            }
        }
    }
    // Each reflection has determinant -1; the last sign makes the product a rotation.
    let reflections = if n.saturating_sub(1).is_multiple_of(2) {
        1.0
    } else {
        -1.0
    };
    if let Some((last, others)) = signs.split_last_mut() {
        *last = reflections * others.iter().product::<f64>();
    }
    for row in matrix.chunks_exact_mut(n) {
        for (value, sign) in row.iter_mut().zip(&signs) {
            *value *= sign;
        }
    }
    matrix
}
