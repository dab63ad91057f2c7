//! A chain of coupling blocks, and its likelihood.

use std::collections::BTreeMap;

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::random::random_parameters;
use crate::{CouplingBlock, FlowConfig, FlowError, FlowStart, Parameter};

impl FlowConfig {
    /// A flow whose parameters are drawn on the host from `seed`: linear layers uniform within
    /// `±1/sqrt(fan_in)`, global scale 1 and offset 0, rotations uniform over SO(d). [`FlowStart`] can change
    /// that.
    ///
    /// On an autodiff device its parameters are tracked.
    ///
    /// # Errors
    /// A setting that is out of range.
    pub fn init(&self, seed: u64, device: &Device) -> Result<Flow, FlowError> {
        self.init_with(seed, |_| None, device)
    }

    /// Like [`init`](Self::init), but reuses the rotations of `other` for as many blocks as it has. Flows
    /// that are trained together can then share their memory; drawing a rotation takes time cubic in the
    /// dimension.
    ///
    /// # Errors
    /// A setting that is out of range; a flow of another dimension.
    pub fn init_with_rotations_of(
        &self,
        other: &Flow,
        seed: u64,
        device: &Device,
    ) -> Result<Flow, FlowError> {
        let rotation = |index: usize| {
            let block = other.blocks.get(index)?;
            Parameter::from_data(&block.rotation.val().into_data())
        };
        self.init_with(seed, rotation, device)
    }

    fn init_with(
        &self,
        seed: u64,
        rotation: impl Fn(usize) -> Option<Parameter>,
        device: &Device,
    ) -> Result<Flow, FlowError> {
        let parameters = random_parameters(self, seed, rotation)?;
        let on_device = parameters.into_iter();
        let on_device = on_device.map(|(name, parameter)| (name, parameter.into()));
        self.init_from(on_device.collect(), device)
    }

    /// A flow with given parameters, named as in [`Flow::parameters`].
    ///
    /// # Errors
    /// A setting out of range, or a missing parameter, or one with another shape. Unknown names are ignored.
    pub fn init_from(
        &self,
        mut parameters: BTreeMap<String, TensorData>,
        device: &Device,
    ) -> Result<Flow, FlowError> {
        self.check()?;
        let blocks = (0..self.blocks)
            .map(|index| CouplingBlock::from_parameters(self, index, &mut parameters, device))
            .collect::<Result<_, _>>()?;
        Ok(Flow {
            blocks,
            dimension: self.dimension,
        })
    }
}

/// An invertible map with exact likelihood.
#[derive(Module, Debug)]
pub struct Flow {
    /// The coupling blocks, in the order of the forward direction.
    pub blocks: Vec<CouplingBlock>,
    dimension: usize,
}

/// The result of [`Flow::forward`].
#[non_exhaustive]
#[derive(Debug, Clone)]
pub struct FlowOutput {
    /// The latent vectors `z`: `[batch, dimension]`.
    pub latent: Tensor<2>,
    /// `Σ log|det J|` over all blocks: `[batch]`.
    pub log_determinant: Tensor<1>,
}

impl FlowOutput {
    /// The output of a flow that maps `latent` to itself, `[batch, dimension]`.
    pub fn at_rest(latent: Tensor<2>) -> Self {
        let [batch, _] = latent.dims();
        Self {
            log_determinant: Tensor::zeros([batch], &latent.device()),
            latent,
        }
    }

    /// `log p = -d/2 · ln(2π) - ½ · |z|² + Σ log|det J|`, in nats: `[batch]`.
    pub fn log_likelihood(&self) -> Tensor<1> {
        let dimension = self.latent.dims()[1] as f64;
        let squared = self.latent.clone().square().sum_dim(1).squeeze_dim::<1>(1);
        self.log_determinant.clone()
            - squared * 0.5
            - 0.5 * dimension * (2.0 * std::f64::consts::PI).ln()
    }

    /// `log p / d`, the per-dimension log-likelihood on which the objective works: `[batch]`.
    pub fn log_likelihood_per_dimension(&self) -> Tensor<1> {
        let dimension = self.latent.dims()[1] as f64;
        self.log_likelihood() / dimension
    }
}

impl Flow {
    /// The dimension of the vectors.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// The configuration it was made with.
    pub fn config(&self) -> FlowConfig {
        let first = self.blocks.first();
        let condition = first.and_then(|block| block.condition_weight.as_ref());
        FlowConfig {
            dimension: self.dimension,
            condition: condition.map(|weight| weight.val().dims()[0]),
            blocks: self.blocks.len(),
            clamp: first.map_or(1.9, |block| block.clamp),
            // Irrelevant for a flow that already has parameters.
            start: FlowStart::Random,
        }
    }

    /// Maps `x` `[batch, dimension]` under `condition` `[batch, condition]` to latent vectors.
    pub fn forward(&self, x: Tensor<2>, condition: Option<Tensor<2>>) -> FlowOutput {
        let device = x.device();
        let [batch, _] = x.dims();
        let condition = with_ones(condition);
        let mut log_determinant = Tensor::zeros([batch], &device);
        let Some(first) = self.blocks.first() else {
            return FlowOutput::at_rest(x);
        };
        let mut halves = first.split(x);
        for block in &self.blocks {
            let (next, determinant) = block.forward(halves, &condition);
            halves = next;
            log_determinant = log_determinant + determinant;
        }
        FlowOutput {
            latent: Tensor::cat(vec![halves.kept, halves.changed], 1),
            log_determinant,
        }
    }

    /// Maps latent vectors `[batch, dimension]` back to `x`, exactly up to rounding.
    pub fn inverse(&self, latent: Tensor<2>, condition: Option<Tensor<2>>) -> Tensor<2> {
        let condition = with_ones(condition);
        self.blocks
            .iter()
            .rev()
            .fold(latent, |y, block| block.inverse(y, &condition))
    }

    /// Draws `count` vectors from the modelled density: `[count, dimension]`.
    ///
    /// A conditional flow needs a condition of `count` rows. The normal draws come from `rng` on the host, so
    /// a seed gives the same samples on every backend.
    pub fn sample(
        &self,
        count: usize,
        condition: Option<Tensor<2>>,
        rng: &mut impl Rng,
        device: &Device,
    ) -> Tensor<2> {
        let values: Vec<f32> = (0..count * self.dimension)
            .map(|_| StandardNormal.sample(rng))
            .collect();
        let latent = Tensor::from_data(TensorData::new(values, [count, self.dimension]), device);
        self.inverse(latent, condition)
    }

    /// All parameters on the host, under the names `block.INDEX.PARAMETER`, in a fixed order.
    pub fn parameters(&self) -> Vec<(String, TensorData)> {
        self.blocks
            .iter()
            .enumerate()
            .flat_map(|(index, block)| block.parameters(index))
            .collect()
    }
}

/// Appends a column of ones to `condition`, so that one product also adds the bias.
fn with_ones(condition: Option<Tensor<2>>) -> Option<Tensor<2>> {
    condition.map(|condition| {
        let [rows, _] = condition.dims();
        let ones = Tensor::ones([rows, 1], &condition.device());
        Tensor::cat(vec![condition, ones], 1)
    })
}
