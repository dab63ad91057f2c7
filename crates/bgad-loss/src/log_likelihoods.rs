//! What the objective is computed from.

use burn::tensor::Tensor;

/// The per-dimension log-likelihoods `l = log p / d` of one mini-batch; an absent set is empty.
#[derive(Debug, Clone, Default)]
pub struct LogLikelihoods {
    /// Of its normal features: `[normal features]`.
    pub normal: Option<Tensor<1>>,
    /// Of its abnormal features: `[abnormal features]`.
    pub abnormal: Option<Tensor<1>>,
}
