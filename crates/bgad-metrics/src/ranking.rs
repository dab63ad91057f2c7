//! All scores of both classes, sorted once in memory.

use rayon::slice::ParallelSliceMut;

use crate::counted::Counted;
use crate::error::{Class, MetricError};
use crate::labelled_map::LabelledMap;
use crate::order::rank;
use crate::sweep::{AbnormalScore, Visitor, sweep};

/// The scores of both classes from the highest to the lowest.
///
/// The classes are kept apart: normal scores, which are nearly all pixels, then need only four bytes each,
/// and abnormal ones have room for their region.
pub(crate) struct Ranking {
    normal: Normal,
    abnormal: Vec<AbnormalScore>,
}

/// The normal scores.
enum Normal {
    /// As sorted ranks.
    Sorted(Vec<u32>),
    /// As numbers between abnormal scores, which suffice for areas and for the best F1.
    Counted(Counted),
}

/// Takes scores in any order; [`RankingBuilder::finish`] sorts them.
pub(crate) struct RankingBuilder {
    normal: Vec<u32>,
    abnormal: Vec<AbnormalScore>,
}

impl RankingBuilder {
    /// Reserves room for this many scores of each class.
    pub(crate) fn with_capacity(normal: usize, abnormal: usize) -> Self {
        Self {
            normal: Vec::with_capacity(normal),
            abnormal: Vec::with_capacity(abnormal),
        }
    }

    pub(crate) fn push_normal(&mut self, score: f32) {
        self.normal.push(rank(score));
    }

    pub(crate) fn push_abnormal(&mut self, score: f32, region: u32) {
        self.abnormal.push(AbnormalScore::new(rank(score), region));
    }

    /// Adds scores with their labels, without regions.
    pub(crate) fn extend(&mut self, scores: &[f32], abnormal: &[bool]) {
        for (&score, &abnormal) in scores.iter().zip(abnormal) {
            if abnormal {
                self.push_abnormal(score, 0);
            } else {
                self.push_normal(score);
            }
        }
    }

    /// Sorts the scores; an error if a class is missing.
    pub(crate) fn finish(self) -> Result<Ranking, MetricError> {
        let Self {
            mut normal,
            mut abnormal,
        } = self;
        check_classes(normal.len() as u64, abnormal.len() as u64)?;
        // Equal integers cannot be told apart, so an unstable sort loses nothing.
        normal.par_sort_unstable();
        abnormal.par_sort_unstable();
        Ok(Ranking {
            normal: Normal::Sorted(normal),
            abnormal,
        })
    }
}

/// Returns an error if a class is missing.
pub(crate) fn check_classes(normal: u64, abnormal: u64) -> Result<(), MetricError> {
    let missing = match (normal, abnormal) {
        (0, 0) => return Err(MetricError::Empty),
        (0, _) => Class::Normal,
        (_, 0) => Class::Abnormal,
        _ => return Ok(()),
    };
    Err(MetricError::OnlyOneClass { missing })
}

/// Returns an error unless there is one label per score and no score is NaN.
pub(crate) fn check_scores(scores: &[f32], labels: usize) -> Result<(), MetricError> {
    if scores.len() != labels {
        return Err(MetricError::LengthMismatch {
            scores: scores.len(),
            labels,
        });
    }
    match scores.iter().position(|score| score.is_nan()) {
        Some(index) => Err(MetricError::NotANumber { index }),
        None => Ok(()),
    }
}

impl Ranking {
    /// Checks and ranks one slice of scores.
    pub(crate) fn of_labelled(scores: &[f32], abnormal: &[bool]) -> Result<Self, MetricError> {
        check_scores(scores, abnormal.len())?;
        let abnormal_count = abnormal.iter().filter(|&&label| label).count();
        let mut builder =
            RankingBuilder::with_capacity(scores.len() - abnormal_count, abnormal_count);
        builder.extend(scores, abnormal);
        builder.finish()
    }

    /// Counts the normal pixels of checked maps between these `abnormal` scores; an error if a class is missing.
    pub(crate) fn of_maps(
        maps: &[LabelledMap<'_>],
        mut abnormal: Vec<AbnormalScore>,
    ) -> Result<Self, MetricError> {
        abnormal.par_sort_unstable();
        let counted = Counted::of_maps(maps, &abnormal);
        check_classes(counted.total(), abnormal.len() as u64)?;
        Ok(Self {
            normal: Normal::Counted(counted),
            abnormal,
        })
    }

    /// Number of normal scores; at least one.
    pub(crate) fn normal_count(&self) -> u64 {
        match &self.normal {
            Normal::Sorted(normal) => normal.len() as u64,
            Normal::Counted(counted) => counted.total(),
        }
    }

    /// Number of abnormal scores; at least one.
    pub(crate) fn abnormal_count(&self) -> u64 {
        self.abnormal.len() as u64
    }

    /// Whether all scores of both classes are equal.
    pub(crate) fn is_constant(&self) -> bool {
        let normal = match &self.normal {
            Normal::Sorted(normal) => normal,
            Normal::Counted(counted) => return counted.is_constant(),
        };
        let first = normal.first().copied();
        let last = normal.last().copied();
        let first_abnormal = self.abnormal.first().map(|score| score.rank());
        let last_abnormal = self.abnormal.last().map(|score| score.rank());
        first.min(first_abnormal) == last.max(last_abnormal)
    }

    /// Shows all distinct scores to the visitor; normal ones that were counted, as if those between two abnormal ones
    /// were equal.
    pub(crate) fn sweep(&self, visitor: &mut impl Visitor) {
        let mut abnormal = self.abnormal.as_slice();
        match &self.normal {
            Normal::Sorted(normal) => sweep(&mut [normal.as_slice()], &mut abnormal, visitor),
            Normal::Counted(counted) => counted.sweep(abnormal, visitor),
        }
    }
}
