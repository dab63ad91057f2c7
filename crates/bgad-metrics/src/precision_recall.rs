//! Average precision and the best F1.

use std::ops::ControlFlow;

use crate::error::MetricError;
use crate::order;
use crate::ranking::Ranking;
use crate::sweep::{Step, Visitor};

/// Average precision, in [0, 1].
///
/// The sum, over the distinct scores in descending order, of precision times the gain in recall, both at
/// "abnormal where score >= threshold". There is no interpolation: this is the definition of scikit-learn's
/// `average_precision_score`.
///
/// # Errors
///
/// [`MetricError::LengthMismatch`], [`MetricError::NotANumber`], [`MetricError::Empty`], and
/// [`MetricError::OnlyOneClass`]: with abnormal scores alone the value would always be 1.
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
/// The threshold is chosen from the labels, so this is an upper bound. A detector's own F1 is the one at a
/// threshold chosen on other data.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BestF1 {
    /// Harmonic mean of precision and recall, in [0, 1].
    pub f1: f64,
    /// One of the scores, in their unit: abnormal means score >= threshold.
    pub threshold: f32,
}

/// The highest F1 over the thresholds "abnormal where score >= threshold".
///
/// Every distinct score is tried. If several reach the same F1 (compared exactly, as fractions), the lowest
/// wins, because it finds the most defects.
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
    let mut sum = PrecisionSum::default();
    ranking.sweep(&mut sum);
    sum.finish(ranking.abnormal_count())
}

/// The best F1 from scores that are already ranked.
pub(crate) fn highest_f1(ranking: &Ranking) -> BestF1 {
    let mut highest = HighestF1::new(ranking.abnormal_count());
    ranking.sweep(&mut highest);
    highest.finish()
}

/// Sums the precision over the abnormal scores.
#[derive(Default)]
pub(crate) struct PrecisionSum {
    true_positives: u64,
    predicted: u64,
    sum: f64,
}

impl Visitor for PrecisionSum {
    fn end(&mut self, step: Step) -> ControlFlow<()> {
        self.true_positives += step.abnormal;
        self.predicted += step.abnormal + step.normal;
        if step.abnormal > 0 {
            let precision = self.true_positives as f64 / self.predicted as f64;
            self.sum += step.abnormal as f64 * precision;
        }
        ControlFlow::Continue(())
    }
}

impl PrecisionSum {
    pub(crate) fn finish(self, abnormal: u64) -> f64 {
        self.sum / abnormal as f64
    }
}

/// Keeps the highest F1 = 2 TP / (predicted + actual abnormal) as a fraction, so that comparisons are exact.
pub(crate) struct HighestF1 {
    true_positives: u128,
    denominator: u128,
    best_numerator: u128,
    best_denominator: u128,
    best_rank: u32,
}

impl HighestF1 {
    pub(crate) fn new(abnormal: u64) -> Self {
        Self {
            true_positives: 0,
            denominator: abnormal.into(),
            best_numerator: 0,
            best_denominator: abnormal.into(),
            best_rank: 0,
        }
    }

    pub(crate) fn finish(self) -> BestF1 {
        BestF1 {
            f1: self.best_numerator as f64 / self.best_denominator as f64,
            threshold: order::score(self.best_rank),
        }
    }
}

impl Visitor for HighestF1 {
    fn end(&mut self, step: Step) -> ControlFlow<()> {
        self.true_positives += u128::from(step.abnormal);
        self.denominator += u128::from(step.abnormal + step.normal);
        let numerator = 2 * self.true_positives;
        if numerator * self.best_denominator >= self.best_numerator * self.denominator {
            self.best_numerator = numerator;
            self.best_denominator = self.denominator;
            self.best_rank = step.rank;
        }
        ControlFlow::Continue(())
    }
}
