//! The walk over all distinct scores, from highest to lowest, in memory or in a file.

use std::ops::ControlFlow;

/// Rank of an abnormal score in the upper half, index of its region in the lower half (0 if regions do not
/// matter): plain integers sort fastest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct AbnormalScore(pub(crate) u64);

impl AbnormalScore {
    pub(crate) fn new(rank: u32, region: u32) -> Self {
        Self(u64::from(rank) << 32 | u64::from(region))
    }

    pub(crate) fn rank(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// Index of the region.
    pub(crate) fn region(self) -> usize {
        (self.0 & u64::from(u32::MAX)) as usize
    }
}

/// Values in ascending order of rank, which is from the highest score to the lowest.
pub(crate) trait Ascending<T> {
    /// The next value, `None` at the end.
    fn peek(&mut self) -> Option<T>;
    /// Moves past the next value.
    fn advance(&mut self);
}

/// A sorted slice.
impl<T: Copy> Ascending<T> for &[T] {
    fn peek(&mut self) -> Option<T> {
        self.first().copied()
    }

    fn advance(&mut self) {
        *self = self.get(1..).unwrap_or_default();
    }
}

/// All scores of one value, which is one step of the threshold.
#[derive(Clone, Copy)]
pub(crate) struct Step {
    /// The value, as a rank.
    pub(crate) rank: u32,
    /// How many normal scores have it.
    pub(crate) normal: u64,
    /// How many abnormal scores have it.
    pub(crate) abnormal: u64,
}

/// What a metric does at each distinct score. It keeps nothing of a step, so it needs the same little memory
/// whether the scores are in memory or in a file.
pub(crate) trait Visitor {
    /// A step begins, with the number of its normal scores in each source.
    fn begin(&mut self, _normal: &[u64]) {}

    /// An abnormal score of the step; scores come in the order of their regions.
    fn abnormal(&mut self, _region: usize) {}

    /// The step is complete; the result says whether to continue.
    fn end(&mut self, step: Step) -> ControlFlow<()>;
}

/// Shows all distinct scores to the visitor.
pub(crate) fn sweep(
    normal: &mut [impl Ascending<u32>],
    abnormal: &mut impl Ascending<AbnormalScore>,
    visitor: &mut impl Visitor,
) {
    let mut counts = vec![0; normal.len()];
    loop {
        let first_normal = normal.iter_mut().filter_map(Ascending::peek).min();
        let first_abnormal = abnormal.peek().map(AbnormalScore::rank);
        let rank = match (first_normal, first_abnormal) {
            (Some(normal), Some(abnormal)) => normal.min(abnormal),
            (Some(only), None) | (None, Some(only)) => only,
            (None, None) => return,
        };
        for (source, count) in normal.iter_mut().zip(&mut counts) {
            *count = 0;
            while source.peek() == Some(rank) {
                source.advance();
                *count += 1;
            }
        }
        visitor.begin(&counts);
        let mut found = 0;
        while let Some(score) = abnormal.peek().filter(|score| score.rank() == rank) {
            abnormal.advance();
            visitor.abnormal(score.region());
            found += 1;
        }
        let step = Step {
            rank,
            normal: counts.iter().sum(),
            abnormal: found,
        };
        if visitor.end(step).is_break() {
            return;
        }
    }
}
