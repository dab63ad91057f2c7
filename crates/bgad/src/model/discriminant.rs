//! Separates the defects of abnormal training images from normal positions.

#[cfg(feature = "train")]
use std::ops::Range;

use std::collections::BTreeMap;

use bgad_flow::Parameter;
#[cfg(feature = "train")]
use rayon::prelude::*;

#[cfg(feature = "train")]
use super::covariance::ShrunkCovariance;
#[cfg(feature = "train")]
use super::folds::Folds;
use super::kept_tensors::KeptTensors;
use super::likelihoods::PositionMap;
#[cfg(feature = "train")]
use super::memory_bank::MemoryBank;
use super::mirrored;
use crate::error::Result;
use crate::features::flow_inputs::BankInputs;
use crate::features::neighborhoods::Neighborhoods;

/// The minimum shrinkage, as for the flows' whitening: it keeps directions in which normal features
/// hardly vary from being blown up.
#[cfg(feature = "train")]
const SMALLEST_SHRINKAGE: f64 = 0.1;
/// The number of defects that is half as good as all of them.
#[cfg(feature = "train")]
const DOUBT: f32 = 4.0;

/// Fisher's linear discriminant between the memory bank's normal positions and the defects of a few
/// abnormal training images.
///
/// Distances and likelihoods say how far a position is from normal, in any direction. The
/// discriminant says how far it lies in the direction of the known defects: `(x - μ)ᵀ Σ⁻¹ (δ - μ)`,
/// with mean `μ` and covariance `Σ` of normal positions and the mean `δ` of the defects' positions
/// (Fisher, *The use of multiple measurements in taxonomic problems*, 1936). It has a closed form,
/// so teaching a defect is quick.
#[derive(Debug, Clone)]
pub(crate) struct Discriminant {
    inputs: BankInputs,
    direction: Direction,
    /// Directions computed without a fold of the normal training inputs, each with that fold's
    /// inputs; empty in a model read from a file.
    #[cfg(feature = "train")]
    without: Vec<(Range<usize>, Direction)>,
}

/// `weights · x - offset` for a vector `x` of the memory bank.
#[derive(Debug, Clone, PartialEq)]
struct Direction {
    weights: Vec<f32>,
    offset: f32,
}

impl Direction {
    /// The direction from `rows`, standardised normal positions, toward `defect`, standardised in
    /// the same way; `None` if the covariance is degenerate.
    #[cfg(feature = "train")]
    fn towards(defect: &[f64], mut rows: Vec<f32>, bank: &MemoryBank) -> Option<Self> {
        let d = defect.len();
        let count = (rows.len() / d).max(1) as f64;
        let mut mean = vec![0.0; d];
        for row in rows.chunks_exact(d) {
            mean.iter_mut()
                .zip(row)
                .for_each(|(sum, v)| *sum += f64::from(*v) / count);
        }
        for row in rows.chunks_exact_mut(d) {
            row.iter_mut()
                .zip(&mean)
                .for_each(|(v, mean)| *v = (f64::from(*v) - mean) as f32);
        }
        let mut covariance = ShrunkCovariance::of(&rows, d);
        covariance.shrink_to(SMALLEST_SHRINKAGE, d);
        let whitening = covariance.whitening(d)?;
        let apart: Vec<f64> = defect.iter().zip(&mean).map(|(a, b)| a - b).collect();
        // Σ⁻¹ = W Wᵀ.
        let mut whitened = vec![0.0; d];
        for (row, apart) in whitening.chunks_exact(d).zip(&apart) {
            let sums = whitened.iter_mut().zip(row);
            sums.for_each(|(sum, w)| *sum += w * apart);
        }
        let of_row = |row: &[f64]| row.iter().zip(&whitened).map(|(w, v)| w * v).sum::<f64>();
        let moments = bank.moments();
        let channels = whitening.chunks_exact(d).map(of_row);
        let channels = channels.zip(&moments.deviation).zip(&mean);
        let mut offset = 0.0;
        let weights = channels.zip(&moments.mean);
        let weights = weights.map(|(((weight, deviation), mean), of_bank)| {
            let raw = weight / deviation;
            offset += raw * of_bank + weight * mean;
            raw as f32
        });
        let weights = weights.collect();
        Some(Self {
            weights,
            offset: offset as f32,
        })
    }

    /// The values of `vectors`, `[positions, dimension]`.
    fn values(&self, vectors: &[f32]) -> Vec<f32> {
        let of_vector = |vector: &[f32]| {
            let products = vector.iter().zip(&self.weights);
            let products = products.map(|(x, w)| f64::from(*x) * f64::from(*w));
            (products.sum::<f64>() - f64::from(self.offset)) as f32
        };
        let vectors = vectors.chunks_exact(self.weights.len().max(1));
        vectors.map(of_vector).collect()
    }
}

impl Discriminant {
    /// The discriminant between the positions of `bank` and `defects`, the mean vector of each
    /// abnormal training input's defect; `None` without a defect. For each of `folds` there is also
    /// one that has not seen its images.
    #[cfg(feature = "train")]
    pub fn new(bank: &MemoryBank, folds: &Folds, defects: &[Vec<f64>]) -> Option<Self> {
        let moments = bank.moments();
        let count = defects.len() as f64;
        let mean = |channel: usize| defects.iter().map(|v| v[channel]).sum::<f64>() / count;
        let channels = moments.mean.iter().zip(&moments.deviation).enumerate();
        let standardized =
            channels.map(|(c, (of_bank, deviation))| (mean(c) - of_bank) / deviation);
        let standardized: Vec<f64> = standardized.collect();
        if defects.is_empty() {
            return None;
        }
        let of = |left_out: &Range<usize>| {
            let rows = bank.sample_without(left_out);
            Direction::towards(&standardized, rows, bank)
        };
        let without = (0..folds.count()).into_par_iter().filter_map(|fold| {
            let left_out = folds.inputs(fold);
            let direction = of(&left_out)?;
            Some((left_out, direction))
        });
        Some(Self {
            inputs: bank.inputs().clone(),
            without: without.collect(),
            direction: of(&(0..0))?,
        })
    }

    /// The weight in the map of evidence from this many known defects: a few are a rough guess at what others look
    /// like.
    #[cfg(feature = "train")]
    pub fn weight(defects: usize) -> f32 {
        defects as f32 / (defects as f32 + DOUBT)
    }

    /// How far each position of an input lies in the direction of defects, by a direction computed
    /// without the training inputs `left_out`. With a mirrored image it is the mean of both.
    #[cfg(feature = "train")]
    pub fn map_without(
        &self,
        neighborhoods: &Neighborhoods,
        left_out: &Range<usize>,
    ) -> PositionMap {
        let without = self.without.iter().find(|(inputs, _)| inputs == left_out);
        let direction = without.map_or(&self.direction, |(_, direction)| direction);
        self.by(direction, neighborhoods)
    }

    /// How far each position of an input lies in the direction of defects. With a mirrored image it
    /// is the mean of both.
    #[cfg(not(feature = "train"))]
    pub fn map(&self, neighborhoods: &Neighborhoods) -> PositionMap {
        self.by(&self.direction, neighborhoods)
    }

    fn by(&self, direction: &Direction, neighborhoods: &Neighborhoods) -> PositionMap {
        let of = |vectors: &[f32], _: bool| direction.values(vectors);
        mirrored::map(neighborhoods, self.inputs.side, of)
    }

    /// The tensors for a model file, by name.
    #[cfg(feature = "train")]
    pub fn parameters(&self) -> [(&'static str, Vec<usize>, Vec<f32>); 2] {
        let Direction { weights, offset } = &self.direction;
        [
            (WEIGHTS, vec![weights.len()], weights.clone()),
            (OFFSET, vec![1], vec![*offset]),
        ]
    }

    /// Restores the discriminant from a model file.
    pub fn restore(
        parameters: &mut BTreeMap<String, Parameter>,
        inputs: BankInputs,
    ) -> Result<Self> {
        let dimension = inputs.dimension();
        let mut kept = KeptTensors::of_positions("discriminant", parameters, dimension);
        let weights = kept.take(WEIGHTS, |shape| shape == [dimension], |_| true)?;
        let offset = kept.take(OFFSET, |shape| shape == [1], |_| true)?;
        Ok(Self {
            inputs,
            direction: Direction {
                weights,
                offset: offset.into_iter().sum(),
            },
            #[cfg(feature = "train")]
            without: Vec::new(),
        })
    }
}

/// Names in a model file.
const WEIGHTS: &str = "weights";
const OFFSET: &str = "offset";

#[cfg(all(test, feature = "train"))]
mod tests {
    use super::*;
    use crate::model::memory_bank::tests::of_one_position;

    /// Two channels that rise and fall together, 200 rows of ten inputs.
    fn correlated() -> (Vec<f32>, Vec<usize>) {
        let value = |i: usize| {
            (
                (i * 37 % 100) as f32 / 50.0 - 1.0,
                (i * 61 % 100) as f32 / 50.0 - 1.0,
            )
        };
        let row = |i: usize| {
            let (a, b) = value(i);
            [3.0 + a, 10.0 * a + b]
        };
        let rows = (0..200).flat_map(row).collect();
        (rows, (0..200).map(|i| i / 20).collect())
    }

    #[test]
    fn positions_towards_the_defects_count_most() -> std::result::Result<(), &'static str> {
        let (rows, owners) = correlated();
        let bank = of_one_position(&rows, owners);
        // Against the correlation: no single channel is unusual.
        let defects = [vec![3.5, -5.0], vec![3.7, -7.0]];
        let folds = Folds::of_images(&[1; 10], 5);
        let found = Discriminant::new(&bank, &folds, &defects).ok_or("none")?;
        let value = |x: [f32; 2]| found.direction.values(&x)[0];
        let normal = rows.chunks_exact(2).map(|row| value([row[0], row[1]]));
        let highest = normal.fold(f32::MIN, f32::max);
        assert!(value([3.6, -6.0]) > 2.0 * highest, "{highest}");
        // As unusual, in the opposite direction.
        assert!(value([2.4, 6.0]) < 0.0);
        assert_eq!(found.without.len(), 5);
        assert!(
            found
                .without
                .iter()
                .all(|(_, of_fold)| *of_fold != found.direction)
        );
        assert!(Discriminant::new(&bank, &folds, &[]).is_none());
        Ok(())
    }

    #[test]
    fn a_model_file_has_all_of_it() -> std::result::Result<(), Box<dyn std::error::Error>> {
        let (rows, owners) = correlated();
        let bank = of_one_position(&rows, owners);
        let folds = Folds::of_images(&[1; 10], 5);
        let found = Discriminant::new(&bank, &folds, &[vec![3.5, -5.0]]).ok_or("none")?;
        let parameters = found.parameters().into_iter();
        let parameters =
            parameters.map(|(name, shape, values)| (name.to_owned(), Parameter { shape, values }));
        let mut parameters: BTreeMap<String, Parameter> = parameters.collect();
        let read = Discriminant::restore(&mut parameters.clone(), bank.inputs().clone())?;
        assert_eq!(read.direction, found.direction);
        parameters.remove(OFFSET);
        assert!(Discriminant::restore(&mut parameters, bank.inputs().clone()).is_err());
        Ok(())
    }
}
