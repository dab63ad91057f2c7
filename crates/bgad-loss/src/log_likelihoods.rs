//! The input of the objective.

use burn::tensor::Tensor;

/// The per-dimension log-likelihoods `l = log p / d` of one mini-batch; an absent set counts as empty.
#[derive(Debug, Clone, Default)]
pub struct LogLikelihoods {
    /// Those of the normal features: `[normal features]`.
    pub normal: Option<Tensor<1>>,
    /// Those of the abnormal features: `[abnormal features]`.
    pub abnormal: Option<Tensor<1>>,
}
