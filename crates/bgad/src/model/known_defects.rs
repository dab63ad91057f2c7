//! How much positions look like the defects of abnormal training images.

use std::collections::BTreeMap;

use bgad_flow::Parameter;
#[cfg(feature = "train")]
use rayon::prelude::*;

use super::bank_rows::BankRows;
#[cfg(feature = "train")]
use super::bank_rows::Named;
#[cfg(feature = "train")]
use super::folds::Folds;
use super::kept_tensors::KeptTensors;
use super::likelihoods::PositionMap;
use super::memory_bank::MemoryBank;
use super::mirrored;
use crate::error::Result;
use crate::features::neighborhoods::Neighborhoods;
#[cfg(feature = "train")]
use crate::features::stored_images::StoredImages;

/// The clearest positions of the defects that abnormal training images show.
///
/// A discriminant has one direction for all defects. A position can also be compared with each of them, like the memory
/// bank does with normal positions. *Likeness* is the distance to the nearest position in the bank minus the distance to
/// the nearest one here: high where an image looks like a known defect and not like anything normal.
#[derive(Debug, Clone)]
pub(crate) struct KnownDefects {
    /// Standardised like the bank's rows.
    rows: BankRows,
}

/// What one abnormal training input shows; all vectors are standardised like the memory bank's rows.
#[cfg(feature = "train")]
#[derive(Debug, Clone)]
pub(crate) struct ShownDefect {
    /// The mean vector of its defect, not standardised, for the discriminant.
    pub mean: Vec<f64>,
    /// The vectors of the positions that show it most clearly, `[positions, dimension]`.
    pub clearest: Vec<f32>,
    /// The vectors of the positions around it that the mask calls normal, and their distances to the bank; `None` if
    /// the place of the defect is unknown.
    pub around: Option<(Vec<f32>, Vec<f32>)>,
}

/// Positions stored for each input, at most, and for all of them.
#[cfg(feature = "train")]
const OF_INPUT: usize = 64;
#[cfg(feature = "train")]
const OF_ALL: usize = 2048;
/// How many normal positions the likeness of normal positions is measured on, about.
#[cfg(feature = "train")]
const NORMAL_POSITIONS: usize = 8192;
/// With fewer positions around a defect, they say nothing.
#[cfg(feature = "train")]
const FEWEST_AROUND: usize = 50;
/// The mean surprisal of likeness around defects from which likeness counts for less, and a unit above for nothing. It
/// is 1 where normal training images and normal parts of abnormal images look alike.
#[cfg(feature = "train")]
const LOUD: f32 = 1.5;

/// At most how many positions of each of `inputs` inputs are stored.
#[cfg(feature = "train")]
pub(crate) fn stored_of_each(inputs: usize) -> usize {
    (OF_ALL / inputs.max(1)).clamp(1, OF_INPUT)
}

impl KnownDefects {
    /// The defects in `shown`; `None` if there are none.
    #[cfg(feature = "train")]
    pub fn new<'s>(
        shown: impl IntoIterator<Item = &'s ShownDefect>,
        dimension: usize,
    ) -> Option<Self> {
        let rows: Vec<f32> = shown
            .into_iter()
            .flat_map(|defect| &defect.clearest)
            .copied()
            .collect();
        (!rows.is_empty()).then(|| Self {
            rows: BankRows::new(&rows, dimension),
        })
    }

    /// The likeness of each position of an input with these `distances` to the bank. With a mirrored image it is the
    /// mean of both.
    pub fn likeness(
        &self,
        bank: &MemoryBank,
        neighborhoods: &Neighborhoods,
        distances: &PositionMap,
    ) -> PositionMap {
        let of = |vectors: &[f32], _: bool| {
            let standardized = bank.moments().standardize(vectors);
            self.rows.nearest(&standardized, 0..0)
        };
        let mut map = mirrored::map(neighborhoods, bank.inputs().side, of);
        for (value, of_bank) in map.values.iter_mut().zip(&distances.values) {
            *value = of_bank - *value;
        }
        map
    }

    /// The same for standardised vectors.
    #[cfg(feature = "train")]
    fn likeness_of(&self, (vectors, distances): &(Vec<f32>, Vec<f32>)) -> Vec<f32> {
        let nearest = self.rows.nearest(vectors, 0..0);
        let values = distances.iter().zip(nearest);
        values
            .map(|(of_bank, of_defect)| of_bank - of_defect)
            .collect()
    }

    /// The weight of likeness, from 0 to 1: less if the normal parts of abnormal images also look like the defects of
    /// other abnormal images. They then share something that normal training images lack, such as the day they were
    /// taken on, and likeness would find that instead of defects.
    #[cfg(feature = "train")]
    pub fn weight(
        shown: &[ShownDefect],
        normal: &NormalPositions,
        surprisals: impl Fn(Vec<f32>, &[f32]) -> Option<Vec<f32>> + Sync,
    ) -> f32 {
        let enough = |around: &(Vec<f32>, Vec<f32>)| around.1.len() >= FEWEST_AROUND;
        let mean_surprisal = |index: usize| {
            let around = shown[index].around.as_ref().filter(|of| enough(of))?;
            let others = shown.iter().enumerate();
            // A single defect can only be compared with its own surroundings.
            let others = others.filter(|(other, _)| shown.len() == 1 || *other != index);
            let known = Self::new(others.map(|(_, defect)| defect), normal.dimension)?;
            let of_normal = known.likeness_of(&normal.positions);
            let values = surprisals(of_normal, &known.likeness_of(around))?;
            Some(values.iter().sum::<f32>() / values.len() as f32)
        };
        let means = (0..shown.len()).into_par_iter().map(mean_surprisal);
        let means: Vec<f32> = means.collect::<Vec<_>>().into_iter().flatten().collect();
        if means.is_empty() {
            return 1.0;
        }
        let mean = means.iter().sum::<f32>() / means.len() as f32;
        (LOUD + 1.0 - mean).clamp(0.0, 1.0)
    }

    /// The tensors for a model file, by name.
    #[cfg(feature = "train")]
    pub fn parameters(&self) -> Vec<Named> {
        self.rows.parameters()
    }

    /// Restores the defects from a model file.
    pub fn restore(parameters: &mut BTreeMap<String, Parameter>, dimension: usize) -> Result<Self> {
        let mut kept = KeptTensors {
            name: "known_defects",
            parameters,
            dimension,
            of: "a position",
        };
        Ok(Self {
            rows: BankRows::restore(&mut kept)?,
        })
    }
}

/// A sample of positions of the normal training inputs.
#[cfg(feature = "train")]
pub(crate) struct NormalPositions {
    dimension: usize,
    /// Standardised vectors, and their distances to rows of the bank that are not of the same fold.
    positions: (Vec<f32>, Vec<f32>),
}

#[cfg(feature = "train")]
impl NormalPositions {
    /// Evenly spaced positions of the `normal` inputs in `folds`, about the same number of each.
    pub fn sample(bank: &MemoryBank, normal: &StoredImages, folds: &Folds) -> Result<Self> {
        let inputs = bank.inputs();
        let dimension = inputs.dimension();
        let each = NORMAL_POSITIONS.div_ceil(normal.len().max(1));
        let sampled = normal.each(false, |input, features| {
            let near = features.neighborhoods(inputs)?;
            let counted = features.view.counts(inputs.side).into_iter().enumerate();
            let counted: Vec<usize> = counted
                .filter_map(|(position, counts)| counts.then_some(position))
                .collect();
            let step = counted.len().div_ceil(each).max(1);
            // An odd step rarely divides the width, so that all columns are sampled.
            let step = if step > 1 { step | 1 } else { 1 };
            let rows = counted.into_iter().step_by(step);
            let rows = rows.flat_map(|position| &near.vectors[position * dimension..][..dimension]);
            let rows: Vec<f32> = rows.copied().collect();
            let distances = bank.nearest(&rows, &folds.held_out_with(input));
            let standardized = bank.moments().standardize(&rows);
            Ok(distances.map(|distances| (standardized, distances)))
        })?;
        let (vectors, distances): (Vec<_>, Vec<_>) = sampled.into_iter().flatten().unzip();
        Ok(Self {
            dimension,
            positions: (vectors.concat(), distances.concat()),
        })
    }
}

#[cfg(all(test, feature = "train"))]
mod tests {
    use super::*;

    /// One position of two values and its distance to the bank, 200 times.
    fn positions(value: f32, distance: f32) -> (Vec<f32>, Vec<f32>) {
        let each = |at: usize| [value + 0.001 * at as f32, 0.0];
        ((0..200).flat_map(each).collect(), vec![distance; 200])
    }

    fn defect(value: f32, around: (Vec<f32>, Vec<f32>)) -> ShownDefect {
        ShownDefect {
            mean: vec![0.0; 2],
            clearest: vec![value, 0.0],
            around: Some(around),
        }
    }

    /// Minus the logarithm of the share of normal values that are as high.
    fn surprisals(mut normal: Vec<f32>, values: &[f32]) -> Option<Vec<f32>> {
        normal.sort_unstable_by(f32::total_cmp);
        let surprisal = |value: &f32| {
            let above = normal.len() - normal.partition_point(|normal| normal < value);
            -((above as f32 + 0.5) / (normal.len() as f32 + 0.5)).ln()
        };
        Some(values.iter().map(surprisal).collect())
    }

    #[test]
    fn likeness_counts_unless_it_also_finds_what_is_normal() {
        let normal = NormalPositions {
            dimension: 2,
            positions: positions(0.0, 0.5),
        };
        let weight = |around: f32| {
            let shown = [9.0, 8.0].map(|value| defect(value, positions(around, 0.5)));
            KnownDefects::weight(&shown, &normal, surprisals)
        };
        // Around the defects it looks like normal images, or like the defects themselves.
        assert_eq!((weight(0.0), weight(7.0)), (1.0, 0.0));
        let unplaced = ShownDefect {
            around: None,
            ..defect(9.0, positions(7.0, 0.5))
        };
        assert_eq!(KnownDefects::weight(&[unplaced], &normal, surprisals), 1.0);
    }

    #[test]
    fn the_number_stored_has_a_limit() {
        assert_eq!(
            [1, 10, 64, 1000, 9000].map(stored_of_each),
            [64, 64, 32, 2, 1]
        );
    }
}
