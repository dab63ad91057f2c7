//! What each way of aggregation makes of a level's log-likelihoods before levels are added up.

use crate::config::choices::Aggregation;

/// A likelihood relative to the largest normal one is cut off at `e` to this power, so that no
/// score overflows.
const LARGEST_EXPONENT: f32 = 20.0;

impl Aggregation {
    /// What log-likelihoods of a level are divided by: their `deviation` over normal images, or what
    /// the level's dimension calls for, `by_dimension`.
    pub(super) fn divisor(
        self,
        deviation: impl FnOnce() -> f32,
        by_dimension: impl FnOnce() -> f32,
    ) -> f32 {
        match self {
            Self::Standardized => deviation(),
            Self::JointLogLikelihood => by_dimension(),
            Self::Likelihood | Self::LogLikelihood => 1.0,
        }
    }

    /// A log-likelihood as it is added up: relative to the level's largest normal one, `maximum`, and
    /// by the level's [`divisor`](Self::divisor).
    pub(super) fn relative(self, log_likelihood: f32, maximum: f32, divisor: f32) -> f32 {
        match self {
            Self::Likelihood => (log_likelihood - maximum).min(LARGEST_EXPONENT).exp(),
            Self::LogLikelihood => log_likelihood - maximum,
            Self::Standardized | Self::JointLogLikelihood => (log_likelihood - maximum) / divisor,
        }
    }
}
