//! One coupling block: soft-clamped affine coupling, global affine, fixed soft permutation.

use std::collections::BTreeMap;

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData, activation};

use crate::parameter::{GLOBAL_SCALE_FACTOR, SOFTPLUS_BETA, SUBNET_FACTOR, full_name, shapes};
use crate::{FlowConfig, FlowError};

/// One invertible block of a [`Flow`](crate::Flow).
///
/// `x` splits into `x1` (the first `ceil(d/2)` channels) and `x2`; with
/// `a = 0.1 · subnet([x1, c])`, `s = clamp · tanh(first half of a)` and `t = second half of a`,
/// `x2' = x2 · exp(s) + t` and `y = R · (scale ⊙ [x1, x2'] + offset)`. The subnet is
/// Linear, ReLU, Linear; `R` is a rotation that is not trained.
#[derive(Module, Debug)]
pub struct CouplingBlock {
    /// `[kept, hidden]`: the part of the subnet's first layer that sees `x1`.
    #[doc(hidden)]
    pub input_weight: Param<Tensor<2>>,
    /// `[condition, hidden]`: the part that sees the condition.
    #[doc(hidden)]
    pub condition_weight: Option<Param<Tensor<2>>>,
    /// `[hidden]`.
    #[doc(hidden)]
    pub input_bias: Param<Tensor<1>>,
    /// `[hidden, 2 · changed]`.
    #[doc(hidden)]
    pub output_weight: Param<Tensor<2>>,
    /// `[2 · changed]`.
    #[doc(hidden)]
    pub output_bias: Param<Tensor<1>>,
    /// `[dimension]`: `g`, the global scale before the softplus.
    #[doc(hidden)]
    pub global_scale: Param<Tensor<1>>,
    /// `[dimension]`.
    #[doc(hidden)]
    pub global_offset: Param<Tensor<1>>,
    /// `[dimension, dimension]`: `R`, fixed.
    #[doc(hidden)]
    pub rotation: Param<Tensor<2>>,
    pub(crate) clamp: f64,
}

impl CouplingBlock {
    /// Builds block `index` from named parameters, which are removed from `parameters`.
    ///
    /// # Errors
    /// A missing parameter, or one with another shape than `config` requires.
    pub(crate) fn from_parameters(
        config: &FlowConfig,
        index: usize,
        parameters: &mut BTreeMap<String, TensorData>,
        device: &Device,
    ) -> Result<Self, FlowError> {
        let expected: BTreeMap<_, _> = shapes(config).into_iter().collect();
        let mut take = |name: &'static str| -> Result<TensorData, FlowError> {
            let full = full_name(index, name);
            let data = parameters
                .remove(&full)
                .ok_or_else(|| FlowError::MissingParameter { name: full.clone() })?;
            let shape = &expected[name];
            if data.shape().as_slice() != shape.as_slice() || data.as_slice::<f32>().is_err() {
                return Err(FlowError::ParameterShape {
                    name: full,
                    found: format!("{:?} {:?}", data.dtype(), data.shape()),
                    expected: format!("F32 {shape:?}"),
                });
            }
            Ok(data)
        };
        Ok(Self {
            input_weight: Param::from_data(take("input_weight")?, device),
            condition_weight: match config.condition {
                Some(_) => Some(Param::from_data(take("condition_weight")?, device)),
                None => None,
            },
            input_bias: Param::from_data(take("input_bias")?, device),
            output_weight: Param::from_data(take("output_weight")?, device),
            output_bias: Param::from_data(take("output_bias")?, device),
            global_scale: Param::from_data(take("global_scale")?, device),
            global_offset: Param::from_data(take("global_offset")?, device),
            rotation: Param::from_data(take("rotation")?, device).set_require_grad(false),
            clamp: config.clamp,
        })
    }

    /// The block's parameters under the names of block `index`.
    pub(crate) fn parameters(&self, index: usize) -> Vec<(String, TensorData)> {
        let mut parameters = vec![("input_weight", self.input_weight.val().into_data())];
        if let Some(weight) = &self.condition_weight {
            parameters.push(("condition_weight", weight.val().into_data()));
        }
        parameters.extend([
            ("input_bias", self.input_bias.val().into_data()),
            ("output_weight", self.output_weight.val().into_data()),
            ("output_bias", self.output_bias.val().into_data()),
            ("global_scale", self.global_scale.val().into_data()),
            ("global_offset", self.global_offset.val().into_data()),
            ("rotation", self.rotation.val().into_data()),
        ]);
        parameters
            .into_iter()
            .map(|(name, data)| (full_name(index, name), data))
            .collect()
    }

    /// The first `kept` and the remaining columns of `x` `[batch, dimension]`.
    pub(crate) fn split(&self, x: Tensor<2>) -> Halves {
        let [_, dimension] = x.dims();
        let [kept, _] = self.input_weight.val().dims();
        Halves {
            kept: x.clone().narrow(1, 0, kept),
            changed: x.narrow(1, kept, dimension - kept),
        }
    }

    /// The subnet's log-scale `s` and shift `t`, each `[batch, changed]`, of `x1` and the
    /// condition with its column of ones.
    ///
    /// Constant factors and the split of the outputs are applied to the weights, which are small, instead of
    /// the activations.
    fn coefficients(
        &self,
        kept: Tensor<2>,
        condition: &Option<Tensor<2>>,
    ) -> (Tensor<2>, Tensor<2>) {
        let input = kept.matmul(self.input_weight.val());
        let bias = self.input_bias.val().unsqueeze();
        let hidden = match (&self.condition_weight, condition) {
            (Some(weight), Some(condition)) => {
                input
                    + condition
                        .clone()
                        .matmul(Tensor::cat(vec![weight.val(), bias], 0))
            }
            _ => input + bias,
        };
        let hidden = activation::relu(hidden);
        let weight = self.output_weight.val() * SUBNET_FACTOR;
        let bias: Tensor<2> = self.output_bias.val().unsqueeze() * SUBNET_FACTOR;
        let changed = bias.dims()[1] / 2;
        let output = |start| {
            let weight = weight.clone().narrow(1, start, changed);
            hidden.clone().matmul(weight) + bias.clone().narrow(1, start, changed)
        };
        (output(0).tanh() * self.clamp, output(changed))
    }

    /// The global scale, `0.1 · softplus(g)`: `[1, dimension]`, positive.
    fn scale(&self) -> Tensor<2> {
        activation::softplus(self.global_scale.val(), SOFTPLUS_BETA)
            .mul_scalar(GLOBAL_SCALE_FACTOR)
            .unsqueeze()
    }

    /// `x` `[batch, dimension]`, in halves, to `y` in halves and `log|det J|` `[batch]`.
    ///
    /// The global affine and the rotation are one affine map, `y = v · M + m` with `M = diag(scale) · Rᵀ` and
    /// `m = offset · Rᵀ`. It is applied in quarters, so that nothing the size of a batch is split or joined
    /// between blocks.
    pub(crate) fn forward(&self, x: Halves, condition: &Option<Tensor<2>>) -> (Halves, Tensor<1>) {
        let (log_scale, shift) = self.coefficients(x.kept.clone(), condition);
        let transformed = x.changed * log_scale.clone().exp() + shift;
        let scale = self.scale();
        let log_determinant = log_scale.sum_dim(1).squeeze_dim::<1>(1) + scale.clone().log().sum();

        let turned = self.rotation.val().transpose();
        let offset: Tensor<2> = self.global_offset.val().unsqueeze();
        let offset = offset.matmul(turned.clone());
        let [_, dimension] = scale.dims();
        let matrix = turned * scale.reshape([dimension, 1]);
        let [_, kept] = x.kept.dims();
        let changed = dimension - kept;
        let columns = |start, length| {
            let matrix = matrix.clone().narrow(1, start, length);
            x.kept.clone().matmul(matrix.clone().narrow(0, 0, kept))
                + transformed.clone().matmul(matrix.narrow(0, kept, changed))
                + offset.clone().narrow(1, start, length)
        };
        let y = Halves {
            kept: columns(0, kept),
            changed: columns(kept, changed),
        };
        (y, log_determinant)
    }

    /// The exact inverse of [`forward`](Self::forward): `y` back to `x`, both
    /// `[batch, dimension]`.
    pub(crate) fn inverse(&self, y: Tensor<2>, condition: &Option<Tensor<2>>) -> Tensor<2> {
        // A rotation's inverse is its transpose.
        let mixed = y.matmul(self.rotation.val()) - self.global_offset.val().unsqueeze();
        let Halves { kept, changed } = self.split(mixed / self.scale());
        let (log_scale, shift) = self.coefficients(kept.clone(), condition);
        let changed = (changed - shift) * log_scale.neg().exp();
        Tensor::cat(vec![kept, changed], 1)
    }
}

/// A batch of vectors as the coupling sees them: `x1`, which stays, and `x2`, which changes.
#[derive(Debug, Clone)]
pub(crate) struct Halves {
    /// `[batch, ceil(dimension / 2)]`.
    pub kept: Tensor<2>,
    /// `[batch, floor(dimension / 2)]`.
    pub changed: Tensor<2>,
}
