//! How much positions look like the defects of abnormal training images.

use std::collections::BTreeMap;
#[cfg(feature = "train")]
use std::path::PathBuf;

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
    /// The image that it is part of: tiles of one image are not independent.
    pub image: PathBuf,
    /// The vectors of the positions that show it most clearly, `[positions, dimension]`.
    pub clearest: Vec<f32>,
    /// The vectors of some positions around it that the mask calls normal, and their distances to the bank; `None` if
    /// the place of the defect is unknown or there are too few.
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
        // One position each of thousands of tiles is still too many.
        let step = (rows.len() / dimension).div_ceil(OF_ALL).max(1);
        let rows = rows.chunks_exact(dimension).step_by(step);
        let rows: Vec<f32> = rows.flatten().copied().collect();
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
        map.values = likeness(&distances.values, &map.values);
        map
    }

    /// The same for standardised vectors.
    #[cfg(feature = "train")]
    fn likeness_of(&self, (vectors, distances): &(Vec<f32>, Vec<f32>)) -> Vec<f32> {
        likeness(distances, &self.rows.nearest(vectors, 0..0))
    }

    /// The weight of likeness, from 0 to 1: less if the normal parts of abnormal images also look like the defects of
    /// other abnormal images. They then share something that normal training images lack, such as the day they were
    /// taken on, and likeness would find that instead of defects.
    #[cfg(feature = "train")]
    pub fn weight(
        shown: &[ShownDefect],
        normal: &NormalPositions,
        surprisals: impl Fn(Vec<f32>, Vec<f32>) -> Option<Vec<f32>> + Sync,
    ) -> f32 {
        // The defects of a single image can only be compared with its own surroundings.
        let alone = shown.iter().all(|defect| defect.image == shown[0].image);
        let mean_surprisal = |defect: &ShownDefect| {
            let around = defect.around.as_ref()?;
            let others = shown.iter();
            let others = others.filter(|other| alone || other.image != defect.image);
            let known = Self::new(others, normal.dimension)?;
            let of_normal = known.likeness_of(&normal.positions);
            let values = surprisals(of_normal, known.likeness_of(around))?;
            Some(values.iter().sum::<f32>() / values.len() as f32)
        };
        let means = shown.par_iter().map(mean_surprisal);
        let means: Vec<f32> = means.collect::<Vec<_>>().into_iter().flatten().collect();
        if means.is_empty() {
            return 1.0;
        }
        let mean = means.iter().sum::<f32>() / means.len() as f32;
        (LOUD + 1.0 - mean).clamp(0.0, 1.0)
    }

    /// Its vectors as they were before `bank` standardised them, `[positions, dimension]`.
    #[cfg(feature = "train")]
    pub fn vectors(&self, bank: &MemoryBank) -> Vec<f32> {
        let count = self.rows.count();
        let columns = self.rows.columns();
        let moments = bank.moments();
        let scales = || moments.mean.iter().zip(&moments.deviation);
        let of_row = |row: usize| {
            let values = columns.iter().skip(row).step_by(count).zip(scales());
            values.map(|(value, (mean, deviation))| (f64::from(*value) * deviation + mean) as f32)
        };
        (0..count).flat_map(of_row).collect()
    }

    /// The defects at these `vectors`, `[positions, dimension]`, standardised by another bank.
    #[cfg(feature = "train")]
    pub fn of_vectors(vectors: &[f32], bank: &MemoryBank) -> Self {
        let dimension = bank.inputs().dimension();
        Self {
            rows: BankRows::new(&bank.moments().standardize(vectors), dimension),
        }
    }

    /// The tensors for a model file, by name.
    #[cfg(feature = "train")]
    pub fn parameters(&self) -> Vec<Named> {
        self.rows.parameters()
    }

    /// Restores the defects from a model file.
    pub fn restore(parameters: &mut BTreeMap<String, Parameter>, dimension: usize) -> Result<Self> {
        let mut kept = KeptTensors::of_positions("known_defects", parameters, dimension);
        Ok(Self {
            rows: BankRows::restore(&mut kept)?,
        })
    }
}

/// The distances to the bank minus those to the nearest known defect.
fn likeness(of_bank: &[f32], of_defects: &[f32]) -> Vec<f32> {
    let pairs = of_bank.iter().zip(of_defects);
    pairs
        .map(|(of_bank, of_defect)| of_bank - of_defect)
        .collect()
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
    use crate::input::view::View;
    use crate::model::memory_bank::tests::of_one_position;

    /// One position of two values and its distance to the bank, 200 times.
    fn positions(value: f32, distance: f32) -> (Vec<f32>, Vec<f32>) {
        let each = |at: usize| [value + 0.001 * at as f32, 0.0];
        ((0..200).flat_map(each).collect(), vec![distance; 200])
    }

    fn defect(image: &str, value: f32, around: f32) -> ShownDefect {
        ShownDefect {
            mean: vec![0.0; 2],
            image: image.into(),
            clearest: vec![value, 0.0],
            around: Some(positions(around, 0.5)),
        }
    }

    /// Minus the logarithm of the share of normal values that are as high.
    fn surprisals(mut normal: Vec<f32>, values: Vec<f32>) -> Option<Vec<f32>> {
        normal.sort_unstable_by(f32::total_cmp);
        let surprisal = |value: &f32| {
            let above = normal.len() - normal.partition_point(|normal| normal < value);
            -((above as f32 + 0.5) / (normal.len() as f32 + 0.5)).ln()
        };
        Some(values.iter().map(surprisal).collect())
    }

    fn weight(shown: &[ShownDefect]) -> f32 {
        let normal = NormalPositions {
            dimension: 2,
            positions: positions(0.0, 0.5),
        };
        KnownDefects::weight(shown, &normal, surprisals)
    }

    #[test]
    fn likeness_counts_unless_it_also_finds_what_is_normal() {
        let two = |around| [defect("a", 9.0, around), defect("b", 8.0, around)];
        // Around the defects it looks like normal images, or like the defects themselves.
        assert_eq!((weight(&two(0.0)), weight(&two(7.0))), (1.0, 0.0));
        let unplaced = ShownDefect {
            around: None,
            ..defect("a", 9.0, 7.0)
        };
        assert_eq!(weight(&[unplaced]), 1.0);
    }

    #[test]
    fn an_image_is_compared_with_others_or_else_with_itself() {
        // Alone, what lies around its defect looks like it.
        let alone = [defect("a", 9.0, 8.0)];
        assert_eq!(weight(&alone), 0.0);
        // So do two tiles of one image.
        assert_eq!(
            weight(&[defect("a", 9.0, 8.0), defect("a", -9.0, 8.0)]),
            0.0
        );
        // Beside another image, whose defect lies on the other side, it is not compared with its own.
        let both = [defect("a", 9.0, 8.0), defect("b", -9.0, -8.0)];
        assert_eq!(weight(&both), 1.0);
        // Nor with other tiles of its own image.
        let tiles = [
            defect("a", 9.0, 8.0),
            defect("a", 8.5, 8.0),
            defect("b", -9.0, -8.0),
        ];
        assert_eq!(weight(&tiles), 1.0);
    }

    #[test]
    fn the_number_stored_has_a_limit() -> std::result::Result<(), &'static str> {
        assert_eq!([1, 10, 64, 1000].map(stored_of_each), [64, 64, 32, 2]);
        let many: Vec<ShownDefect> = (0..5000).map(|at| defect("a", at as f32, 0.0)).collect();
        let known = KnownDefects::new(&many, 2).ok_or("none")?;
        assert!((1000..=OF_ALL).contains(&known.rows.count()));
        Ok(())
    }

    /// A bank of one position with these rows of two values.
    fn bank(rows: &[f32]) -> MemoryBank {
        of_one_position(rows, (0..rows.len() / 2).collect())
    }

    #[test]
    fn likeness_is_high_near_a_defect_in_a_model_file_and_with_another_bank()
    -> std::result::Result<(), Box<dyn std::error::Error>> {
        let own = bank(&[0.0, 0.0, 2.0, 0.0, 0.0, 4.0, 2.0, 4.0]);
        let other = bank(&[1.0, 5.0, 9.0, -5.0, 3.0, 6.0, 2.0, 40.0]);
        let raw = [7.0, 9.0, -3.0, 1.0];
        let known = KnownDefects::of_vectors(&raw, &own);
        let likeness = |known: &KnownDefects, bank: &MemoryBank, vector: [f32; 2]| {
            let near = Neighborhoods {
                vectors: vector.to_vec(),
                mirrored: None,
                view: View::stretched(8),
            };
            let distances = bank.distances(&near, &(0..0))?;
            Some(known.likeness(bank, &near, &distances).values[0])
        };
        let at = |x, y| likeness(&known, &own, [x, y]).ok_or("no distance");
        // Zero distance to the defect: what remains is the distance to the bank.
        let far = own.nearest(&[7.0, 9.0], &(0..0)).ok_or("no distance")?[0];
        assert!((at(7.0, 9.0)? - far).abs() < 1e-3);
        assert!(at(2.0, 4.0)? < 0.0);
        let parameters = known.parameters().into_iter();
        let parameters =
            parameters.map(|(name, shape, values)| (name.to_owned(), Parameter { shape, values }));
        let read = KnownDefects::restore(&mut parameters.collect(), 2)?;
        assert_eq!(
            likeness(&read, &own, [5.0, 5.0]),
            likeness(&known, &own, [5.0, 5.0])
        );
        // The same defects, standardised by another bank.
        let moved = KnownDefects::of_vectors(&known.vectors(&own), &other);
        let far = other.nearest(&[7.0, 9.0], &(0..0)).ok_or("no distance")?[0];
        let found = likeness(&moved, &other, [7.0, 9.0]).ok_or("no distance")?;
        assert!((found - far).abs() < 1e-3, "{found} {far}");
        Ok(())
    }
}
