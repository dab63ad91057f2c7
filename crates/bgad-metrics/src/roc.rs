//! Area under the receiver operating characteristic.

use crate::error::MetricError;
use crate::ranking::Ranking;

/// Area under the receiver operating characteristic, in [0, 1].
///
/// The probability that a random abnormal score is higher than a random normal one, equal scores
/// counting half. Computed from integer counts; the only rounding is that of the final division.
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

/// The area from scores that are already ranked.
pub(crate) fn area(ranking: &Ranking) -> f64 {
    // Twice the number of pairs in the right order, so that half a pair is an integer.
    let mut twice_ordered: u128 = 0;
    let mut abnormal_above: u128 = 0;
    for equal in ranking.distinct_scores() {
        let abnormal = equal.abnormal.len() as u128;
        twice_ordered += (2 * abnormal_above + abnormal) * equal.normal as u128;
        abnormal_above += abnormal;
    }
    let pairs = ranking.normal_count() as u128 * ranking.abnormal_count() as u128;
    twice_ordered as f64 / (2 * pairs) as f64
}
