//! How alike neighbouring positions of normal images are.

use crate::features::accumulator::{Accumulator, HostFeatures};
use crate::features::flow_inputs::{BankInputs, BankLevel};
use crate::features::neighborhoods::means;

/// The coherence of normal images: the deviation of means of 3 x 3 positions within an image, relative to the deviation
/// of single positions; the mean over channels.
///
/// It is 1/3 where neighbours are independent, as in a fine weave, and 1 where they are equal. It is taken at the memory
/// bank's finest level.
pub(crate) struct Coherence {
    level: BankLevel,
    /// Sums of squares around the image's mean, per channel.
    of_positions: Squares,
    of_means: Squares,
}

#[derive(Default)]
struct Squares {
    sums: Vec<f64>,
    count: usize,
}

impl Squares {
    /// Adds the squares of `row` around `mean`.
    fn add(&mut self, row: &[f32], mean: &[f64]) {
        for ((sum, value), mean) in self.sums.iter_mut().zip(row).zip(mean) {
            *sum += (f64::from(*value) - mean).powi(2);
        }
        self.count += 1;
    }
}

impl Coherence {
    /// Nothing yet; `None` if a bank has no level.
    pub fn new(bank: &BankInputs) -> Option<Self> {
        let level = bank.levels.first()?.clone();
        let squares = || Squares {
            sums: vec![0.0; level.channels],
            count: 0,
        };
        Some(Self {
            of_positions: squares(),
            of_means: squares(),
            level,
        })
    }

    /// The coherence of all inputs; `None` if none has 3 x 3 positions that differ.
    pub fn value(&self) -> Option<f32> {
        let (positions, means) = (self.of_positions.count, self.of_means.count);
        if means == 0 {
            return None;
        }
        let channels = self.of_means.sums.iter().zip(&self.of_positions.sums);
        let ratios = channels.filter(|(_, of_positions)| **of_positions > 0.0);
        let ratios = ratios.map(|(of_means, of_positions)| {
            (of_means / means as f64 / (of_positions / positions as f64)).sqrt()
        });
        let (sum, count) = ratios.fold((0.0, 0.0), |(sum, n), ratio| (sum + ratio, n + 1.0));
        (count > 0.0).then_some((sum / count) as f32)
    }
}

impl Accumulator for Coherence {
    fn add(&mut self, features: &HostFeatures) {
        let BankLevel {
            index,
            side,
            channels,
        } = self.level;
        let values = &features.levels[index];
        let (columns, rows) = features.view.positions(side);
        let row_at = |x: usize, y: usize| (y * side + x) * channels..(y * side + x + 1) * channels;
        let mut mean = vec![0.0; channels];
        let count = (columns.len() * rows.len()).max(1) as f64;
        for (y, x) in rows
            .clone()
            .flat_map(|y| columns.clone().map(move |x| (y, x)))
        {
            let row = &values[row_at(x, y)];
            let sums = mean.iter_mut().zip(row);
            sums.for_each(|(sum, value)| *sum += f64::from(*value) / count);
        }
        let means = means(values, side, channels);
        let within =
            |range: &std::ops::Range<usize>, at: usize| at > range.start && at + 1 < range.end;
        for (y, x) in rows
            .clone()
            .flat_map(|y| columns.clone().map(move |x| (y, x)))
        {
            self.of_positions.add(&values[row_at(x, y)], &mean);
            // Means that reach beyond the image are left out.
            if within(&columns, x) && within(&rows, y) {
                self.of_means.add(&means[row_at(x, y)], &mean);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::view::View;

    const SIDE: usize = 32;

    /// The coherence of one image whose positions have these values.
    fn of(value: impl Fn(usize, usize) -> f32) -> Option<f32> {
        let bank = BankInputs::of_one_level(SIDE, 1);
        let values = (0..SIDE * SIDE).map(|at| value(at % SIDE, at / SIDE));
        let mut coherence = Coherence::new(&bank)?;
        coherence.add(&HostFeatures {
            view: View::stretched(256),
            levels: vec![values.collect()],
        });
        coherence.value()
    }

    #[test]
    fn independent_neighbours_differ_and_those_of_a_slope_agree() -> Result<(), &'static str> {
        // A linear congruential generator's high bits.
        let noise = |x: usize, y: usize| {
            let seed = (y * SIDE + x) as u64;
            let mixed = (0..4).fold(seed + 1, |v, _| {
                v.wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407)
            });
            (mixed >> 40) as f32 / (1u64 << 24) as f32
        };
        let independent = of(noise).ok_or("none")?;
        assert!((independent - 1.0 / 3.0).abs() < 0.04, "{independent}");
        let slope = of(|x, y| (x + 2 * y) as f32).ok_or("none")?;
        assert!(slope > 0.85 && slope <= 1.0, "{slope}");
        assert_eq!(of(|_, _| 3.0), None);
        Ok(())
    }
}
