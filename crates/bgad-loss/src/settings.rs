//! The objective's settings.

use serde::{Deserialize, Serialize};

use crate::LossError;

/// The objective's settings; the defaults are those of the authors' program.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Objective {
    /// The share of normal features that may lie below the boundary, β.
    pub beta: f64,
    /// The margin between the two boundaries, τ.
    pub tau: f64,
    /// The weight of the semi-push-pull terms, λ.
    pub lambda: f64,
    /// The form of the maximum-likelihood term.
    pub maximum_likelihood: MaximumLikelihood,
    /// How violations are reduced to one number.
    pub reduction: Reduction,
    /// The focal weights.
    pub focal: FocalWeights,
}

impl Default for Objective {
    fn default() -> Self {
        Self {
            beta: 0.05,
            tau: 0.1,
            lambda: 1.0,
            maximum_likelihood: MaximumLikelihood::default(),
            reduction: Reduction::default(),
            focal: FocalWeights::default(),
        }
    }
}

/// The form of the maximum-likelihood loss on normal features.
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

/// How violations of the boundary are reduced to one number.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reduction {
    /// The mean over the violating features, 0 without any, as in the authors' program.
    #[default]
    Mean,
    /// The sum over all features (Eq. 10).
    Sum,
}

/// The focal weights that multiply each feature's terms; they are constants without gradient.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FocalWeights {
    /// All weights are 1.
    #[default]
    None,
    /// The constants of the authors' program, on `q = l / 10`. A normal feature has weight 1 where `q >
    /// -0.2`, else `11.7 · (1 - e^q)^0.5 · |q|`; an abnormal one has 1 where `q ≤ -1`, else `0.53 · (1 +
    /// e^q)² / |q|`.
    Program,
    /// The constants of the paper (Eq. 17 and 18), on `l`. A normal feature has weight 1 where `l > -2`, else
    /// `-15 · (1 - e^l) · l`; an abnormal one has 1 where `l ≤ -20`, else `-0.53 · (1 + e^l)² / l`.
    Paper,
}

impl Objective {
    /// Checks that every setting is within its range.
    ///
    /// # Errors
    /// The first setting that is out of range.
    pub fn check(&self) -> Result<(), LossError> {
        check_boundary(self.beta, self.tau)?;
        if !(self.lambda.is_finite() && self.lambda >= 0.0) {
            return Err(LossError::Setting {
                setting: "lambda",
                found: self.lambda,
                expected: "a weight of at least 0",
            });
        }
        Ok(())
    }
}

pub(crate) fn check_boundary(beta: f64, tau: f64) -> Result<(), LossError> {
    let wrong = |setting, found, expected| {
        Err(LossError::Setting {
            setting,
            found,
            expected,
        })
    };
    if !(0.0..1.0).contains(&beta) {
        return wrong("beta", beta, "a share from 0 to below 1");
    }
    if !(tau.is_finite() && tau >= 0.0) {
        return wrong("tau", tau, "a margin of at least 0");
    }
    Ok(())
}
