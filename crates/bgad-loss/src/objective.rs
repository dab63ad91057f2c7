//! The combined objectives of BGAD and BGAD-FAS.

use burn::tensor::Tensor;

use crate::semi_push_pull::{abnormal_part, normal_part};
use crate::{LogLikelihoods, LossError, Objective, SeparatingBoundary};

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
    /// The boundary of a mini-batch's normal features; `None` without normal features.
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

    /// The loss of the first meta-epoch: maximum likelihood alone, unweighted.
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

    /// BGAD-FAS's loss: maximum likelihood and both parts. Without abnormal features, or without a boundary,
    /// it is maximum likelihood alone.
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
