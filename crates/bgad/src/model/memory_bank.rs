//! How far the positions of an image lie from the nearest normal ones.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
#[cfg(feature = "train")]
use std::path::Path;

use bgad_cpu::{Finish, Matrix, MatrixMut, Panels, Start, multiply_panels};
use bgad_flow::Parameter;
use rayon::prelude::*;

use super::byte_rows::ByteRows;
use super::covariance::Moments;
#[cfg(feature = "train")]
use super::distance_memo::DistanceMemo;
use super::kept_tensors::KeptTensors;
use super::likelihoods::PositionMap;
use super::mirrored;
use crate::error::{Error, Result};
use crate::features::flow_inputs::BankInputs;
use crate::features::image_features::ImageFeatures;

/// Positions whose distances are computed at once, so that they stay in the cache.
const CHUNK: usize = 64;
/// The same where rows are in bytes.
const BYTE_CHUNK: usize = 96;

/// Features of positions of normal training images, standardised.
///
/// A flow says how likely a feature is; the nearest normal one says whether anything like it has been
/// seen (Roth and others, *Towards Total Recall in Industrial Anomaly Detection*, 2022). Where a part
/// looks different in each place, or a texture has several appearances, the second is the better
/// witness.
#[derive(Debug, Clone)]
pub(crate) struct MemoryBank {
    inputs: BankInputs,
    moments: Moments,
    rows: BankRows,
    /// Each row's squared length.
    squares: Vec<f32>,
    /// The training input that each row is of, in rising order; empty in a model that was read from a
    /// file.
    owners: Vec<usize>,
    /// Where distances are looked up while a model is trained.
    #[cfg(feature = "train")]
    memo: Option<DistanceMemo>,
}

/// The rows of a memory bank.
#[derive(Debug, Clone)]
enum BankRows {
    /// `[dimension, positions]`.
    Single(Panels),
    Bytes(Box<ByteRows>),
}

impl MemoryBank {
    /// Of `rows`, `[positions, dimension]`, each of one of the training inputs `owners`, in rising
    /// order.
    #[cfg(feature = "train")]
    pub fn new(inputs: BankInputs, rows: &[f32], owners: Vec<usize>) -> Self {
        let mut moments = Moments::of(rows, inputs.dimension());
        // As a model file keeps them: a model scores alike before it is saved and after.
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
            rows: BankRows::Single(Panels::new(
                Matrix::new(rows, count, dimension).transposed(),
            )),
            inputs,
            moments,
            owners,
            #[cfg(feature = "train")]
            memo: None,
        }
    }

    /// Rounds its rows to bytes; without effect where products of bytes don't take them.
    #[cfg(feature = "train")]
    pub fn round_to_bytes(&mut self) {
        let dimension = self.inputs.dimension();
        if let Some(rows) = ByteRows::round(&self.rows_without(&(0..0)), dimension) {
            let square = |row: &[f32]| row.iter().map(|v| v * v).sum();
            let rounded = rows.rows();
            self.squares = rounded.chunks_exact(dimension).map(square).collect();
            self.rows = BankRows::Bytes(Box::new(rows));
        }
    }

    /// What its vectors are made of.
    #[cfg(feature = "train")]
    pub fn inputs(&self) -> &BankInputs {
        &self.inputs
    }

    /// What its rows were standardised by.
    #[cfg(feature = "train")]
    pub fn moments(&self) -> &Moments {
        &self.moments
    }

    /// Its standardised rows, `[rows, dimension]`, but for those of the training inputs `left_out`.
    #[cfg(feature = "train")]
    pub fn rows_without(&self, left_out: &Range<usize>) -> Vec<f32> {
        let count = self.squares.len();
        let columns = match &self.rows {
            BankRows::Single(panels) => panels.to_row_major(),
            BankRows::Bytes(rows) => {
                let (dimension, rows) = (self.inputs.dimension(), rows.rows());
                Matrix::new(&rows, count, dimension).transposed().to_vec()
            }
        };
        let kept = (0..count).filter(|row| {
            let owner = self.owners.get(*row);
            owner.is_none_or(|owner| !left_out.contains(owner))
        });
        let row = |row: usize| columns.iter().skip(row).step_by(count.max(1)).copied();
        kept.flat_map(row).collect()
    }

    /// Keeps distances in `folder` from now on, or no longer.
    #[cfg(feature = "train")]
    pub fn remember_in(&mut self, folder: Option<&Path>) {
        let parameters = self.parameters();
        let values = parameters.iter().map(|(_, _, values)| values.as_slice());
        self.memo = folder.map(|folder| DistanceMemo::new(folder, values, &self.owners));
    }

    /// The distances of an input's positions to the nearest row that is of none of the training inputs
    /// `left_out`; none where no other is left. With a mirrored image the mean of both.
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

    /// As [`nearest`](Self::nearest), of vectors of before from the folder.
    fn known(&self, vectors: &[f32], left_out: Range<usize>) -> Vec<f32> {
        #[cfg(feature = "train")]
        if let Some(memo) = &self.memo {
            return memo.recall(vectors, &left_out, || {
                self.nearest(vectors, left_out.clone())
            });
        }
        self.nearest(vectors, left_out)
    }

    /// Of each of `vectors`, `[positions, dimension]`, the distance to the nearest row but for those of
    /// `left_out`.
    fn nearest(&self, vectors: &[f32], left_out: Range<usize>) -> Vec<f32> {
        let dimension = self.inputs.dimension();
        let columns = self.squares.len();
        let vectors = self.moments.standardize(vectors);
        let panels = match &self.rows {
            BankRows::Single(panels) => panels,
            BankRows::Bytes(rows) => return self.nearest_bytes(rows, &vectors, left_out),
        };
        let of_chunk = |chunk: &[f32]| {
            let count = chunk.len() / dimension;
            // |x - b|² = |x|² + |b|² - 2 x · b, of which the last two are a product.
            let scaled: Vec<f32> = chunk.iter().map(|value| -2.0 * value).collect();
            let mut products = vec![0.0; count * columns];
            multiply_panels(
                Matrix::new(&scaled, count, dimension),
                panels,
                Start::Row(&self.squares),
                Finish::Nothing,
                MatrixMut::new(&mut products, count, columns),
            );
            let rows = chunk
                .chunks_exact(dimension)
                .zip(products.chunks_exact(columns));
            let of_row = |(vector, products): (&[f32], &[f32])| {
                let least = match left_out.is_empty() {
                    true => smallest(products),
                    false => {
                        let before = smallest(&products[..left_out.start]);
                        before.min(smallest(&products[left_out.end..]))
                    }
                };
                distance(vector, least)
            };
            rows.map(of_row).collect::<Vec<f32>>()
        };
        let chunks = vectors.par_chunks(CHUNK * dimension);
        chunks.flat_map_iter(of_chunk).collect()
    }

    /// The same of standardised vectors and of rows in bytes.
    fn nearest_bytes(&self, rows: &ByteRows, vectors: &[f32], left_out: Range<usize>) -> Vec<f32> {
        let dimension = self.inputs.dimension();
        let mut starts = Cow::Borrowed(&self.squares);
        if !left_out.is_empty() {
            starts.to_mut()[left_out].fill(f32::INFINITY);
        }
        let of_chunk = |chunk: &[f32]| {
            let least = rows.least(chunk, &starts).into_iter();
            let vectors = chunk.chunks_exact(dimension);
            let distances = vectors.zip(least);
            distances
                .map(|(vector, least)| distance(vector, least))
                .collect::<Vec<f32>>()
        };
        let chunks = vectors.par_chunks(BYTE_CHUNK * dimension);
        chunks.flat_map_iter(of_chunk).collect()
    }

    /// Mean, deviation and rows by the names that they have in a model file.
    #[cfg(feature = "train")]
    pub fn parameters(&self) -> Vec<(&'static str, Vec<usize>, Vec<f32>)> {
        let dimension = self.inputs.dimension();
        let narrow = |values: &[f64]| values.iter().map(|v| *v as f32).collect::<Vec<f32>>();
        let shape = vec![dimension, self.squares.len()];
        let mut parameters = vec![
            (MEAN, vec![dimension], narrow(&self.moments.mean)),
            (DEVIATION, vec![dimension], narrow(&self.moments.deviation)),
        ];
        match &self.rows {
            BankRows::Single(panels) => parameters.push((POSITIONS, shape, panels.to_row_major())),
            BankRows::Bytes(rows) => {
                let (positions, scales) = rows.parameters();
                parameters.push((POSITIONS, shape, positions));
                parameters.push((SCALES, vec![scales.len()], scales));
            }
        }
        parameters
    }

    /// What a model file has.
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
        let scales = match kept.parameters.contains_key(SCALES) {
            true => Some(kept.take(SCALES, |shape| shape == [count], |scale| scale > 0.0)?),
            false => None,
        };
        if let Some(scales) = scales {
            return Self::of_bytes(inputs, moments, &columns, scales);
        }
        let mut rows = vec![0.0; columns.len()];
        for (position, row) in rows.chunks_exact_mut(dimension).enumerate() {
            for (channel, value) in row.iter_mut().enumerate() {
                *value = columns[channel * count + position];
            }
        }
        Ok(Self::of_standardized(inputs, moments, &rows, Vec::new()))
    }
}

impl MemoryBank {
    /// Of whole numbers, `[dimension, positions]`, and the positions' scales.
    fn of_bytes(
        inputs: BankInputs,
        moments: Moments,
        columns: &[f32],
        scales: Vec<f32>,
    ) -> Result<Self> {
        let (dimension, count) = (inputs.dimension(), scales.len());
        let refused = |found: String| {
            let expected = "whole numbers from -127 to 127 that products of bytes take";
            Err(Error::state("memory_bank.positions", found, expected))
        };
        let whole = |value: &&f32| value.fract() != 0.0 || value.abs() > 127.0;
        if let Some(other) = columns.iter().find(whole) {
            return refused(other.to_string());
        }
        let mut squares = vec![0.0; count];
        for channel in columns.chunks_exact(count) {
            for ((square, value), scale) in squares.iter_mut().zip(channel).zip(&scales) {
                *square += (value * scale) * (value * scale);
            }
        }
        let columns = columns.iter().map(|value| *value as i8).collect();
        let Some(rows) = ByteRows::new(columns, scales, dimension) else {
            return refused("larger ones".to_owned());
        };
        Ok(Self {
            squares,
            rows: BankRows::Bytes(Box::new(rows)),
            inputs,
            moments,
            owners: Vec::new(),
            #[cfg(feature = "train")]
            memo: None,
        })
    }
}

/// The distance of a vector of which `least` is the least of `|row|² - 2 · vector · row`, a dimension.
fn distance(vector: &[f32], least: f32) -> f32 {
    let square: f32 = vector.iter().map(|value| value * value).sum();
    ((square + least).max(0.0) / vector.len() as f32).sqrt()
}

/// Names in a model file.
const MEAN: &str = "mean";
const DEVIATION: &str = "deviation";
const POSITIONS: &str = "positions";
const SCALES: &str = "scales";

/// The smallest of `values`; infinity of none.
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
        // Rows 1 to 3 are left: the nearest of them differs in one value by 2.
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
