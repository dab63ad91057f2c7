//! How each kind of aggregation transforms a level's log-likelihoods before levels are summed.

use crate::config::choices::Aggregation;

/// The largest exponent of a likelihood relative to the highest normal one, so that no score overflows.
const LARGEST_EXPONENT: f32 = 20.0;

impl Aggregation {
    /// The divisor of a level's log-likelihoods: their standard deviation over normal images, `deviation`, or
    /// a factor from the level's dimension, `by_dimension`.
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

    /// A log-likelihood relative to the level's highest normal one, `maximum`, and divided by
    /// [`divisor`](Self::divisor).
    pub(super) fn relative(self, log_likelihood: f32, maximum: f32, divisor: f32) -> f32 {
        match self {
            Self::Likelihood => (log_likelihood - maximum).min(LARGEST_EXPONENT).exp(),
            Self::LogLikelihood => log_likelihood - maximum,
            Self::Standardized | Self::JointLogLikelihood => (log_likelihood - maximum) / divisor,
        }
    }
}
