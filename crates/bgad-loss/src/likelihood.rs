//! The maximum-likelihood term.

use burn::tensor::{Tensor, activation};
use serde::{Deserialize, Serialize};

/// Which form the maximum-likelihood loss of normal features takes.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MaximumLikelihood {
    /// The authors' program: `-ln σ(l)` on the per-dimension log-likelihood.
    #[default]
    LogSigmoid,
    /// The paper (Eq. 5): `-log p = -d · l`.
    NegativeLogLikelihood {
        /// The dimension `d` of the features.
        dimension: usize,
    },
}

impl MaximumLikelihood {
    /// Each feature's loss from its per-dimension log-likelihood `l`: `[features]`.
    pub fn per_feature(self, l: Tensor<1>) -> Tensor<1> {
        match self {
            Self::LogSigmoid => activation::log_sigmoid(l).neg(),
            Self::NegativeLogLikelihood { dimension } => l * -(dimension as f64),
        }
    }
}
