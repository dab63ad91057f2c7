//! What a level's normal features are on average at each of its positions.

use std::collections::BTreeMap;

use bgad_flow::Parameter;
#[cfg(feature = "train")]
use burn::tensor::{Device, Tensor, TensorData};
#[cfg(feature = "train")]
use rayon::prelude::*;

use crate::error::{Error, Result};
#[cfg(feature = "train")]
use crate::features::extractor::Extractor;
#[cfg(feature = "train")]
use crate::features::flow_inputs::FlowInput;
#[cfg(feature = "train")]
use crate::features::kept_features::KeptFeatures;

/// How far the mean normal features of each position lie from the level's mean, as far as that is
/// no chance.
///
/// Of a position there are only as many features as images. Its mean is drawn towards the level's
/// by the share of the means' differences that so few features make by themselves (James and Stein,
/// *Estimation with quadratic loss*, 1961): on a texture, where positions do not differ, to nothing.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PositionMeans {
    dimension: usize,
    /// `[positions, dimension]`.
    offsets: Vec<f32>,
}

/// The table's name in a model file, after the level's.
const POSITIONS: &str = "scaling.positions";
/// Images that are read beside each other.
const AT_A_TIME: usize = 32;

/// Sums over the images that show something at a position.
struct Sums {
    dimension: usize,
    /// Of each position how many there are.
    counts: Vec<f64>,
    /// `[positions, dimension]`.
    values: Vec<f64>,
    /// Of each channel the squares of all positions.
    squares: Vec<f64>,
}

impl PositionMeans {
    /// Of all normal images' features for input `index`; none of pooled features, which have no
    /// positions. Positions in the padding don't count.
    #[cfg(feature = "train")]
    pub fn of(
        normal: &KeptFeatures,
        (index, input): (usize, &FlowInput),
        extractor: &Extractor,
    ) -> Result<Option<Self>> {
        let Some(side) = input.side else {
            return Ok(None);
        };
        let of_image = |image: &usize| {
            let features = normal.features(*image, extractor)?;
            Ok((features.view.counts(side), features.values(index)?))
        };
        let mut sums = Sums::new(side * side, input.dimension);
        let images: Vec<usize> = (0..normal.len()).collect();
        for images in images.chunks(AT_A_TIME) {
            let features = images
                .par_iter()
                .map(of_image)
                .collect::<Result<Vec<_>>>()?;
            // In the images' order: the same sums whatever was read first.
            for (counts, values) in &features {
                sums.add(counts, values);
            }
        }
        Ok(Some(Self {
            dimension: input.dimension,
            offsets: sums.offsets(),
        }))
    }

    /// Takes them off the features of a whole map, `[positions, dimension]`.
    pub fn take_off(&self, features: &mut [f32]) {
        for (value, offset) in features.iter_mut().zip(&self.offsets) {
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

    /// The table and the name that it has in a model file.
    #[cfg(feature = "train")]
    pub fn parameter(&self) -> (&'static str, TensorData) {
        (POSITIONS, self.table())
    }

    /// As a model file has them, for a map of so many positions.
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
                    format!("of the shape {shape:?}"),
                    format!("[{positions}, {dimension}]"),
                ))
            }
        }
    }
}

impl Sums {
    fn new(positions: usize, dimension: usize) -> Self {
        Self {
            dimension,
            counts: vec![0.0; positions],
            values: vec![0.0; positions * dimension],
            squares: vec![0.0; dimension],
        }
    }

    /// Adds an image's features, `[positions, dimension]`, at the positions that count.
    fn add(&mut self, counts: &[bool], features: &[f32]) {
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

    /// `[positions, dimension]`: each position's mean less the mean of all, times the share of its
    /// variance that is not chance.
    fn offsets(&self) -> Vec<f32> {
        let d = self.dimension;
        let count: f64 = self.counts.iter().sum();
        let seen = self.counts.iter().filter(|count| **count > 0.0).count() as f64;
        let mut offsets = vec![0.0; self.values.len()];
        // Without two features at some position nothing tells chance apart.
        if count <= seen {
            return offsets;
        }
        let positions = || self.counts.iter().enumerate().filter(|(_, n)| **n > 0.0);
        for channel in 0..d {
            let sum = |position: usize| self.values[position * d + channel];
            let mean = positions().map(|(p, _)| sum(p)).sum::<f64>() / count;
            let of_means: f64 = positions().map(|(p, n)| sum(p) * sum(p) / n).sum();
            let within = ((self.squares[channel] - of_means) / (count - seen)).max(0.0);
            let apart: f64 = positions().map(|(p, n)| (sum(p) / n - mean).powi(2)).sum();
            let chance: f64 = positions().map(|(_, n)| within / n).sum();
            let between = ((apart - chance) / seen).max(0.0);
            for (position, n) in positions() {
                let share = match between > 0.0 {
                    true => between / (between + within / n),
                    false => 0.0,
                };
                offsets[position * d + channel] = (share * (sum(position) / n - mean)) as f32;
            }
        }
        offsets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two positions of one channel.
    fn offsets(images: &[[f32; 2]]) -> Vec<f32> {
        let mut sums = Sums::new(2, 1);
        for image in images {
            sums.add(&[true, true], image);
        }
        sums.offsets()
    }

    #[test]
    fn means_are_drawn_towards_the_levels_by_what_chance_makes_of_them() {
        // Means 0 and 4, variance 2 at either: 4 between the means, of which 1 is chance.
        let found = offsets(&[[-1.0, 3.0], [1.0, 5.0]]);
        let expected = 3.0 / 4.0 * 2.0;
        assert!((found[0] + expected).abs() < 1e-6, "{found:?}");
        assert!((found[1] - expected).abs() < 1e-6, "{found:?}");
    }

    #[test]
    fn positions_that_differ_by_chance_alone_have_the_levels_mean() {
        assert_eq!(offsets(&[[-3.0, 3.0], [3.0, -2.0]]), [0.0, 0.0]);
        // One image can't tell.
        assert_eq!(offsets(&[[-3.0, 3.0]]), [0.0, 0.0]);
    }

    #[test]
    fn positions_in_the_padding_do_not_count() {
        let mut sums = Sums::new(3, 1);
        for image in [[-1.0, 3.0, 99.0], [1.0, 5.0, -99.0]] {
            sums.add(&[true, true, false], &image);
        }
        let found = sums.offsets();
        assert_eq!(found[..2], offsets(&[[-1.0, 3.0], [1.0, 5.0]]));
        assert_eq!(found[2], 0.0);
    }
}
