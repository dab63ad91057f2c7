//! Asymmetric focal weights, which make hard features count more.

use burn::tensor::Tensor;

use crate::{FocalWeights, NORMALIZER};

/// Abnormal weights have a pole at a likelihood of 1; distances below this are clamped.
const POLE: f64 = 1e-6;

impl FocalWeights {
    /// The weights of normal features with per-dimension log-likelihoods `l`: `[features]`.
    pub fn normal(self, l: &Tensor<1>) -> Tensor<1> {
        let l = l.clone().detach();
        match self {
            Self::None => l.ones_like(),
            Self::Program => {
                let q = l / NORMALIZER;
                let easy = q.clone().greater_elem(-0.2);
                let hard = q.clamp_max(-0.2);
                let weight = (hard.clone().exp().neg() + 1.0).sqrt() * hard.abs() * 11.7;
                weight.mask_fill(easy, 1.0)
            }
            Self::Paper => {
                let easy = l.clone().greater_elem(-2.0);
                let weight = (l.clone().exp().neg() + 1.0) * l * -15.0;
                weight.mask_fill(easy, 1.0)
            }
        }
    }

    /// The weights of abnormal features with per-dimension log-likelihoods `l`: `[features]`.
    pub fn abnormal(self, l: &Tensor<1>) -> Tensor<1> {
        let l = l.clone().detach();
        let (value, threshold) = match self {
            Self::None => return l.ones_like(),
            Self::Program => (l / NORMALIZER, -1.0),
            Self::Paper => (l, -20.0),
        };
        let easy = value.clone().lower_equal_elem(threshold);
        // Both forms decrease in |l|; the absolute value keeps a weight from becoming negative.
        let distance = value.clone().abs().clamp_min(POLE);
        let weight = (value.exp() + 1.0).square() / distance * 0.53;
        weight.mask_fill(easy, 1.0)
    }
}
