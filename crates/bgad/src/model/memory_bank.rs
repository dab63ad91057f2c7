//! Distances of an image's positions to the nearest normal ones.

use std::collections::BTreeMap;
use std::ops::Range;
#[cfg(feature = "train")]
use std::path::Path;

use bgad_cpu::{Finish, Matrix, MatrixMut, Panels, Start, multiply_panels};
use bgad_flow::Parameter;
use rayon::prelude::*;

use super::covariance::Moments;
#[cfg(feature = "train")]
use super::distance_memo::DistanceMemo;
use super::kept_tensors::KeptTensors;
use super::likelihoods::PositionMap;
use super::mirrored;
use crate::error::Result;
use crate::features::flow_inputs::BankInputs;
use crate::features::image_features::ImageFeatures;

/// Positions whose distances are computed together, so that they stay in the cache.
const CHUNK: usize = 64;

/// Standardised features of positions of normal training images.
///
/// A flow measures how likely a feature is; the nearest normal feature shows whether anything like it was
/// seen (Roth and others, *Towards Total Recall in Industrial Anomaly Detection*, 2022). The latter works
/// better if a part looks different in each place, or a texture has several appearances.
#[derive(Debug, Clone)]
pub(crate) struct MemoryBank {
    inputs: BankInputs,
    moments: Moments,
    /// `[dimension, positions]`.
    rows: Panels,
    /// Squared norm of each row.
    squares: Vec<f32>,
    /// The training input of each row, in ascending order; empty in a model read from a file.
    owners: Vec<usize>,
    /// Stores distances while a model is trained.
    #[cfg(feature = "train")]
    memo: Option<DistanceMemo>,
}

impl MemoryBank {
    /// A bank of `rows`, `[positions, dimension]`, each from one of the training inputs `owners`, in
    /// ascending order.
    #[cfg(feature = "train")]
    pub fn new(inputs: BankInputs, rows: &[f32], owners: Vec<usize>) -> Self {
        let mut moments = Moments::of(rows, inputs.dimension());
        // Rounded as in a model file, so that a model scores the same before and after it is saved.
        for values in [&mut moments.mean, &mut moments.deviation] {
            values.iter_mut().for_each(|v| *v = f64::from(*v as f32));
        }
        let rows = moments.standardize(rows);
        Self::of_standardized(inputs, moments, &rows, owners)
    }

    fn of_standardized(
        inputs: BankInputs,
        moments: Moments,
        rows: &[f32],
        owners: Vec<usize>,
    ) -> Self {
        let dimension = inputs.dimension();
        let count = rows.len() / dimension;
        let square = |row: &[f32]| row.iter().map(|v| v * v).sum();
        Self {
            squares: rows.chunks_exact(dimension).map(square).collect(),
            rows: Panels::new(Matrix::new(rows, count, dimension).transposed()),
            inputs,
            moments,
            owners,
            #[cfg(feature = "train")]
            memo: None,
        }
    }

    /// The levels that its vectors are made from.
    #[cfg(feature = "train")]
    pub fn inputs(&self) -> &BankInputs {
        &self.inputs
    }

    /// The moments that standardised its rows.
    #[cfg(feature = "train")]
    pub fn moments(&self) -> &Moments {
        &self.moments
    }

    /// Its standardised rows, `[rows, dimension]`, without those of the training inputs `left_out`.
    #[cfg(feature = "train")]
    pub fn rows_without(&self, left_out: &Range<usize>) -> Vec<f32> {
        let count = self.squares.len();
        let columns = self.rows.to_row_major();
        let kept = (0..count).filter(|row| {
            let owner = self.owners.get(*row);
            owner.is_none_or(|owner| !left_out.contains(owner))
        });
        let row = |row: usize| columns.iter().skip(row).step_by(count.max(1)).copied();
        kept.flat_map(row).collect()
    }

    /// From now on, keeps distances in `folder`; `None` stops this.
    #[cfg(feature = "train")]
    pub fn remember_in(&mut self, folder: Option<&Path>) {
        let parameters = self.parameters();
        let values = parameters.iter().map(|(_, _, values)| values.as_slice());
        self.memo = folder.map(|folder| DistanceMemo::new(folder, values, &self.owners));
    }

    /// The distances of an input's positions to the nearest row, ignoring rows of the training inputs
    /// `left_out`; `None` if no row remains. With a mirrored image it is the mean of both.
    pub fn distances(
        &self,
        features: &ImageFeatures,
        left_out: Range<usize>,
    ) -> Result<Option<PositionMap>> {
        let begin = self.owners.partition_point(|owner| *owner < left_out.start);
        let end = self.owners.partition_point(|owner| *owner < left_out.end);
        let rows = self.squares.len();
        if begin == 0 && end == rows {
            return Ok(None);
        }
        let mut map = self.known(&features.neighborhoods(&self.inputs)?, begin..end);
        if let Some(mirrored) = features.mirrored_neighborhoods(&self.inputs)? {
            let mirrored = self.known(&mirrored, begin..end);
            mirrored::average(&mut map, &mirrored, self.inputs.side);
        }
        Ok(Some(PositionMap {
            side: self.inputs.side,
            values: map,
        }))
    }

    /// Like [`nearest`](Self::nearest), but reads distances from the folder if they are there.
    fn known(&self, vectors: &[f32], left_out: Range<usize>) -> Vec<f32> {
        #[cfg(feature = "train")]
        if let Some(memo) = &self.memo {
            return memo.recall(vectors, &left_out, || {
                self.nearest(vectors, left_out.clone())
            });
        }
        self.nearest(vectors, left_out)
    }

    /// For each of `vectors`, `[positions, dimension]`, the distance to the nearest row, ignoring the rows
    /// `left_out`.
    fn nearest(&self, vectors: &[f32], left_out: Range<usize>) -> Vec<f32> {
        let dimension = self.inputs.dimension();
        let columns = self.squares.len();
        let vectors = self.moments.standardize(vectors);
        let of_chunk = |chunk: &[f32]| {
            let count = chunk.len() / dimension;
            // |x - b|² = |x|² + |b|² - 2 x · b; one product computes the last two terms.
            let scaled: Vec<f32> = chunk.iter().map(|value| -2.0 * value).collect();
            let mut products = vec![0.0; count * columns];
            multiply_panels(
                Matrix::new(&scaled, count, dimension),
                &self.rows,
                Start::Row(&self.squares),
                Finish::Nothing,
                MatrixMut::new(&mut products, count, columns),
            );
            let rows = chunk
                .chunks_exact(dimension)
                .zip(products.chunks_exact(columns));
            let distance = |(vector, products): (&[f32], &[f32])| {
                let least = match left_out.is_empty() {
                    true => smallest(products),
                    false => {
                        let before = smallest(&products[..left_out.start]);
                        before.min(smallest(&products[left_out.end..]))
                    }
                };
                let square: f32 = vector.iter().map(|value| value * value).sum();
                ((square + least).max(0.0) / dimension as f32).sqrt()
            };
            rows.map(distance).collect::<Vec<f32>>()
        };
        let chunks = vectors.par_chunks(CHUNK * dimension);
        chunks.flat_map_iter(of_chunk).collect()
    }

    /// Mean, deviation and rows under their names in a model file.
    #[cfg(feature = "train")]
    pub fn parameters(&self) -> [(&'static str, Vec<usize>, Vec<f32>); 3] {
        let dimension = self.inputs.dimension();
        let narrow = |values: &[f64]| values.iter().map(|v| *v as f32).collect::<Vec<f32>>();
        let shape = vec![dimension, self.squares.len()];
        [
            (MEAN, vec![dimension], narrow(&self.moments.mean)),
            (DEVIATION, vec![dimension], narrow(&self.moments.deviation)),
            (POSITIONS, shape, self.rows.to_row_major()),
        ]
    }

    /// Restores the bank from a model file.
    pub fn restore(
        parameters: &mut BTreeMap<String, Parameter>,
        inputs: BankInputs,
    ) -> Result<Self> {
        let dimension = inputs.dimension();
        let mut kept = KeptTensors {
            name: "memory_bank",
            parameters,
            dimension,
            of: "a position",
        };
        let moments = Moments {
            mean: kept.channels(MEAN, |_| true)?,
            deviation: kept.channels(DEVIATION, |deviation| deviation > 0.0)?,
        };
        let fits =
            |shape: &[usize]| matches!(shape, [d, positions] if *d == dimension && *positions > 0);
        let columns = kept.take(POSITIONS, fits, |_| true)?;
        let count = columns.len() / dimension;
        let mut rows = vec![0.0; columns.len()];
        for (position, row) in rows.chunks_exact_mut(dimension).enumerate() {
            for (channel, value) in row.iter_mut().enumerate() {
                *value = columns[channel * count + position];
            }
        }
        Ok(Self::of_standardized(inputs, moments, &rows, Vec::new()))
    }
}

/// Names in a model file.
const MEAN: &str = "mean";
const DEVIATION: &str = "deviation";
const POSITIONS: &str = "positions";

/// The smallest of `values`; infinity if there are none.
fn smallest(values: &[f32]) -> f32 {
    bgad_cpu::vectorized(
        #[inline(always)]
        || {
            let (lines, rest) = values.as_chunks::<32>();
            let mut least = [f32::INFINITY; 32];
            for line in lines {
                for (least, value) in least.iter_mut().zip(line) {
                    *least = if *value < *least { *value } else { *least };
                }
            }
            let mut smallest = f32::INFINITY;
            for value in least.iter().chain(rest) {
                smallest = if *value < smallest { *value } else { smallest };
            }
            smallest
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::flow_inputs::BankLevel;

    fn bank(rows: &[f32], owners: Vec<usize>) -> MemoryBank {
        let level = BankLevel {
            index: 0,
            side: 1,
            channels: 2,
        };
        let inputs = BankInputs {
            side: 1,
            levels: vec![level],
        };
        MemoryBank::new(inputs, rows, owners)
    }

    #[test]
    fn the_nearest_position_counts_unless_its_image_is_left_out() {
        // Means 1 and 2, variances 4/3 and 16/3.
        let bank = bank(&[0.0, 0.0, 2.0, 0.0, 0.0, 4.0, 2.0, 4.0], vec![0, 1, 1, 2]);
        let nearest = |x: [f32; 2], left_out| bank.nearest(&x, left_out)[0];
        assert!((nearest([2.0, 2.0], 0..0) - 0.375f32.sqrt()).abs() < 1e-6);
        assert_eq!(nearest([0.0, 0.0], 0..0), 0.0);
        // Rows 1 to 3 remain: the nearest of them differs by 2 in one value.
        assert!((nearest([0.0, 0.0], 0..1) - 1.5f32.sqrt()).abs() < 1e-6);
        assert!((nearest([0.0, 0.0], 0..3) - 3f32.sqrt()).abs() < 1e-6);
    }

    #[test]
    fn a_model_file_has_all_of_it() -> Result<()> {
        let rows: Vec<f32> = (0..74).map(|v| (v * v % 23) as f32).collect();
        let bank = bank(&rows, (0..37).collect());
        let parameters = bank.parameters().into_iter();
        let parameters =
            parameters.map(|(name, shape, values)| (name.to_owned(), Parameter { shape, values }));
        let read = MemoryBank::restore(&mut parameters.collect(), bank.inputs.clone())?;
        let query = [3.0, 4.5, -7.0, 30.0];
        assert_eq!(read.nearest(&query, 0..0), bank.nearest(&query, 0..0));
        Ok(())
    }
}
