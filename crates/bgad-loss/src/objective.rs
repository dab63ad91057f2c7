//! The combined objective of both models.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::semi_push_pull::{abnormal_part, normal_part};
use crate::{
    FocalWeights, LogLikelihoods, LossError, MaximumLikelihood, Reduction, SeparatingBoundary,
    boundary,
};

/// The objective's settings; the defaults are the authors' program's.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Objective {
    /// The share of normal features that may lie below the boundary, β.
    pub beta: f64,
    /// The margin between both boundaries, τ.
    pub tau: f64,
    /// The weight of the semi-push-pull terms, λ.
    pub lambda: f64,
    /// The maximum-likelihood term's form.
    pub maximum_likelihood: MaximumLikelihood,
    /// The semi-push-pull terms' form.
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

/// The parts of one loss, each `[1]`.
#[non_exhaustive]
#[derive(Debug, Clone)]
pub struct LossTerms {
    /// The maximum-likelihood term.
    pub maximum_likelihood: Tensor<1>,
    /// The normal (pull) part of BG-SPP, before λ.
    pub normal: Tensor<1>,
    /// The abnormal (push) part of BG-SPP, before λ.
    pub abnormal: Tensor<1>,
    /// `ML + λ · (normal + abnormal)`.
    pub total: Tensor<1>,
}

impl Objective {
    /// Checks that every setting is within its range.
    ///
    /// # Errors
    /// The first one that is not.
    pub fn check(&self) -> Result<(), LossError> {
        boundary::check(self.beta, self.tau)?;
        if !(self.lambda.is_finite() && self.lambda >= 0.0) {
            return Err(LossError::Setting {
                setting: "lambda",
                found: self.lambda,
                expected: "a weight of at least 0",
            });
        }
        Ok(())
    }

    /// The boundary of a mini-batch's own normal features; none where it has none.
    ///
    /// # Errors
    /// `beta` or `tau` out of range.
    pub fn batch_boundary(
        &self,
        features: &LogLikelihoods,
    ) -> Result<Option<SeparatingBoundary>, LossError> {
        match &features.normal {
            Some(normal) => SeparatingBoundary::of_batch(normal, self.beta, self.tau).map(Some),
            None => Ok(None),
        }
    }

    /// The first meta-epoch's loss: maximum likelihood alone, without weights.
    pub fn first_meta_epoch(&self, normal: Tensor<1>) -> Tensor<1> {
        self.maximum_likelihood.per_feature(normal).mean()
    }

    /// BGAD's loss on normal features: maximum likelihood and the normal part.
    pub fn bgad(&self, normal: Tensor<1>, boundary: &SeparatingBoundary) -> LossTerms {
        let features = LogLikelihoods {
            normal: Some(normal),
            abnormal: None,
        };
        self.terms(&features, Some(boundary))
    }

    /// BGAD-FAS's loss: maximum likelihood and both parts; without abnormal features, or without a
    /// boundary, maximum likelihood alone.
    pub fn bgad_fas(
        &self,
        features: &LogLikelihoods,
        boundary: Option<&SeparatingBoundary>,
    ) -> LossTerms {
        let boundary = boundary.filter(|_| features.abnormal.is_some());
        self.terms(features, boundary)
    }

    fn terms(&self, features: &LogLikelihoods, boundary: Option<&SeparatingBoundary>) -> LossTerms {
        let device = match (&features.normal, &features.abnormal) {
            (Some(l), _) | (None, Some(l)) => l.device(),
            (None, None) => Default::default(),
        };
        let zero = || Tensor::<1>::zeros([1], &device);
        let weighted = features
            .normal
            .as_ref()
            .map(|l| (l.clone(), self.focal.normal(l)));
        let maximum_likelihood = match weighted.clone() {
            Some((l, weight)) => (self.maximum_likelihood.per_feature(l) * weight).mean(),
            None => zero(),
        };
        let normal = match (weighted, boundary) {
            (Some((l, weight)), Some(boundary)) => normal_part(l, weight, boundary, self.reduction),
            _ => zero(),
        };
        let abnormal = match (&features.abnormal, boundary) {
            (Some(l), Some(boundary)) => {
                abnormal_part(l.clone(), self.focal.abnormal(l), boundary, self.reduction)
            }
            _ => zero(),
        };
        let total = maximum_likelihood.clone() + (normal.clone() + abnormal.clone()) * self.lambda;
        LossTerms {
            maximum_likelihood,
            normal,
            abnormal,
            total,
        }
    }
}
