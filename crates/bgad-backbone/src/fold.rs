//! Folds batch norms into the convolutions before them.
//!
//! At inference a batch norm is the affine map `gamma * (x - mean) / sqrt(variance + eps) + beta` of each
//! channel, which the convolution's weight and bias can include exactly. It is computed in f64 and rounded to
//! f32 once.

use crate::architecture::Architecture;
use crate::backbone::NamedTensor;
use crate::error::BackboneError;
use crate::plan::{Convolution, ParameterSource, SqueezeExcite};
use crate::table::Table;

/// Epsilon of TensorFlow's batch norms; PyTorch's own default is 1e-5.
const EPSILON: f64 = 1e-3;

/// A parameter source that folds raw weights under timm's names.
pub(crate) struct Raw<'a> {
    pub table: &'a Table,
    pub architecture: Architecture,
}

impl ParameterSource for Raw<'_> {
    type Error = BackboneError;

    fn convolution(&mut self, plan: &Convolution) -> Result<[NamedTensor; 2], BackboneError> {
        let (raw, architecture) = (self.table, self.architecture);
        let norm = &plan.norm;
        let [(weight_name, weight_shape), (bias_name, bias_shape)] = plan.parameters();
        let weight = raw.get(&weight_name, &weight_shape, architecture)?;
        let channel_values = |name: &str| raw.get(name, &bias_shape, architecture);
        let gamma = channel_values(&format!("{norm}.weight"))?;
        let beta_name = format!("{norm}.bias");
        let beta = channel_values(&beta_name)?;
        let mean = channel_values(&format!("{norm}.running_mean"))?;
        let variance_name = format!("{norm}.running_var");
        let variance = channel_values(&variance_name)?;
        if let Some(index) = variance.iter().position(|&value| value < 0.0) {
            return Err(BackboneError::NegativeVariance {
                file: raw.source.clone(),
                tensor: variance_name,
                index,
                found: variance[index],
            });
        }

        let (weight, bias) = fold(weight, [gamma, beta, mean, variance]);
        // A product of finite factors can still overflow.
        raw.check_finite(&weight_name, &weight)?;
        raw.check_finite(&beta_name, &bias)?;
        Ok([
            NamedTensor {
                name: weight_name,
                shape: weight_shape,
                values: weight,
            },
            NamedTensor {
                name: bias_name,
                shape: bias_shape,
                values: bias,
            },
        ])
    }

    fn gate(&mut self, plan: &SqueezeExcite) -> Result<[NamedTensor; 4], BackboneError> {
        let [a, b, c, d] = plan.parameters();
        let copy = |parameter| self.table.copy(parameter, self.architecture);
        Ok([copy(a)?, copy(b)?, copy(c)?, copy(d)?])
    }
}

/// Weight and bias of a convolution that includes the batch norm `[gamma, beta, mean, variance]`.
fn fold(weight: &[f32], [gamma, beta, mean, variance]: [&[f32]; 4]) -> (Vec<f32>, Vec<f32>) {
    let scale: Vec<f64> = gamma
        .iter()
        .zip(variance)
        .map(|(&gamma, &variance)| f64::from(gamma) / (f64::from(variance) + EPSILON).sqrt())
        .collect();
    let taps = (weight.len() / scale.len().max(1)).max(1);
    let folded = weight
        .chunks(taps)
        .zip(&scale)
        .flat_map(|(taps, scale)| taps.iter().map(move |&tap| (f64::from(tap) * scale) as f32))
        .collect();
    let bias = beta
        .iter()
        .zip(mean)
        .zip(&scale)
        .map(|((&beta, &mean), scale)| (f64::from(beta) - f64::from(mean) * scale) as f32)
        .collect();
    (folded, bias)
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn folding_equals_the_batch_norm_of_the_convolution() {
        // Two output channels of two taps each, input (3, 5).
        let weight = [0.5, -1.0, 2.0, 0.25];
        let (gamma, beta, mean, variance) = ([1.5, -2.0], [0.1, 0.2], [0.3, -0.4], [4.0, 0.0]);
        let (folded, bias) = fold(&weight, [&gamma, &beta, &mean, &variance]);
        for channel in 0..2 {
            let convolve = |w: &[f32]| 3.0 * w[2 * channel] + 5.0 * w[2 * channel + 1];
            let normed = gamma[channel] * (convolve(&weight) - mean[channel])
                / (variance[channel] + 1e-3_f32).sqrt()
                + beta[channel];
            let found = convolve(&folded) + bias[channel];
            assert!(
                (found - normed).abs() < 1e-4 * normed.abs(),
                "{found} {normed}"
            );
        }
    }
}
