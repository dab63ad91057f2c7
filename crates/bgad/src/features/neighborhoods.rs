//! Computes the vectors of positions for the memory bank and for Gaussians.
//!
//! Levels are joined at the finest one's resolution. For the bank, features are first averaged over 3 x 3 positions, as
//! in PatchCore (Roth and others, *Towards Total Recall in Industrial Anomaly Detection*, 2022, section 3.1).

use std::borrow::Cow;
use std::ops::Range;

use super::flow_inputs::BankInputs;
use super::image_features::ImageFeatures;
use super::rows::upsample;
use crate::error::Result;
use crate::input::view::View;

/// What a position's vector describes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Reach {
    /// The mean of 3 x 3 positions.
    Neighborhood,
    /// The position alone.
    Position,
}

/// Joins the vectors of each level of `bank` into `[side · side, dimension]`.
pub(super) fn joined<'a>(
    bank: &BankInputs,
    reach: Reach,
    levels: impl IntoIterator<Item = &'a [f32]>,
) -> Vec<f32> {
    let dimension = bank.dimension();
    let mut joined = vec![0.0; bank.side * bank.side * dimension];
    let mut first = 0;
    for (level, values) in bank.levels.iter().zip(levels) {
        let mut values = Cow::Borrowed(values);
        if let Reach::Neighborhood = reach {
            values = means(&values, level.side, level.channels).into();
        }
        if level.side != bank.side {
            values = upsample(&values, level.side, bank.side, level.channels).into();
        }
        let rows = joined.chunks_exact_mut(dimension);
        for (row, values) in rows.zip(values.chunks_exact(level.channels)) {
            row[first..][..level.channels].copy_from_slice(values);
        }
        first += level.channels;
    }
    joined
}

/// The vectors of an input's positions.
pub(crate) struct Neighborhoods {
    /// `[side · side, dimension]`.
    pub vectors: Vec<f32>,
    /// The same for the mirrored image, if it is used.
    pub mirrored: Option<Vec<f32>>,
    /// The view of the image.
    pub view: View,
}

impl Neighborhoods {
    /// Columns and rows of `side` by `side` positions that lie in the image, or in the mirrored one.
    pub fn inside(&self, side: usize, mirrored: bool) -> (Range<usize>, Range<usize>) {
        match mirrored {
            true => self.view.mirrored().positions(side),
            false => self.view.positions(side),
        }
    }
}

impl ImageFeatures {
    /// The vectors for the memory bank.
    pub fn neighborhoods(&self, bank: &BankInputs) -> Result<Neighborhoods> {
        self.joined(bank, Reach::Neighborhood)
    }

    /// The vectors of the levels of `bank`.
    pub fn joined(&self, bank: &BankInputs, reach: Reach) -> Result<Neighborhoods> {
        let levels = bank.levels.iter().map(|level| self.values(level.index));
        let levels = levels.collect::<Result<Vec<_>>>()?;
        let mirrored = bank.levels.iter();
        let mirrored = mirrored.map(|level| self.mirrored_values(level.index));
        let mirrored = mirrored.collect::<Result<Option<Vec<_>>>>()?;
        Ok(Neighborhoods {
            vectors: joined(bank, reach, levels.iter().map(Vec::as_slice)),
            mirrored: mirrored.map(|levels| joined(bank, reach, levels.iter().map(Vec::as_slice))),
            view: self.view,
        })
    }
}

/// The mean of 3 x 3 positions around each position of `[side · side, channels]`, with zeros beyond the border.
pub(crate) fn means(values: &[f32], side: usize, channels: usize) -> Vec<f32> {
    let line = side * channels;
    // First along rows, then along columns.
    let mut along = values.to_vec();
    bgad_cpu::vectorized(|| {
        for (sums, values) in along.chunks_exact_mut(line).zip(values.chunks_exact(line)) {
            add(&mut sums[channels..], &values[..line - channels]);
            add(&mut sums[..line - channels], &values[channels..]);
        }
    });
    let mut means = along.clone();
    let all = along.len();
    bgad_cpu::vectorized(|| {
        add(&mut means[line..], &along[..all - line]);
        add(&mut means[..all - line], &along[line..]);
        means.iter_mut().for_each(|sum| *sum *= 1.0 / 9.0);
    });
    means
}

/// Adds each value to its sum.
#[inline(always)]
pub(crate) fn add(sums: &mut [f32], values: &[f32]) {
    sums.iter_mut()
        .zip(values)
        .for_each(|(sum, value)| *sum += value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_are_of_three_by_three_positions() {
        let values: Vec<f32> = (1..=9).map(|v| v as f32 * 9.0).collect();
        let found = means(&values, 3, 1);
        assert_eq!(found[4], 45.0);
        // Positions 1, 2, 4 and 5.
        assert_eq!(found[0], 12.0);
    }
}
