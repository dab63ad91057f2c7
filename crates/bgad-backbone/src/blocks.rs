//! Layers on a device, by Burn's operations.

use burn::tensor::activation::{sigmoid, silu};
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Tensor, TensorData};

use crate::activation::Activation;
use crate::backbone::NamedTensor;
use crate::padding::same;
use crate::plan::{Block, Convolution, ParameterSource, SqueezeExcite, Step};

impl Activation {
    fn apply(self, x: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Silu => silu(x),
            Self::Relu6 => x.clamp(0.0, 6.0),
        }
    }
}

/// Builds layers: takes each layer's parameters from a source and puts them on the device.
pub(crate) struct Builder<'a, S> {
    pub source: S,
    pub activation: Activation,
    pub device: &'a Device,
}

impl<S: ParameterSource> Builder<'_, S> {
    fn place<const D: usize>(&self, parameter: NamedTensor) -> Tensor<D> {
        let data = TensorData::new(parameter.values, parameter.shape);
        Tensor::from_data(data, self.device)
    }

    pub fn convolution(&mut self, plan: &Convolution) -> Result<ConvLayer, S::Error> {
        let [weight, bias] = self.source.convolution(plan)?;
        Ok(ConvLayer {
            weight: self.place(weight),
            bias: self.place(bias),
            kernel: plan.kernel,
            stride: plan.stride,
            groups: if plan.depthwise { plan.inputs } else { 1 },
            activation: plan.activation.then_some(self.activation),
        })
    }

    fn gate(&mut self, plan: &SqueezeExcite) -> Result<Gate, S::Error> {
        let [reduce, reduce_bias, expand, expand_bias] = self.source.gate(plan)?;
        Ok(Gate {
            reduce: self.place(reduce),
            reduce_bias: self.place(reduce_bias),
            expand: self.place(expand),
            expand_bias: self.place(expand_bias),
        })
    }

    pub fn block(&mut self, plan: &Block) -> Result<BlockLayers, S::Error> {
        let layers = plan.steps.iter().map(|step| match step {
            Step::Convolution(convolution) => self
                .convolution(convolution)
                .map(Box::new)
                .map(Layer::Convolution),
            Step::SqueezeExcite(gate) => self.gate(gate).map(Box::new).map(Layer::Gate),
        });
        Ok(BlockLayers {
            layers: layers.collect::<Result<_, _>>()?,
            shortcut: plan.shortcut,
        })
    }
}

/// A convolution with TensorFlow's padding and an optional activation.
#[derive(Debug, Clone)]
pub(crate) struct ConvLayer {
    weight: Tensor<4>,
    bias: Tensor<1>,
    kernel: usize,
    stride: usize,
    groups: usize,
    activation: Option<Activation>,
}

impl ConvLayer {
    /// `[batch, inputs, height, width]` to `[batch, outputs, ceil(height / stride), ...]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [_, _, height, width] = x.dims();
        let padding = [height, width].map(|size| same(size, self.kernel, self.stride));
        let options = ConvOptions::new_with_padding([self.stride; 2], padding, [1, 1], self.groups);
        let x = conv2d(x, self.weight.clone(), Some(self.bias.clone()), options);
        match self.activation {
            Some(activation) => activation.apply(x),
            None => x,
        }
    }
}

/// Squeeze-excite: multiplies each channel by a function of all channels' means (Hu et al. 2018).
#[derive(Debug, Clone)]
pub(crate) struct Gate {
    reduce: Tensor<4>,
    reduce_bias: Tensor<1>,
    expand: Tensor<4>,
    expand_bias: Tensor<1>,
}

impl Gate {
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let pointwise = |x: Tensor<4>, weight: &Tensor<4>, bias: &Tensor<1>| {
            let options = ConvOptions::new([1, 1], [0, 0], [1, 1], 1);
            conv2d(x, weight.clone(), Some(bias.clone()), options)
        };
        let means = x.clone().mean_dim(3).mean_dim(2);
        let hidden = silu(pointwise(means, &self.reduce, &self.reduce_bias));
        let gates = sigmoid(pointwise(hidden, &self.expand, &self.expand_bias));
        x * gates
    }
}

#[derive(Debug, Clone)]
enum Layer {
    Convolution(Box<ConvLayer>),
    Gate(Box<Gate>),
}

/// A block of the network.
#[derive(Debug, Clone)]
pub(crate) struct BlockLayers {
    layers: Vec<Layer>,
    shortcut: bool,
}

impl BlockLayers {
    /// `[batch, inputs, height, width]` to `[batch, outputs, ...]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let shortcut = self.shortcut.then(|| x.clone());
        let x = self.layers.iter().fold(x, |x, layer| match layer {
            Layer::Convolution(convolution) => convolution.forward(x),
            Layer::Gate(gate) => gate.forward(x),
        });
        match shortcut {
            Some(shortcut) => x + shortcut,
            None => x,
        }
    }
}
