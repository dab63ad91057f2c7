//! Mean normal features at each position of a level.

use std::collections::BTreeMap;

use bgad_flow::Parameter;
#[cfg(feature = "train")]
use burn::tensor::{Device, Tensor, TensorData};

use crate::error::{Error, Result};
#[cfg(feature = "train")]
use crate::features::accumulator::{Accumulator, HostFeatures};

/// Per-position offsets from the level's mean, shrunk toward zero by their sampling noise.
///
/// A position has only as many features as there are images. Its mean is shrunk toward the level's mean by
/// the share of the variance between positions that sampling noise explains (James and Stein, *Estimation
/// with quadratic loss*, 1961). On a texture, where positions do not differ, this gives zero.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PositionMeans {
    dimension: usize,
    /// `[positions, dimension]`.
    offsets: Vec<f32>,
}

/// The table's name in a model file, after the level's.
const POSITIONS: &str = "scaling.positions";

/// Sums over the images that cover a position, for one flow's input.
#[cfg(feature = "train")]
#[derive(Clone)]
pub(crate) struct PositionSums {
    /// The flow's index.
    index: usize,
    /// Number of columns, and of rows, of its map.
    side: usize,
    dimension: usize,
    /// Number of features per position.
    counts: Vec<f64>,
    /// `[positions, dimension]`.
    values: Vec<f64>,
    /// Sum of squares over all positions, per channel.
    squares: Vec<f64>,
}

impl PositionMeans {
    /// Subtracts the offsets from the features of a whole map, `[positions, dimension]`.
    pub fn take_off(&self, features: &mut [f32]) {
        for (value, offset) in features.iter_mut().zip(&self.offsets) {
            *value -= offset;
        }
    }

    /// Subtracts a position's offsets from one row, `[dimension]`.
    #[cfg(feature = "train")]
    pub fn take_off_at(&self, position: usize, row: &mut [f32]) {
        let offsets = &self.offsets[position * self.dimension..];
        for (value, offset) in row.iter_mut().zip(offsets) {
            *value -= offset;
        }
    }

    /// `[positions, dimension]`.
    #[cfg(feature = "train")]
    pub fn on_device(&self, device: &Device) -> Tensor<2> {
        Tensor::from_data(self.table(), device)
    }

    #[cfg(feature = "train")]
    fn table(&self) -> TensorData {
        let positions = self.offsets.len() / self.dimension;
        TensorData::new(self.offsets.clone(), [positions, self.dimension])
    }

    /// The table and its name in a model file.
    #[cfg(feature = "train")]
    pub fn parameter(&self) -> (&'static str, TensorData) {
        (POSITIONS, self.table())
    }

    /// Restores the offsets of a map with this many positions from a model file.
    pub fn restore(
        positions: usize,
        dimension: usize,
        parameters: &mut BTreeMap<String, Parameter>,
    ) -> Result<Self> {
        match parameters.remove(POSITIONS) {
            Some(Parameter { shape, values }) if shape == [positions, dimension] => Ok(Self {
                dimension,
                offsets: values,
            }),
            other => {
                let shape = other.map(|parameter| parameter.shape);
                Err(Error::state(
                    POSITIONS,
                    format!("of shape {shape:?}"),
                    format!("[{positions}, {dimension}]"),
                ))
            }
        }
    }
}

#[cfg(feature = "train")]
impl Accumulator for PositionSums {
    fn add(&mut self, features: &HostFeatures) {
        let counts = features.view.counts(self.side);
        self.add_map(&counts, &features.levels[self.index]);
    }
}

#[cfg(feature = "train")]
impl PositionSums {
    /// Empty sums for flow `index`, whose map has `side` by `side` positions.
    pub fn new(index: usize, side: usize, dimension: usize) -> Self {
        let positions = side * side;
        Self {
            index,
            side,
            dimension,
            counts: vec![0.0; positions],
            values: vec![0.0; positions * dimension],
            squares: vec![0.0; dimension],
        }
    }

    /// Adds an image's features, `[positions, dimension]`, at the positions that count.
    pub fn add_map(&mut self, counts: &[bool], features: &[f32]) {
        let sums = self.values.chunks_exact_mut(self.dimension);
        let positions = self.counts.iter_mut().zip(sums);
        let features = features.chunks_exact(self.dimension).zip(counts);
        for ((count, sums), (values, _)) in positions.zip(features).filter(|(_, (_, c))| **c) {
            *count += 1.0;
            let channels = sums.iter_mut().zip(&mut self.squares).zip(values);
            for ((sum, squares), value) in channels {
                let value = f64::from(*value);
                *sum += value;
                *squares += value * value;
            }
        }
    }

    /// Adds the sums of another one.
    pub fn merge(&mut self, other: &Self) {
        let of = |sums: &mut [f64], other: &[f64]| {
            sums.iter_mut()
                .zip(other)
                .for_each(|(sum, value)| *sum += value);
        };
        of(&mut self.counts, &other.counts);
        of(&mut self.values, &other.values);
        of(&mut self.squares, &other.squares);
    }

    /// The means over all images added so far; zero offsets unless there are `enough`.
    pub fn means(&self, enough: bool) -> PositionMeans {
        let none = || vec![0.0; self.values.len()];
        PositionMeans {
            dimension: self.dimension,
            offsets: if enough { self.offsets() } else { none() },
        }
    }

    /// The number of features at each position, and their sums, `[positions, dimension]`.
    pub fn totals(&self) -> (&[f64], &[f64]) {
        (&self.counts, &self.values)
    }

    /// The share of the features' variance that differences between positions explain: 0 on a texture, nearly 1 if all
    /// images show the same thing at the same place. The mean over channels that vary.
    pub fn explained(&self) -> f32 {
        let shares = (0..self.dimension).filter_map(|channel| {
            let Variances {
                within, between, ..
            } = self.variances(channel)?;
            let all = within + between;
            (all > 0.0).then(|| between / all)
        });
        let (sum, count) = shares.fold((0.0, 0.0), |(sum, n), share| (sum + share, n + 1.0));
        (sum / f64::max(count, 1.0)) as f32
    }

    /// A channel's variance within positions and between them; `None` unless some position has two features: noise
    /// can't be told from real differences then.
    fn variances(&self, channel: usize) -> Option<Variances> {
        let count: f64 = self.counts.iter().sum();
        let positions = || self.counts.iter().enumerate().filter(|(_, n)| **n > 0.0);
        let seen = positions().count() as f64;
        if count <= seen {
            return None;
        }
        let sum = |position: usize| self.values[position * self.dimension + channel];
        let mean = positions().map(|(p, _)| sum(p)).sum::<f64>() / count;
        let of_means: f64 = positions().map(|(p, n)| sum(p) * sum(p) / n).sum();
        let within = ((self.squares[channel] - of_means) / (count - seen)).max(0.0);
        let apart: f64 = positions().map(|(p, n)| (sum(p) / n - mean).powi(2)).sum();
        let chance: f64 = positions().map(|(_, n)| within / n).sum();
        Some(Variances {
            mean,
            within,
            between: ((apart - chance) / seen).max(0.0),
        })
    }

    /// `[positions, dimension]`: each position's mean minus the overall mean, times the share of its variance
    /// that sampling noise does not explain.
    fn offsets(&self) -> Vec<f32> {
        let d = self.dimension;
        let mut offsets = vec![0.0; self.values.len()];
        for channel in 0..d {
            let Some(Variances {
                mean,
                within,
                between,
            }) = self.variances(channel)
            else {
                return offsets;
            };
            let positions = self.counts.iter().enumerate();
            for (position, n) in positions.filter(|(_, n)| **n > 0.0) {
                let share = match between > 0.0 {
                    true => between / (between + within / n),
                    false => 0.0,
                };
                let of_position = self.values[position * d + channel] / n;
                offsets[position * d + channel] = (share * (of_position - mean)) as f32;
            }
        }
        offsets
    }
}

/// How much one channel varies.
#[cfg(feature = "train")]
struct Variances {
    mean: f64,
    /// The variance between images at the same position.
    within: f64,
    /// The variance between the means of positions, without what chance explains.
    between: f64,
}

#[cfg(all(test, feature = "train"))]
mod tests {
    use super::*;

    /// Two positions of one channel, and two in the padding.
    fn offsets(images: &[[f32; 2]]) -> Vec<f32> {
        let mut sums = PositionSums::new(0, 2, 1);
        for image in images {
            sums.add_map(
                &[true, true, false, false],
                &[image[0], image[1], 99.0, -7.0],
            );
        }
        let mut offsets = sums.offsets();
        assert_eq!(offsets.split_off(2), [0.0, 0.0]);
        offsets
    }

    #[test]
    fn means_are_drawn_towards_the_levels_by_what_chance_makes_of_them() {
        // Means 0 and 4, each with variance 2: the variance between the means is 4, of which 1 is noise.
        let found = offsets(&[[-1.0, 3.0], [1.0, 5.0]]);
        let expected = 3.0 / 4.0 * 2.0;
        assert!((found[0] + expected).abs() < 1e-6, "{found:?}");
        assert!((found[1] - expected).abs() < 1e-6, "{found:?}");
    }

    #[test]
    fn sums_of_folds_are_those_of_all() {
        let mut parts = [0, 1].map(|_| PositionSums::new(0, 1, 1));
        let mut all = PositionSums::new(0, 1, 1);
        for (image, value) in [1.0, 2.0, 5.0].into_iter().enumerate() {
            parts[image % 2].add_map(&[true], &[value]);
            all.add_map(&[true], &[value]);
        }
        let [mut first, second] = parts;
        first.merge(&second);
        assert_eq!(
            (first.counts, first.values, first.squares),
            (all.counts, all.values, all.squares)
        );
    }

    #[test]
    fn differences_between_positions_explain_as_much_as_they_vary() {
        let explained = |images: &[[f32; 2]]| {
            let mut sums = PositionSums::new(0, 2, 1);
            for image in images {
                sums.add_map(
                    &[true, true, false, false],
                    &[image[0], image[1], 99.0, -7.0],
                );
            }
            sums.explained()
        };
        // Variance 2 within positions, 3 between them.
        assert!((explained(&[[-1.0, 3.0], [1.0, 5.0]]) - 3.0 / 5.0).abs() < 1e-6);
        assert_eq!(explained(&[[1.0, 5.0], [1.0, 5.0]]), 1.0);
        for unknown in [
            &[[-3.0, 3.0], [3.0, -2.0]][..],
            &[[1.0, 5.0]],
            &[],
            &[[2.0, 2.0]; 3],
        ] {
            assert_eq!(explained(unknown), 0.0);
        }
    }

    #[test]
    fn positions_that_differ_by_chance_alone_have_the_levels_mean() {
        assert_eq!(offsets(&[[-3.0, 3.0], [3.0, -2.0]]), [0.0, 0.0]);
        // One image is not enough.
        assert_eq!(offsets(&[[-3.0, 3.0]]), [0.0, 0.0]);
    }

    #[test]
    fn positions_in_the_padding_do_not_count() {
        let sums = |padding: [f32; 2], counts: &[bool]| {
            let mut sums = PositionSums::new(0, 2, 1);
            for (image, padding) in [[-1.0, 3.0], [1.0, 5.0]].iter().zip(padding) {
                sums.add_map(counts, &[image[0], image[1], padding, -padding]);
            }
            sums.offsets()
        };
        let found = sums([99.0, -99.0], &[true, true, false, false]);
        assert_eq!(found[..2], offsets(&[[-1.0, 3.0], [1.0, 5.0]]));
        assert_eq!(found[2..], [0.0, 0.0]);
        // If they counted, they would change the other offsets.
        let counted = sums([99.0, -99.0], &[true; 4]);
        assert_ne!(counted[..2], found[..2]);
    }
}
