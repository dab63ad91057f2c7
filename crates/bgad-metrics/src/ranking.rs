//! All scores of both classes, sorted once, and the walk over the distinct scores.

use crate::error::{Class, MetricError};
use crate::order::rank;

/// The scores of both classes from the highest to the lowest.
///
/// The classes are kept apart: the normal scores, which are nearly all pixels, then need only four
/// bytes each, and the abnormal ones have room for the region that they belong to.
pub(crate) struct Ranking {
    normal: Vec<u32>,
    abnormal: Vec<AbnormalScore>,
}

/// Rank of an abnormal score in the upper half, index of its region in the lower half (0 where
/// regions play no part): plain integers sort fastest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct AbnormalScore(u64);

impl AbnormalScore {
    fn new(score: f32, region: u32) -> Self {
        Self(u64::from(rank(score)) << 32 | u64::from(region))
    }

    fn rank(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// Index of the region.
    pub(crate) fn region(self) -> usize {
        (self.0 & u64::from(u32::MAX)) as usize
    }
}

/// All scores of one value: one step of the threshold.
pub(crate) struct EqualScores<'a> {
    /// The value, as a rank.
    pub(crate) rank: u32,
    /// How many normal scores have it.
    pub(crate) normal: usize,
    /// The abnormal scores that have it, in the order of their regions.
    pub(crate) abnormal: &'a [AbnormalScore],
}

/// Takes scores in any order; [`RankingBuilder::finish`] sorts them.
pub(crate) struct RankingBuilder(Ranking);

impl RankingBuilder {
    /// Room for this many scores of each class.
    pub(crate) fn with_capacity(normal: usize, abnormal: usize) -> Self {
        Self(Ranking {
            normal: Vec::with_capacity(normal),
            abnormal: Vec::with_capacity(abnormal),
        })
    }

    pub(crate) fn push_normal(&mut self, score: f32) {
        self.0.normal.push(rank(score));
    }

    pub(crate) fn push_abnormal(&mut self, score: f32, region: u32) {
        self.0.abnormal.push(AbnormalScore::new(score, region));
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

    /// Sorts; an error where a class is missing.
    pub(crate) fn finish(self) -> Result<Ranking, MetricError> {
        let mut ranking = self.0;
        match (ranking.normal.is_empty(), ranking.abnormal.is_empty()) {
            (true, true) => return Err(MetricError::Empty),
            (true, false) => {
                return Err(MetricError::OnlyOneClass {
                    missing: Class::Normal,
                });
            }
            (false, true) => {
                return Err(MetricError::OnlyOneClass {
                    missing: Class::Abnormal,
                });
            }
            (false, false) => {}
        }
        // Equal integers cannot be told apart, so an unstable sort loses nothing.
        ranking.normal.sort_unstable();
        ranking.abnormal.sort_unstable();
        Ok(ranking)
    }
}

impl Ranking {
    /// Checks and ranks one slice of scores.
    pub(crate) fn of_labelled(scores: &[f32], abnormal: &[bool]) -> Result<Self, MetricError> {
        if scores.len() != abnormal.len() {
            return Err(MetricError::LengthMismatch {
                scores: scores.len(),
                labels: abnormal.len(),
            });
        }
        if let Some(index) = scores.iter().position(|score| score.is_nan()) {
            return Err(MetricError::NotANumber { index });
        }
        let abnormal_count = abnormal.iter().filter(|&&label| label).count();
        let mut builder =
            RankingBuilder::with_capacity(scores.len() - abnormal_count, abnormal_count);
        builder.extend(scores, abnormal);
        builder.finish()
    }

    /// Number of normal scores; at least one.
    pub(crate) fn normal_count(&self) -> usize {
        self.normal.len()
    }

    /// Number of abnormal scores; at least one.
    pub(crate) fn abnormal_count(&self) -> usize {
        self.abnormal.len()
    }

    /// The distinct scores from the highest to the lowest.
    pub(crate) fn distinct_scores(&self) -> DistinctScores<'_> {
        DistinctScores {
            normal: &self.normal,
            abnormal: &self.abnormal,
        }
    }
}

/// What is left of the walk.
pub(crate) struct DistinctScores<'a> {
    normal: &'a [u32],
    abnormal: &'a [AbnormalScore],
}

impl<'a> Iterator for DistinctScores<'a> {
    type Item = EqualScores<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let first_normal = self.normal.first().copied();
        let first_abnormal = self.abnormal.first().map(|score| score.rank());
        let rank = match (first_normal, first_abnormal) {
            (Some(normal), Some(abnormal)) => normal.min(abnormal),
            (Some(only), None) | (None, Some(only)) => only,
            (None, None) => return None,
        };
        let normal = self.normal.iter().take_while(|&&r| r == rank).count();
        let equal = self.abnormal.iter().take_while(|s| s.rank() == rank);
        let (abnormal, later) = self.abnormal.split_at(equal.count());
        self.normal = &self.normal[normal..];
        self.abnormal = later;
        Some(EqualScores {
            rank,
            normal,
            abnormal,
        })
    }
}
