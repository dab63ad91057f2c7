//! Distance of an image's pooled features to those of the nearest normal training image.

use std::collections::BTreeMap;

use bgad_flow::Parameter;

use super::covariance::Moments;
use super::kept_tensors::KeptTensors;
use crate::error::Result;
use crate::features::image_features::ImageFeatures;

/// The most normal inputs stored; of more, evenly spaced ones are stored.
#[cfg(feature = "train")]
const MOST_INPUTS: usize = 4096;

/// The standardised pooled features of normal training inputs, joined over all flows.
///
/// A flow measures how likely a vector is as a whole. With few images and many dimensions, the distance to
/// the nearest one adds useful evidence (Bergman, Cohen and Hoshen, *Deep Nearest Neighbor Anomaly
/// Detection*, 2020).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Neighbors {
    moments: Moments,
    /// `[inputs, dimension]`.
    rows: Vec<f32>,
    /// The training input of each row; empty in a model read from a file.
    inputs: Vec<usize>,
}

impl Neighbors {
    /// Neighbours from `rows`, one vector of `dimension` values per normal training input.
    #[cfg(feature = "train")]
    pub fn of(rows: &[f32], dimension: usize) -> Self {
        let moments = Moments::of(rows, dimension).rounded();
        let every = (rows.len() / dimension).div_ceil(MOST_INPUTS).max(1);
        let kept = rows.chunks_exact(dimension).enumerate().step_by(every);
        let (inputs, kept): (Vec<usize>, Vec<&[f32]>) = kept.unzip();
        Self {
            rows: moments.standardize(&kept.concat()),
            moments,
            inputs,
        }
    }

    /// The mean squared difference of an input's pooled features, which start at index `first`, to the
    /// nearest row, ignoring rows of training inputs that are `left_out`; `None` if no row remains. With a
    /// mirrored image it is the mean of both.
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
            // The memory bank's vectors may come after these.
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

    /// Mean, deviation and rows under their names in a model file.
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

    /// Restores the neighbours from a model file.
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
