//! The explicit separating boundary.

use burn::tensor::{Device, Tensor, TensorData};

use crate::LossError;
use crate::settings::check_boundary;

/// Log-likelihoods are divided by this before they are compared with a boundary (`α_n`).
pub const NORMALIZER: f64 = 10.0;

/// The boundaries `b_n` of normal features and `b_a = b_n - τ` of abnormal ones, both in units of `l / 10`.
/// No gradient flows through them.
#[derive(Debug, Clone)]
pub struct SeparatingBoundary {
    /// The boundary `b_n`: `[1]`.
    pub normal: Tensor<1>,
    /// The boundary `b_a`: `[1]`.
    pub abnormal: Tensor<1>,
}

/// The index of the β-percentile among `count` ascending values: `floor(count · β)`.
///
/// The product is nudged so that, say, 29 % of 100 is 29 and not 28.
fn percentile_index(count: usize, beta: f64) -> usize {
    ((count as f64 * beta + 1e-9).floor() as usize).min(count.saturating_sub(1))
}

impl SeparatingBoundary {
    /// The boundary of one mini-batch, computed on the device from its normal per-dimension log-likelihoods
    /// `[features]`: `b_n = l[floor(N · β)] / 10` with `l` ascending.
    ///
    /// # Errors
    /// `beta` outside [0, 1) or a negative margin `tau`.
    pub fn of_batch(normal: &Tensor<1>, beta: f64, tau: f64) -> Result<Self, LossError> {
        check_boundary(beta, tau)?;
        let index = percentile_index(normal.dims()[0], beta);
        let sorted = normal.clone().detach().sort(0);
        let normal = sorted.narrow(0, index, 1) / NORMALIZER;
        Ok(Self {
            abnormal: normal.clone() - tau,
            normal,
        })
    }

    /// The boundary of a whole set of normal log-likelihoods, computed on the host as the paper defines it.
    /// This is the one stored with a model. `None` for an empty set.
    ///
    /// # Errors
    /// `beta` outside [0, 1), a negative margin `tau`, or a value that is not finite.
    pub fn of_set(
        normal: &[f32],
        beta: f64,
        tau: f64,
        device: &Device,
    ) -> Result<Option<Self>, LossError> {
        check_boundary(beta, tau)?;
        if let Some(index) = normal.iter().position(|l| !l.is_finite()) {
            return Err(LossError::NotFinite {
                index,
                found: normal[index],
            });
        }
        if normal.is_empty() {
            return Ok(None);
        }
        let mut values = normal.to_vec();
        let index = percentile_index(values.len(), beta);
        let (_, value, _) = values.select_nth_unstable_by(index, f32::total_cmp);
        Ok(Some(Self::at(f64::from(*value) / NORMALIZER, tau, device)))
    }

    /// The boundary for a given `b_n`.
    pub fn at(normal: f64, tau: f64, device: &Device) -> Self {
        let tensor =
            |value: f64| Tensor::from_data(TensorData::new(vec![value as f32], [1]), device);
        Self {
            normal: tensor(normal),
            abnormal: tensor(normal - tau),
        }
    }
}
