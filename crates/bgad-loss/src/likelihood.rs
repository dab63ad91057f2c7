//! The maximum-likelihood term.

use burn::tensor::{Tensor, activation};

use crate::MaximumLikelihood;

impl MaximumLikelihood {
    /// Each feature's loss from its per-dimension log-likelihood `l`: `[features]`.
    pub fn per_feature(self, l: Tensor<1>) -> Tensor<1> {
        match self {
            Self::LogSigmoid => activation::log_sigmoid(l).neg(),
            Self::NegativeLogLikelihood { dimension } => l * -(dimension as f64),
        }
    }
}
