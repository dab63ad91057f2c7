//! Principal components, to show features in two dimensions.

use crate::error::ReportError;

/// Features projected on their first two principal components.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq)]
pub struct Projection {
    /// Coordinates of each feature, in input order; their mean is (0, 0).
    pub points: Vec<[f32; 2]>,
    /// The share of the total variance along each of the two axes, in [0, 1].
    pub explained: [f64; 2],
}

/// Directions iterated on; more than two, so that the first two converge quickly.
const DIRECTIONS: usize = 6;
const ITERATIONS: usize = 60;

/// Projects features, stored one after the other with `dimension` values each, on the two
/// directions of largest variance.
///
/// Orthogonal iteration (Golub and Van Loan, section 8.2.4) from a fixed start: the same features always give
/// the same picture. Each axis points where its largest coefficient is positive. The time is proportional to
/// the number of values.
///
/// # Errors
///
/// [`ReportError::FeatureShape`] and [`ReportError::FeatureNotFinite`].
///
/// # Example
///
/// ```
/// // Points on a line: all variance lies along one axis.
/// let features = [0.0, 0.0, 1.0, 2.0, 2.0, 4.0];
/// let projection = bgad_report::pca_2d(&features, 2)?;
/// assert!((projection.explained[0] - 1.0).abs() < 1e-9);
/// assert!((projection.points[2][0] - 5_f32.sqrt()).abs() < 1e-5);
/// # Ok::<(), bgad_report::ReportError>(())
/// ```
pub fn pca_2d(features: &[f32], dimension: usize) -> Result<Projection, ReportError> {
    if dimension == 0 || features.is_empty() || !features.len().is_multiple_of(dimension) {
        return Err(ReportError::FeatureShape {
            values: features.len(),
            dimension,
        });
    }
    if let Some(index) = features.iter().position(|value| !value.is_finite()) {
        return Err(ReportError::FeatureNotFinite {
            row: index / dimension,
        });
    }
    let centred = centred(features, dimension);
    let total: f64 = centred.iter().map(|value| value * value).sum();
    let mut basis: Vec<Vec<f64>> = (0..DIRECTIONS.min(dimension))
        .map(|direction| start(direction, dimension))
        .collect();
    orthonormalise(&mut basis);
    for _ in 0..ITERATIONS {
        for direction in &mut basis {
            *direction = times_scatter(&centred, direction);
        }
        orthonormalise(&mut basis);
    }
    basis.resize(2.max(basis.len()), vec![0.0; dimension]);
    for direction in &mut basis {
        let largest = direction
            .iter()
            .copied()
            .max_by(|a, b| a.abs().total_cmp(&b.abs()));
        if largest.is_some_and(|value| value < 0.0) {
            direction.iter_mut().for_each(|value| *value = -*value);
        }
    }

    let mut variance = [0.0; 2];
    let mut points = Vec::with_capacity(features.len() / dimension);
    for row in centred.chunks_exact(dimension) {
        let along = [dot(row, &basis[0]), dot(row, &basis[1])];
        variance[0] += along[0] * along[0];
        variance[1] += along[1] * along[1];
        points.push(along.map(|value| value as f32));
    }
    let share = |variance: f64| if total > 0.0 { variance / total } else { 0.0 };
    Ok(Projection {
        points,
        explained: variance.map(share),
    })
}

fn centred(features: &[f32], dimension: usize) -> Vec<f64> {
    let rows = (features.len() / dimension) as f64;
    let mut mean = vec![0.0; dimension];
    for row in features.chunks_exact(dimension) {
        for (mean, &value) in mean.iter_mut().zip(row) {
            *mean += f64::from(value) / rows;
        }
    }
    let values = features.iter().zip(mean.iter().cycle());
    values
        .map(|(&value, mean)| f64::from(value) - mean)
        .collect()
}

/// Any fixed directions will do that are not orthogonal to the components; these are a chaotic sequence.
fn start(direction: usize, dimension: usize) -> Vec<f64> {
    let mut state = 0.37 + 0.09 * direction as f64;
    let mut next = || {
        state = 3.99 * state * (1.0 - state);
        state - 0.5
    };
    (0..dimension).map(|_| next()).collect()
}

/// X^T X v.
fn times_scatter(centred: &[f64], direction: &[f64]) -> Vec<f64> {
    let mut product = vec![0.0; direction.len()];
    for row in centred.chunks_exact(direction.len()) {
        let along = dot(row, direction);
        for (sum, value) in product.iter_mut().zip(row) {
            *sum += along * value;
        }
    }
    product
}

/// Gram-Schmidt; a direction that depends on earlier ones becomes zero.
fn orthonormalise(basis: &mut [Vec<f64>]) {
    for index in 0..basis.len() {
        let (before, rest) = basis.split_at_mut(index);
        let Some(current) = rest.first_mut() else {
            return;
        };
        let length_before = dot(current, current).sqrt();
        for other in before.iter() {
            let along = dot(current, other);
            for (value, other) in current.iter_mut().zip(other) {
                *value -= along * other;
            }
        }
        let length = dot(current, current).sqrt();
        let dependent = length <= 1e-12 * length_before;
        let scale = if dependent { 0.0 } else { 1.0 / length };
        current.iter_mut().for_each(|value| *value *= scale);
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
