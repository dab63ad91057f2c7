//! Average precision and the best F1.

use crate::error::MetricError;
use crate::order;
use crate::ranking::Ranking;

/// Average precision, in [0, 1].
///
/// Over the distinct scores in descending order, the sum of precision times the gain in recall,
/// both taken at "abnormal where score >= threshold". No interpolation: the same definition as
/// scikit-learn's `average_precision_score`.
///
/// # Errors
///
/// [`MetricError::LengthMismatch`], [`MetricError::NotANumber`], [`MetricError::Empty`], and
/// [`MetricError::OnlyOneClass`]: with abnormal scores alone the value would be 1 whatever the
/// scores are.
///
/// # Example
///
/// ```
/// let value = bgad_metrics::average_precision(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true])?;
/// // Half of the recall at precision 1, half at precision 2/3.
/// assert!((value - 5.0 / 6.0).abs() < 1e-12);
/// # Ok::<(), bgad_metrics::MetricError>(())
/// ```
pub fn average_precision(scores: &[f32], abnormal: &[bool]) -> Result<f64, MetricError> {
    Ok(mean_precision(&Ranking::of_labelled(scores, abnormal)?))
}

/// The highest F1 over all thresholds, and the threshold that reaches it.
///
/// Chosen with the labels in hand, so an upper bound: the F1 of a detector is the one at a
/// threshold that was fixed on other data.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BestF1 {
    /// Harmonic mean of precision and recall, in [0, 1].
    pub f1: f64,
    /// One of the scores, in their unit: abnormal means score >= threshold.
    pub threshold: f32,
}

/// The highest F1 over the thresholds "abnormal where score >= threshold".
///
/// Every distinct score is tried. Where several reach the same F1 (compared exactly, as fractions)
/// it is the lowest of them, which finds the most defects.
///
/// # Errors
///
/// [`MetricError::LengthMismatch`], [`MetricError::NotANumber`], [`MetricError::Empty`], and
/// [`MetricError::OnlyOneClass`].
///
/// # Example
///
/// ```
/// let best = bgad_metrics::best_f1(&[1.0, 2.0, 3.0, 4.0], &[false, false, true, true])?;
/// assert_eq!((best.f1, best.threshold), (1.0, 3.0));
/// # Ok::<(), bgad_metrics::MetricError>(())
/// ```
pub fn best_f1(scores: &[f32], abnormal: &[bool]) -> Result<BestF1, MetricError> {
    Ok(highest_f1(&Ranking::of_labelled(scores, abnormal)?))
}

/// Average precision from scores that are already ranked.
pub(crate) fn mean_precision(ranking: &Ranking) -> f64 {
    let mut true_positives = 0;
    let mut predicted = 0;
    let mut sum = 0.0;
    for equal in ranking.distinct_scores() {
        let found = equal.abnormal.len();
        true_positives += found;
        predicted += found + equal.normal;
        if found > 0 {
            sum += found as f64 * (true_positives as f64 / predicted as f64);
        }
    }
    sum / ranking.abnormal_count() as f64
}

/// The best F1 from scores that are already ranked.
pub(crate) fn highest_f1(ranking: &Ranking) -> BestF1 {
    let mut true_positives: u128 = 0;
    // F1 = 2 TP / (predicted + actual abnormal), kept as a fraction to compare without rounding.
    let mut denominator = ranking.abnormal_count() as u128;
    let (mut best_numerator, mut best_denominator, mut best_rank) = (0, denominator, 0);
    for equal in ranking.distinct_scores() {
        true_positives += equal.abnormal.len() as u128;
        denominator += (equal.abnormal.len() + equal.normal) as u128;
        let numerator = 2 * true_positives;
        if numerator * best_denominator >= best_numerator * denominator {
            (best_numerator, best_denominator, best_rank) = (numerator, denominator, equal.rank);
        }
    }
    BestF1 {
        f1: best_numerator as f64 / best_denominator as f64,
        threshold: order::score(best_rank),
    }
}
