//! Random rotations: the fixed soft permutation between coupling blocks.

use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;

/// Rows that are reflected together. A dot product waits for each of its additions, so several rows at a time
/// take no longer than one.
const ROWS: usize = 4;

/// `x - 2 v (vᵀ x) / |v|²` for the axes from `start` on.
struct Reflection {
    start: usize,
    /// `v`.
    normal: Vec<f64>,
    /// `|v|²`.
    squared: f64,
}

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
    let mut reflections = Vec::new();
    let first_axes = signs.iter_mut().enumerate().take(n.saturating_sub(1));
    for (start, of_axis) in first_axes {
        let mut normal: Vec<f64> = (start..n).map(|_| StandardNormal.sample(rng)).collect();
        let norm = normal.iter().map(|v| v * v).sum::<f64>().sqrt();
        let sign = if normal[0] < 0.0 { -1.0 } else { 1.0 };
        *of_axis = sign;
        normal[0] += sign * norm;
        let squared = normal.iter().map(|v| v * v).sum::<f64>();
        if squared == 0.0 {
            continue;
        }
        reflections.push(Reflection {
            start,
            normal,
            squared,
        });
    }
    // matrix := matrix · (I - 2 v vᵀ / |v|²) for each in turn. No row depends on another.
    matrix
        .par_chunks_mut((ROWS * n).max(1))
        .for_each(|rows| reflect(rows, n, &reflections));
    // Each reflection has determinant -1; the last sign makes the product a rotation.
    let determinant = if n.saturating_sub(1).is_multiple_of(2) {
        1.0
    } else {
        -1.0
    };
    if let Some((last, others)) = signs.split_last_mut() {
        *last = determinant * others.iter().product::<f64>();
    }
    for row in matrix.chunks_exact_mut(n) {
        for (value, sign) in row.iter_mut().zip(&signs) {
            *value *= sign;
        }
    }
    matrix
}

/// Applies all `reflections` to each of at most [`ROWS`] rows of `n` values.
fn reflect(rows: &mut [f64], n: usize, reflections: &[Reflection]) {
    let mut rows: Vec<&mut [f64]> = rows.chunks_exact_mut(n).collect();
    for Reflection {
        start,
        normal,
        squared,
    } in reflections
    {
        if let [a, b, c, d] = rows.as_mut_slice() {
            let parts = [&a[*start..], &b[*start..], &c[*start..], &d[*start..]];
            let factors = dots(parts, normal).map(|dot| 2.0 * dot / squared);
            for (row, factor) in [a, b, c, d].into_iter().zip(factors) {
                less(&mut row[*start..], factor, normal);
            }
            continue;
        }
        for row in &mut rows {
            let part = &mut row[*start..];
            let dot: f64 = part.iter().zip(normal).map(|(a, b)| a * b).sum();
            less(part, 2.0 * dot / squared, normal);
        }
    }
}

/// The dot product of each of these rows with `normal`, each added in order.
fn dots(rows: [&[f64]; ROWS], normal: &[f64]) -> [f64; ROWS] {
    let [a, b, c, d] = rows;
    // What a sum of floating-point numbers starts from.
    let mut sums = [-0.0; ROWS];
    for ((((a, b), c), d), v) in a.iter().zip(b).zip(c).zip(d).zip(normal) {
        sums[0] += a * v;
        sums[1] += b * v;
        sums[2] += c * v;
        sums[3] += d * v;
    }
    sums
}

/// Subtracts `factor` times `normal`.
fn less(row: &mut [f64], factor: f64, normal: &[f64]) {
    for (a, b) in row.iter_mut().zip(normal) {
        *a -= factor * b;
    }
}
