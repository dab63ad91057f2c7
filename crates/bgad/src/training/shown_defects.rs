//! What the abnormal training images show: their defects, and what lies around them.

use rayon::prelude::*;

use super::training_set::TrainingSet;
use crate::error::Result;
use crate::model::defect_positions::{clearest, covered, farthest, grown, mean_of};
use crate::model::known_defects::{ShownDefect, stored_of_each};
use crate::model::memory_bank::MemoryBank;

/// If fewer than one in this many positions lie outside the defect, they say too little about the image.
const FEWEST_OTHERS: usize = 20;
/// Positions this near a defect also see it: features are averaged over 3 x 3 positions.
const REACH: usize = 2;
/// The surroundings of this many inputs' defects are kept, with at most so many positions of each.
const WITH_SURROUNDINGS: usize = 16;
const MOST_AROUND: usize = 1024;
/// With fewer positions around a defect, they say nothing.
const FEWEST_AROUND: usize = 50;

impl TrainingSet {
    /// What each abnormal input shows. If the defect's place is unknown, it is taken to be among the positions that are
    /// farthest from all normal ones. If it is known, what sets the image's other positions apart from normal ones,
    /// such as its light, is subtracted from the mean, so that it says what the defect looks like.
    pub fn defects(&self, bank: &MemoryBank) -> Result<Vec<ShownDefect>> {
        let count = self.abnormal.len();
        let each = stored_of_each(count);
        let placed: Vec<usize> = (0..count).filter(|index| self.placed[*index]).collect();
        let every = placed.len().div_ceil(WITH_SURROUNDINGS).max(1);
        let with_surroundings: Vec<usize> = placed.into_iter().step_by(every).collect();
        let all = (0..count)
            .into_par_iter()
            .map(|index| self.defect(index, bank, each, with_surroundings.contains(&index)));
        let all = all.collect::<Result<Vec<_>>>()?;
        Ok(all.into_iter().flatten().collect())
    }

    fn defect(
        &self,
        index: usize,
        bank: &MemoryBank,
        most: usize,
        with_surroundings: bool,
    ) -> Result<Option<ShownDefect>> {
        let (side, dimension) = (bank.inputs().side, bank.inputs().dimension());
        let image = self.abnormal.samples[index].path.clone();
        let features = self.abnormal.features(index, false)?;
        let near = features.neighborhoods(bank.inputs())?;
        let inside = features.view.counts(side);
        let mean = |wanted: &[bool]| mean_of(&near.vectors, dimension, wanted);
        let Some(distances) = bank.distances(&near, &(0..0)) else {
            return Ok(None);
        };
        let distances = distances.values;
        let vectors_at = |positions: &[usize]| {
            let vectors = positions.iter();
            let vectors = vectors.flat_map(|at| &near.vectors[at * dimension..][..dimension]);
            bank.moments()
                .standardize(&vectors.copied().collect::<Vec<f32>>())
        };
        let shown = |covered: &[bool]| vectors_at(&clearest(&distances, covered, most));
        if !self.placed[index] {
            let farthest = farthest(&distances, &inside);
            return Ok(mean(&farthest).map(|mean| ShownDefect {
                mean,
                image,
                clearest: shown(&farthest),
                around: None,
            }));
        }
        let mask = features.view.place(&self.sources[index].mask);
        let covered = covered(&mask, side);
        let without = |covered: &[bool]| -> Vec<bool> {
            let positions = inside.iter().zip(covered);
            positions
                .map(|(inside, covered)| *inside && !covered)
                .collect()
        };
        let count = |of: &[bool]| of.iter().filter(|counts| **counts).count();
        let others = without(&covered);
        let mut defect = mean(&covered);
        let enough = count(&others) * FEWEST_OTHERS >= count(&inside);
        if let Some((defect, others)) = defect.as_mut().zip(mean(&others).filter(|_| enough)) {
            let apart = others.iter().zip(&bank.moments().mean);
            let apart = apart.map(|(of_image, normal)| of_image - normal);
            defect
                .iter_mut()
                .zip(apart)
                .for_each(|(value, apart)| *value -= apart);
        }
        let around = with_surroundings.then(|| {
            let around = without(&grown(&covered, side, REACH));
            let around: Vec<usize> = (0..around.len()).filter(|at| around[*at]).collect();
            let step = around.len().div_ceil(MOST_AROUND).max(1);
            let around: Vec<usize> = around.into_iter().step_by(step).collect();
            let of_bank = around.iter().map(|at| distances[*at]);
            let of_bank: Vec<f32> = of_bank.collect();
            (vectors_at(&around), of_bank)
        });
        let around = around.filter(|(_, distances)| distances.len() >= FEWEST_AROUND);
        Ok(defect.map(|mean| ShownDefect {
            mean,
            image,
            clearest: shown(&covered),
            around,
        }))
    }
}
