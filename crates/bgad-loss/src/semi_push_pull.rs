//! BG-SPP: the boundary-guided semi-push-pull terms (Eq. 8 to 10).

use burn::tensor::Tensor;

use crate::{LogLikelihoods, NORMALIZER, Reduction, SeparatingBoundary};

/// Reduces `violation` `[features]`, which is 0 for features that do not violate. `violates` (0 or 1 per
/// feature) is the divisor of the mean.
fn reduce(violation: Tensor<1>, violates: Tensor<1>, reduction: Reduction) -> Tensor<1> {
    match reduction {
        Reduction::Sum => violation.sum(),
        // An empty set divides 0 by 1, which gives no NaN and no gradient.
        Reduction::Mean => violation.sum() / violates.sum().clamp_min(1.0),
    }
}

/// The normal part: features with `l/10 ≤ b_n` contribute `weight · (b_n - l/10)`: `[1]`.
pub(crate) fn normal_part(
    l: Tensor<1>,
    weight: Tensor<1>,
    boundary: &SeparatingBoundary,
    reduction: Reduction,
) -> Tensor<1> {
    let q = l / NORMALIZER;
    let violates = q
        .clone()
        .detach()
        .lower_equal(boundary.normal.clone())
        .float();
    let violation = (boundary.normal.clone() - q) * weight * violates.clone();
    reduce(violation, violates, reduction)
}

/// The abnormal part: features with `l/10 ≥ b_a` contribute `weight · (l/10 - b_a)`: `[1]`.
pub(crate) fn abnormal_part(
    l: Tensor<1>,
    weight: Tensor<1>,
    boundary: &SeparatingBoundary,
    reduction: Reduction,
) -> Tensor<1> {
    let q = l / NORMALIZER;
    let violates = q
        .clone()
        .detach()
        .greater_equal(boundary.abnormal.clone())
        .float();
    let violation = (q - boundary.abnormal.clone()) * weight * violates.clone();
    reduce(violation, violates, reduction)
}

/// The number of features on the wrong side of the boundary: the ℓ0 form of Eq. 8, a diagnostic.
#[non_exhaustive]
#[derive(Debug, Clone)]
pub struct Violations {
    /// Normal features with `l/10 ≤ b_n`: `[1]`.
    pub normal: Tensor<1>,
    /// Abnormal features with `l/10 ≥ b_a`: `[1]`.
    pub abnormal: Tensor<1>,
}

/// Counts the features that violate `boundary`; an absent set counts 0.
pub fn violations(features: &LogLikelihoods, boundary: &SeparatingBoundary) -> Violations {
    let zero = || boundary.normal.zeros_like();
    let count = |l: &Option<Tensor<1>>, below: bool| match l {
        None => zero(),
        Some(l) => {
            let q = l.clone().detach() / NORMALIZER;
            let violates = if below {
                q.lower_equal(boundary.normal.clone())
            } else {
                q.greater_equal(boundary.abnormal.clone())
            };
            violates.float().sum()
        }
    };
    Violations {
        normal: count(&features.normal, true),
        abnormal: count(&features.abnormal, false),
    }
}
