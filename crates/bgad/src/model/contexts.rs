//! How unusual the surroundings of an image's positions are.

use std::collections::BTreeMap;
use std::ops::Range;
#[cfg(feature = "train")]
use std::path::Path;

use bgad_flow::Parameter;

#[cfg(feature = "train")]
use super::bank_rows::Named;
use super::kept_tensors::KeptTensors;
use super::likelihoods::PositionMap;
use super::memory_bank::MemoryBank;
use super::mirrored;
use super::standardized_rows::StandardizedRows;
use super::wide_means::{OF_MAP, half, wide_means};
#[cfg(feature = "train")]
use crate::config::choices::Granularity;
use crate::error::Result;
use crate::features::neighborhoods::Neighborhoods;

/// Contexts of positions of normal training images.
///
/// The memory bank sees 3 x 3 positions. A wide, faint defect, such as a shadow over half a part, hardly moves any
/// of them, but it moves their mean. A context is the mean of the bank's standardised vectors over about half the
/// map's width. Each vector counts with at most the length of a typical normal one, so that a small, strong defect
/// does not tint its surroundings. Models that score whole images take the mean over nearly the whole map, without that
/// bound.
#[derive(Debug, Clone)]
pub(crate) struct Contexts {
    extent: Extent,
    rows: StandardizedRows,
}

/// What a context takes in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent {
    /// The width of its window, in positions of a map of 32.
    window: usize,
    /// The largest length with which a vector counts, as a root mean square.
    bound: f32,
}

/// The width of windows that show where a defect is: found on magnetic tiles, where 11 to 19 do much the same.
#[cfg(feature = "train")]
const OF_PLACES: usize = 15;
/// The width of windows that judge whole images: a window at the middle covers nearly all of the map.
#[cfg(feature = "train")]
const OF_IMAGES: usize = 31;

impl Extent {
    /// The extent of contexts of positions or of whole images. Whether a whole image is odd is not a question of where,
    /// so that a strong defect counts in full.
    #[cfg(feature = "train")]
    pub fn new(granularity: Granularity, bank: &MemoryBank) -> Self {
        match granularity {
            Granularity::Pixel | Granularity::Both => Self {
                window: OF_PLACES,
                bound: typical_length(bank),
            },
            Granularity::Image => Self {
                window: OF_IMAGES,
                bound: f32::MAX,
            },
        }
    }
}

impl Contexts {
    /// From the contexts, `[contexts, dimension]`, of the training inputs `owners`, in ascending order.
    #[cfg(feature = "train")]
    pub(super) fn new(
        extent: Extent,
        contexts: &[f32],
        dimension: usize,
        owners: Vec<usize>,
    ) -> Self {
        Self {
            extent,
            rows: StandardizedRows::new(contexts, dimension, owners),
        }
    }

    /// Rounds its rows to bytes, where products of bytes take them.
    #[cfg(feature = "train")]
    pub fn round_to_bytes(&mut self) {
        self.rows.round_to_bytes();
    }

    /// From now on, keeps distances in `folder`; `None` stops this.
    #[cfg(feature = "train")]
    pub fn remember_in(&mut self, folder: Option<&Path>) {
        self.rows.remember_in(folder);
    }

    /// The distances of an input's contexts to the nearest normal one, ignoring those of the training inputs
    /// `left_out`; `None` if none remains. With a mirrored image it is the mean of both.
    pub fn distances(
        &self,
        bank: &MemoryBank,
        neighborhoods: &Neighborhoods,
        left_out: &Range<usize>,
    ) -> Option<PositionMap> {
        let left_out = self.rows.of_inputs(left_out)?;
        let side = bank.inputs().side;
        let of = |vectors: &[f32], mirrored: bool| {
            let inside = neighborhoods.inside(side, mirrored);
            let contexts = contexts(bank, self.extent, vectors, &inside);
            self.rows.known(&contexts, left_out.clone())
        };
        Some(mirrored::map(neighborhoods, half(side), of))
    }

    /// The extent, mean, deviation and rows under their names in a model file.
    #[cfg(feature = "train")]
    pub fn parameters(&self) -> Vec<Named> {
        let mut parameters = self.rows.parameters();
        let Extent { window, bound } = self.extent;
        parameters.push((BOUND, vec![1], vec![bound]));
        parameters.push((WINDOW, vec![1], vec![window as f32]));
        parameters
    }

    /// Restores the contexts from a model file.
    pub fn restore(parameters: &mut BTreeMap<String, Parameter>, dimension: usize) -> Result<Self> {
        let mut kept = KeptTensors::of_positions("contexts", parameters, dimension);
        let bound = kept.take(BOUND, |shape| shape == [1], |bound| bound > 0.0)?;
        let widths = |window: f32| window.fract() == 0.0 && (1.0..=MOST).contains(&window);
        let window = kept.take(WINDOW, |shape| shape == [1], widths)?;
        Ok(Self {
            extent: Extent {
                window: window.into_iter().sum::<f32>() as usize,
                bound: bound.into_iter().sum(),
            },
            rows: StandardizedRows::restore(&mut kept)?,
        })
    }
}

/// The contexts, `[positions, dimension]`, of every second column and row of an input with these `vectors` of `bank`.
pub(super) fn contexts(
    bank: &MemoryBank,
    extent: Extent,
    vectors: &[f32],
    inside: &(Range<usize>, Range<usize>),
) -> Vec<f32> {
    let inputs = bank.inputs();
    let dimension = inputs.dimension();
    let moments = bank.moments();
    let bounded = |position: usize, to: &mut [f32]| {
        let vector = &vectors[position * dimension..][..dimension];
        to.iter_mut()
            .zip(moments.standardized(vector))
            .for_each(|(to, value)| *to = value);
        let length = length(to);
        if length > extent.bound {
            to.iter_mut()
                .for_each(|value| *value *= extent.bound / length);
        }
    };
    wide_means(bounded, (inputs.side, dimension), extent.window, inside)
}

/// The median length of normal positions.
#[cfg(feature = "train")]
fn typical_length(bank: &MemoryBank) -> f32 {
    let dimension = bank.inputs().dimension();
    let rows = bank.sample_without(&(0..0));
    let mut lengths: Vec<f32> = rows.chunks_exact(dimension).map(length).collect();
    lengths.sort_unstable_by(f32::total_cmp);
    lengths[lengths.len() / 2].max(f32::MIN_POSITIVE)
}

/// The root mean square.
fn length(vector: &[f32]) -> f32 {
    let squares: f32 = vector.iter().map(|value| value * value).sum();
    (squares / vector.len() as f32).sqrt()
}

/// Names in a model file.
const BOUND: &str = "bound";
const WINDOW: &str = "window";
/// The widest window that a model file may have: more than the whole map.
const MOST: f32 = 2.0 * OF_MAP as f32;
