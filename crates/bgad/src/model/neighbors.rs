//! How far an image's pooled features lie from those of the nearest normal training image.

use std::collections::BTreeMap;

use bgad_flow::Parameter;

use super::covariance::Moments;
use super::kept_tensors::KeptTensors;
use crate::error::Result;
use crate::features::image_features::ImageFeatures;

/// Of more normal inputs than that, evenly spaced ones are kept.
#[cfg(feature = "train")]
const MOST_INPUTS: usize = 4096;

/// The pooled features of normal training inputs, all flows' in one vector, standardised.
///
/// A flow says how likely a vector is as a whole; among few images and many dimensions the nearest
/// one is a good witness beside it (Bergman, Cohen and Hoshen, *Deep Nearest Neighbor Anomaly
/// Detection*, 2020).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Neighbors {
    moments: Moments,
    /// `[inputs, dimension]`.
    rows: Vec<f32>,
    /// The training input that each row is of; empty in a model that was read from a file.
    inputs: Vec<usize>,
}

impl Neighbors {
    /// Of `rows`, a vector of `dimension` values for each normal training input.
    #[cfg(feature = "train")]
    pub fn of(rows: &[f32], dimension: usize) -> Self {
        let mut moments = Moments::of(rows, dimension);
        // As a model file keeps them: a model scores alike before it is saved and after.
        for values in [&mut moments.mean, &mut moments.deviation] {
            values.iter_mut().for_each(|v| *v = f64::from(*v as f32));
        }
        let every = (rows.len() / dimension).div_ceil(MOST_INPUTS).max(1);
        let kept = rows.chunks_exact(dimension).enumerate().step_by(every);
        let (inputs, kept): (Vec<usize>, Vec<&[f32]>) = kept.unzip();
        Self {
            rows: moments.standardize(&kept.concat()),
            moments,
            inputs,
        }
    }

    /// The mean squared difference of an input's pooled features, those from number `first` on, to
    /// the nearest row, but for rows of training inputs that `left_out` is true for; none where no
    /// row is left. With a mirrored image the mean of both.
    pub fn distance(
        &self,
        features: &ImageFeatures,
        first: usize,
        left_out: impl Fn(usize) -> bool,
    ) -> Result<Option<f32>> {
        let mut own = Vec::new();
        let mut mirrored = Vec::new();
        let width = self.moments.mean.len();
        for index in first..features.len() {
            // The memory bank's vectors may follow.
            if own.len() >= width {
                break;
            }
            own.extend(features.values(index)?);
            mirrored.extend(features.mirrored_values(index)?.unwrap_or_default());
        }
        let own = self.nearest(&own, &left_out);
        Ok(match mirrored.is_empty() {
            true => own,
            false => {
                let mirrored = self.nearest(&mirrored, &left_out);
                own.zip(mirrored).map(|(own, other)| (own + other) / 2.0)
            }
        })
    }

    fn nearest(&self, vector: &[f32], left_out: impl Fn(usize) -> bool) -> Option<f32> {
        let vector = self.moments.standardize(vector);
        let rows = self.rows.chunks_exact(vector.len().max(1)).enumerate();
        let rows = rows.filter(|(row, _)| self.inputs.get(*row).is_none_or(|i| !left_out(*i)));
        let distances = rows.map(|(_, row)| {
            let squares = row.iter().zip(&vector).map(|(a, b)| (a - b) * (a - b));
            squares.map(f64::from).sum::<f64>() / vector.len() as f64
        });
        distances.reduce(f64::min).map(|distance| distance as f32)
    }

    /// Mean, deviation and rows by the names that they have in a model file.
    #[cfg(feature = "train")]
    pub fn parameters(&self) -> [(&'static str, Vec<usize>, Vec<f32>); 3] {
        let dimension = self.moments.mean.len();
        let narrow = |values: &[f64]| values.iter().map(|v| *v as f32).collect::<Vec<f32>>();
        let inputs = self.rows.len() / dimension.max(1);
        [
            (MEAN, vec![dimension], narrow(&self.moments.mean)),
            (DEVIATION, vec![dimension], narrow(&self.moments.deviation)),
            (ROWS, vec![inputs, dimension], self.rows.clone()),
        ]
    }

    /// What a model file has.
    pub fn restore(parameters: &mut BTreeMap<String, Parameter>, dimension: usize) -> Result<Self> {
        let mut kept = KeptTensors {
            name: "neighbors",
            parameters,
            dimension,
            of: "an image",
        };
        let fits = |shape: &[usize]| matches!(shape, [inputs, d] if *d == dimension && *inputs > 0);
        Ok(Self {
            moments: Moments {
                mean: kept.channels(MEAN, |_| true)?,
                deviation: kept.channels(DEVIATION, |deviation| deviation > 0.0)?,
            },
            rows: kept.take(ROWS, fits, |_| true)?,
            inputs: Vec::new(),
        })
    }
}

/// Names in a model file.
const MEAN: &str = "mean";
const DEVIATION: &str = "deviation";
const ROWS: &str = "rows";

#[cfg(all(test, feature = "train"))]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_row_counts_unless_it_is_left_out() {
        let neighbors = Neighbors::of(&[0.0, 0.0, 2.0, 0.0, 0.0, 4.0, 2.0, 4.0], 2);
        // Means 1 and 2, variances 4/3 and 16/3.
        let near = neighbors.nearest(&[2.0, 2.0], |_| false);
        assert!(
            near.is_some_and(|distance| (distance - 0.375).abs() < 1e-6),
            "{near:?}"
        );
        assert_eq!(neighbors.nearest(&[0.0, 0.0], |_| false), Some(0.0));
        let other = neighbors.nearest(&[0.0, 0.0], |input| input == 0);
        assert!(
            other.is_some_and(|distance| (distance - 1.5).abs() < 1e-6),
            "{other:?}"
        );
        assert_eq!(neighbors.nearest(&[0.0, 0.0], |_| true), None);
    }
}
