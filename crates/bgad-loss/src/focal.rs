//! Asymmetric focal weights: hard features count more.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::NORMALIZER;

/// Which focal weights multiply each feature's terms, as constants without gradient.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FocalWeights {
    /// All weights are 1.
    #[default]
    None,
    /// The constants of the authors' program, on `q = l / 10`: a normal feature 1 where
    /// `q > -0.2`, else `11.7 · (1 - e^q)^0.5 · |q|`; an abnormal one 1 where `q ≤ -1`, else
    /// `0.53 · (1 + e^q)² / |q|`.
    Program,
    /// The constants of the paper (Eq. 17 and 18), on `l`: a normal feature 1 where `l > -2`, else
    /// `-15 · (1 - e^l) · l`; an abnormal one 1 where `l ≤ -20`, else `-0.53 · (1 + e^l)² / l`.
    Paper,
}

/// Abnormal weights have a pole at a likelihood of 1; nearer to it than this they stay finite.
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
        // Both forms decrease in |l|; written with the absolute value a weight is never negative.
        let distance = value.clone().abs().clamp_min(POLE);
        let weight = (value.exp() + 1.0).square() / distance * 0.53;
        weight.mask_fill(easy, 1.0)
    }
}
