//! How rare a value is among those of normal pixels.

use bgad_cpu::Piecewise;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Steps up to the tail; the last knot is the value that one normal pixel in a hundred exceeds.
const KNOTS: usize = 16;
/// The least mean excess, if all values are zero: a score of what differs from them is then large, but finite.
const LEAST_SCALE: f32 = 1e-6;
/// `-ln(0.01)`.
const TAIL: f32 = 4.605_170_2;

/// Converts a value to its surprisal `-ln P(normal >= value)` over normal pixels.
///
/// Within the normal range the surprisal is empirical, interpolated between 17 quantiles. The highest
/// hundredth has too few values to count, so an exponential tail with their mean excess replaces it. Evidence
/// in different units can then be added.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tail {
    /// The values with surprisal `0, TAIL / 16, …, TAIL`, in non-decreasing order.
    pub(crate) quantiles: [f32; KNOTS + 1],
    /// The mean excess over the last quantile.
    pub(crate) scale: f32,
}

impl Tail {
    /// The tail of normal `values`; `None` if none is finite.
    pub(crate) fn of(mut values: Vec<f32>) -> Option<Self> {
        values.retain(|value| value.is_finite());
        values.par_sort_unstable_by(f32::total_cmp);
        let last = values.len().checked_sub(1)?;
        let quantile = |knot: usize| {
            let share = 1.0 - (-TAIL * knot as f32 / KNOTS as f32).exp();
            values[((share * last as f32) as usize).min(last)]
        };
        let quantiles: [f32; KNOTS + 1] = std::array::from_fn(quantile);
        let end = quantiles[KNOTS];
        let beyond = &values[values.partition_point(|value| *value <= end)..];
        let excess: f64 = beyond.iter().map(|value| f64::from(value - end)).sum();
        let scale = (excess / beyond.len().max(1) as f64) as f32;
        // If all values are alike, a different one must still stand out.
        let range = end - quantiles[0];
        let least = (range * 1e-3).max(end.abs() * 1e-3).max(LEAST_SCALE);
        Some(Self {
            quantiles,
            scale: scale.max(least),
        })
    }

    /// Replaces each value with its surprisal.
    pub(crate) fn surprisals(&self, values: &mut [f32]) {
        let step = TAIL / KNOTS as f32;
        Piecewise::new(self.quantiles, step, self.scale).apply(values);
    }

    /// How far the highest hundredth lies above the median, relative to how far the median lies above the least value.
    pub(crate) fn prominence(&self) -> f32 {
        let (least, median, high) = (self.quantiles[0], self.at(2f32.ln()), self.quantiles[KNOTS]);
        (high - median) / (median - least).max(f32::MIN_POSITIVE)
    }

    /// The value with this surprisal, which is at most that of the last quantile.
    fn at(&self, surprisal: f32) -> f32 {
        let knot = surprisal * KNOTS as f32 / TAIL;
        let below = (knot as usize).min(KNOTS - 1);
        let (low, high) = (self.quantiles[below], self.quantiles[below + 1]);
        low + (knot - below as f32) * (high - low)
    }

    /// Whether the constants in a model file make sense.
    pub(crate) fn is_sound(&self) -> bool {
        let finite = self.quantiles.iter().all(|quantile| quantile.is_finite());
        let rising = self.quantiles.is_sorted();
        let scale = self.scale.is_finite() && self.scale > 0.0;
        finite && rising && scale
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Tail {
        fn surprisal(&self, value: f32) -> f32 {
            let mut values = [value];
            self.surprisals(&mut values);
            values[0]
        }
    }

    #[test]
    fn surprisal_is_minus_the_log_of_the_share_above() -> Result<(), &'static str> {
        let tail = Tail::of((0..100_000).map(|v| v as f32).collect()).ok_or("no tail")?;
        for (value, share) in [(50_000.0, 0.5f32), (90_000.0, 0.1), (99_000.0, 0.01)] {
            let expected = -share.ln();
            let found = tail.surprisal(value);
            assert!(
                (found - expected).abs() < 0.02,
                "{value}: {found}, {expected}"
            );
        }
        // The mean excess over the highest hundredth is 500.
        assert!((tail.surprisal(100_000.0) - TAIL - 2.0).abs() < 0.02);
        assert_eq!(tail.surprisal(-1.0), 0.0);
        assert!(tail.is_sound());
        Ok(())
    }

    #[test]
    fn prominence_relates_the_highest_to_the_least() -> Result<(), &'static str> {
        let even = Tail::of((0..100_000).map(|v| v as f32).collect()).ok_or("no tail")?;
        assert!(
            (even.prominence() - 0.98).abs() < 0.02,
            "{}",
            even.prominence()
        );
        // Exponential: (ln 100 - ln 2) / ln 2.
        let value = |v: usize| -((v as f32 + 0.5) / 100_000.0).ln();
        let steep = Tail::of((0..100_000).map(value).collect()).ok_or("no tail")?;
        assert!(
            (steep.prominence() - 5.64).abs() < 0.05,
            "{}",
            steep.prominence()
        );
        let alike = Tail::of(vec![3.0; 50]).ok_or("no tail")?;
        assert_eq!(alike.prominence(), 0.0);
        Ok(())
    }

    #[test]
    fn values_that_are_all_alike_tell_what_differs() -> Result<(), &'static str> {
        let tail = Tail::of(vec![3.0; 50]).ok_or("no tail")?;
        assert!(tail.is_sound());
        assert!(tail.surprisal(3.0).is_finite());
        let zeros = Tail::of(vec![0.0; 50]).ok_or("no tail")?;
        assert!(zeros.surprisal(1e3).is_finite() && zeros.surprisal(1e3) > 1e3);
        assert!(tail.surprisal(3.1) > tail.surprisal(3.0));
        assert_eq!(Tail::of(vec![f32::NAN]), None);
        Ok(())
    }
}
