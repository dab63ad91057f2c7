//! Mean, standard deviation and a well-conditioned covariance of feature vectors.

/// The statistics from which [`Whitening`](super::whitening::Whitening) is built.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Moments {
    /// One per channel.
    pub mean: Vec<f64>,
    /// Standard deviation per channel; never 0.
    pub deviation: Vec<f64>,
}

/// The smallest deviation, as a share of the channels' median one. Without it, a channel that hardly varies
/// over normal features would blow up any difference.
#[cfg(feature = "train")]
const SMALLEST_DEVIATION: f64 = 1e-3;

impl Moments {
    /// The moments of `rows` with `dimension` values each; needs at least one row.
    #[cfg(feature = "train")]
    pub fn of(rows: &[f32], dimension: usize) -> Self {
        let count = (rows.len() / dimension).max(1) as f64;
        let mut mean = vec![0.0; dimension];
        for row in rows.chunks_exact(dimension) {
            for (sum, value) in mean.iter_mut().zip(row) {
                *sum += f64::from(*value);
            }
        }
        mean.iter_mut().for_each(|sum| *sum /= count);
        let mut deviation = vec![0.0; dimension];
        for row in rows.chunks_exact(dimension) {
            for ((sum, value), mean) in deviation.iter_mut().zip(row).zip(&mean) {
                *sum += (f64::from(*value) - mean).powi(2);
            }
        }
        deviation
            .iter_mut()
            .for_each(|sum| *sum = (*sum / (count - 1.0).max(1.0)).sqrt());
        raise_smallest(&mut deviation);
        Self { mean, deviation }
    }

    /// Rounded as in a model file, so that a model scores the same before and after it is saved.
    #[cfg(feature = "train")]
    pub fn rounded(mut self) -> Self {
        for values in [&mut self.mean, &mut self.deviation] {
            values.iter_mut().for_each(|v| *v = f64::from(*v as f32));
        }
        self
    }

    /// Subtracts each channel's mean from `rows` and divides by its deviation.
    pub fn standardize(&self, rows: &[f32]) -> Vec<f32> {
        let mut standardized = rows.to_vec();
        self.standardize_in_place(&mut standardized);
        standardized
    }

    /// The same, in place.
    pub fn standardize_in_place(&self, rows: &mut [f32]) {
        bgad_cpu::vectorized(|| {
            for row in rows.chunks_exact_mut(self.mean.len()) {
                let channels = self.mean.iter().zip(&self.deviation);
                for (x, (mean, deviation)) in row.iter_mut().zip(channels) {
                    *x = ((f64::from(*x) - mean) / deviation) as f32;
                }
            }
        });
    }

    /// The same for one row.
    pub fn standardized(&self, row: &[f32]) -> impl Iterator<Item = f32> {
        let channels = self.mean.iter().zip(&self.deviation);
        let values = row.iter().zip(channels);
        values.map(|(x, (mean, deviation))| ((f64::from(*x) - mean) / deviation) as f32)
    }
}

/// Raises deviations that are far below the channels' median one, so that none is 0.
#[cfg(feature = "train")]
pub(super) fn raise_smallest(deviations: &mut [f64]) {
    let mut sorted = deviations.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let median = sorted.get(sorted.len() / 2).copied().unwrap_or(0.0);
    let least = match median > 0.0 {
        true => median * SMALLEST_DEVIATION,
        false => 1.0,
    };
    deviations.iter_mut().for_each(|d| *d = d.max(least));
}

/// Rows whose products are added in one pass over the matrix, which is larger than the caches next to the
/// processor.
#[cfg(feature = "train")]
pub(super) const AT_A_TIME: usize = 4;

/// Adds the products of the values of each of `rows`, at most [`AT_A_TIME`], to the lower triangle of `matrix`,
/// row after row.
#[cfg(feature = "train")]
#[inline(always)]
pub(super) fn add_products(matrix: &mut [f64], rows: &[f64], dimension: usize) {
    let d = dimension;
    if rows.len() < AT_A_TIME * d {
        for row in rows.chunks_exact(d) {
            for (i, first) in row.iter().enumerate() {
                let line = &mut matrix[i * d..][..i + 1];
                for (sum, second) in line.iter_mut().zip(row) {
                    *sum += first * second;
                }
            }
        }
        return;
    }
    let (a, rest) = rows.split_at(d);
    let (b, rest) = rest.split_at(d);
    let (c, e) = rest.split_at(d);
    for i in 0..d {
        let line = &mut matrix[i * d..][..i + 1];
        let seconds = a.iter().zip(b).zip(c).zip(e);
        for (sum, (((of_a, of_b), of_c), of_e)) in line.iter_mut().zip(seconds) {
            *sum = *sum + a[i] * of_a + b[i] * of_b + c[i] * of_c + e[i] * of_e;
        }
    }
}

/// The covariance of centred rows, shrunk toward a multiple of the identity.
///
/// Ledoit and Wolf, *A well-conditioned estimator for large-dimensional covariance matrices* (2004): among
/// all `(1 - s) · S + s · μ · I`, with `S` the sample covariance and `μ` its mean variance, this is the
/// one estimated to be closest to the true covariance. Fewer rows give more shrinkage.
#[cfg(feature = "train")]
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ShrunkCovariance {
    /// Symmetric, row-major.
    pub matrix: Vec<f64>,
    /// `s`, from 0 to 1.
    pub shrinkage: f64,
    /// `μ`.
    pub mean_variance: f64,
}

#[cfg(feature = "train")]
impl ShrunkCovariance {
    /// The covariance of centred `rows` with `dimension` values each.
    pub fn of(rows: &[f32], dimension: usize) -> Self {
        let d = dimension;
        let count = (rows.len() / d).max(1) as f64;
        let mut matrix = vec![0.0; d * d];
        let mut fourth = 0.0;
        let mut wide = vec![0.0; AT_A_TIME * d];
        for values in rows.chunks(AT_A_TIME * d) {
            let values = &values[..values.len() / d * d];
            for (wide, value) in wide.iter_mut().zip(values) {
                *wide = f64::from(*value);
            }
            let wide = &wide[..values.len()];
            for row in wide.chunks_exact(d) {
                let length = row.iter().fold(0.0, |sum, value| sum + value * value);
                fourth += length * length;
            }
            bgad_cpu::vectorized(|| add_products(&mut matrix, wide, d));
        }
        for i in 0..d {
            for j in 0..=i {
                let value = matrix[i * d + j] / count;
                matrix[i * d + j] = value;
                matrix[j * d + i] = value;
            }
        }
        let mut mean_variance = (0..d).map(|i| matrix[i * d + i]).sum::<f64>() / d as f64;
        // Identical rows, such as those of a single image, say nothing about how others vary. Each channel
        // then keeps its own unit.
        if mean_variance == 0.0 {
            (0..d).for_each(|i| matrix[i * d + i] = 1.0);
            mean_variance = 1.0;
        }
        let squares: f64 = matrix.iter().map(|value| value * value).sum();
        // How far the sample covariance lies from a multiple of the identity, and how much of that distance
        // sampling noise explains.
        let distance = squares - d as f64 * mean_variance * mean_variance;
        let chance = ((fourth / count - squares) / count).max(0.0);
        let shrinkage = match distance > 0.0 {
            true => (chance / distance).min(1.0),
            false => 1.0,
        };
        let mut covariance = Self {
            matrix,
            shrinkage: 0.0,
            mean_variance,
        };
        covariance.shrink_to(shrinkage, d);
        covariance
    }

    /// Shrinks further if the total shrinkage is below `shrinkage`.
    pub fn shrink_to(&mut self, shrinkage: f64, dimension: usize) {
        if shrinkage <= self.shrinkage {
            return;
        }
        let kept = (1.0 - shrinkage) / (1.0 - self.shrinkage);
        for (index, value) in self.matrix.iter_mut().enumerate() {
            *value *= kept;
            if index % (dimension + 1) == 0 {
                *value += (1.0 - kept) * self.mean_variance;
            }
        }
        self.shrinkage = shrinkage;
    }

    /// `W = L⁻ᵀ` with `L · Lᵀ` the covariance, so that rows times `W` have the identity as covariance. `None`
    /// if the covariance is not positive definite.
    pub fn whitening(&self, dimension: usize) -> Option<Vec<f64>> {
        bgad_cpu::vectorized(|| inverse_factor(self.matrix.clone(), dimension))
    }
}

/// `L⁻ᵀ`, row-major, with `L · Lᵀ` this symmetric matrix; `None` if it is not positive definite.
///
/// Multiples of rows are taken off others, so that all loops run along rows.
#[cfg(feature = "train")]
fn inverse_factor(mut matrix: Vec<f64>, d: usize) -> Option<Vec<f64>> {
    // The upper triangle becomes Lᵀ.
    for pivot in 0..d {
        let (above, below) = matrix.split_at_mut((pivot + 1) * d);
        let row = &mut above[pivot * d..];
        let diagonal = (row[pivot] > 0.0).then(|| row[pivot].sqrt())?;
        row[pivot..].iter_mut().for_each(|value| *value /= diagonal);
        for (i, line) in below.chunks_exact_mut(d).enumerate() {
            let i = pivot + 1 + i;
            take_off(&mut line[i..], row[i], &row[i..]);
        }
    }
    // Columns of the inverse by forward substitution, stored as rows, which transposes it.
    let mut inverse = vec![0.0; d * d];
    for (column, solution) in inverse.chunks_exact_mut(d).enumerate() {
        solution[column] = 1.0;
        for (i, row) in matrix.chunks_exact(d).enumerate().skip(column) {
            let (known, rest) = solution.split_at_mut(i + 1);
            known[i] /= row[i];
            take_off(rest, known[i], &row[i + 1..]);
        }
    }
    Some(inverse)
}

/// Subtracts a multiple of a row from another.
#[cfg(feature = "train")]
#[inline(always)]
fn take_off(row: &mut [f64], times: f64, other: &[f64]) {
    let values = row.iter_mut().zip(other);
    values.for_each(|(value, other)| *value -= times * other);
}

#[cfg(all(test, feature = "train"))]
mod tests {
    use super::*;

    /// Shrinkage and covariance of five centred vectors of three channels, from scikit-learn's
    /// `LedoitWolf(assume_centered=True)`.
    const SHRINKAGE: f64 = 0.374_929_977;
    const COVARIANCE: [f64; 9] = [
        1.912_516_34,
        1.437_661_05,
        -0.406_295_51,
        1.437_661_05,
        2.437_575_16,
        -0.565_688_37,
        -0.406_295_51,
        -0.565_688_37,
        0.949_908_50,
    ];
    const ROWS: [f32; 15] = [
        1.0, 2.0, 0.5, -1.0, 0.0, 1.5, 3.0, 5.0, -0.5, 0.0, 1.0, 0.25, 2.0, 2.5, 1.0,
    ];

    fn centred() -> Vec<f32> {
        let moments = Moments::of(&ROWS, 3);
        let rows = ROWS.chunks(3);
        rows.flat_map(|row| {
            row.iter()
                .zip(&moments.mean)
                .map(|(x, mean)| (f64::from(*x) - mean) as f32)
        })
        .collect()
    }

    #[test]
    fn whitened_rows_have_the_shrunk_covariance_removed() {
        let covariance = ShrunkCovariance::of(&centred(), 3);
        let w = covariance.whitening(3).unwrap_or_default();
        // Wᵀ Σ W = I.
        for i in 0..3 {
            for j in 0..3 {
                let mut value = 0.0;
                for k in 0..3 {
                    for l in 0..3 {
                        value += w[k * 3 + i] * covariance.matrix[k * 3 + l] * w[l * 3 + j];
                    }
                }
                let expected = f64::from(u8::from(i == j));
                assert!((value - expected).abs() < 1e-12, "{i} {j} {value}");
            }
        }
    }

    #[test]
    fn rows_in_blocks_give_the_bits_of_rows_one_by_one() {
        let d = 5;
        let value = |i: usize| ((i * 7919) % 1013) as f64 / 97.0 - 5.0;
        let rows: Vec<f64> = (0..AT_A_TIME * d).map(value).collect();
        let (mut in_block, mut one_by_one) = (vec![0.1; d * d], vec![0.1; d * d]);
        add_products(&mut in_block, &rows, d);
        for row in rows.chunks(d) {
            add_products(&mut one_by_one, row, d);
        }
        assert_eq!(in_block, one_by_one);
        assert_ne!(in_block[d * d - 1], 0.1);
    }

    #[test]
    fn shrinkage_is_that_of_ledoit_and_wolf() {
        let covariance = ShrunkCovariance::of(&centred(), 3);
        assert!(
            (covariance.shrinkage - SHRINKAGE).abs() < 1e-6,
            "{}",
            covariance.shrinkage
        );
        for (value, expected) in covariance.matrix.iter().zip(COVARIANCE) {
            assert!((value - expected).abs() < 1e-6, "{:?}", covariance.matrix);
        }
    }

    #[test]
    fn a_channel_that_does_not_vary_keeps_a_finite_scale() {
        let rows = [1.0, 5.0, 2.0, 5.0, 3.0, 5.0];
        let moments = Moments::of(&rows, 2);
        assert!(moments.standardize(&rows).iter().all(|x| x.is_finite()));
        assert!(moments.deviation[1] > 0.0);
        let constant = Moments::of(&[4.0; 6], 2);
        assert_eq!(constant.standardize(&[4.0; 6]), [0.0; 6]);
    }
}
