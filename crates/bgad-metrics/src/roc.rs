//! Area under the receiver operating characteristic.

use std::ops::ControlFlow;

use crate::error::MetricError;
use crate::ranking::Ranking;
use crate::sweep::{Step, Visitor};

/// Area under the receiver operating characteristic, in [0, 1].
///
/// The probability that a random abnormal score is higher than a random normal one; equal scores count half.
/// It is computed from integer counts, so only the final division rounds.
///
/// # Errors
///
/// [`MetricError::LengthMismatch`], [`MetricError::NotANumber`], [`MetricError::Empty`], and
/// [`MetricError::OnlyOneClass`].
///
/// # Example
///
/// ```
/// // Of the four pairs three are in the right order, and one is a tie.
/// let value = bgad_metrics::auroc(&[0.1, 0.5, 0.5, 0.9], &[false, false, true, true])?;
/// assert_eq!(value, 0.875);
/// # Ok::<(), bgad_metrics::MetricError>(())
/// ```
pub fn auroc(scores: &[f32], abnormal: &[bool]) -> Result<f64, MetricError> {
    Ok(area(&Ranking::of_labelled(scores, abnormal)?))
}

/// The area from ranked scores.
pub(crate) fn area(ranking: &Ranking) -> f64 {
    let mut area = RocArea::default();
    ranking.sweep(&mut area);
    area.finish(ranking.normal_count(), ranking.abnormal_count())
}

/// Counts the pairs in the right order.
#[derive(Default)]
pub(crate) struct RocArea {
    /// Twice the number of ordered pairs, so that half a pair is an integer.
    twice_ordered: u128,
    abnormal_above: u128,
}

impl Visitor for RocArea {
    fn end(&mut self, step: Step) -> ControlFlow<()> {
        let abnormal = u128::from(step.abnormal);
        self.twice_ordered += (2 * self.abnormal_above + abnormal) * u128::from(step.normal);
        self.abnormal_above += abnormal;
        ControlFlow::Continue(())
    }
}

impl RocArea {
    pub(crate) fn finish(self, normal: u64, abnormal: u64) -> f64 {
        let pairs = u128::from(normal) * u128::from(abnormal);
        self.twice_ordered as f64 / (2 * pairs) as f64
    }
}
