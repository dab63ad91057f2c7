//! Brings folded parameters into the layouts that the blocks read.

use bgad_cpu::{Activation, BytePanels, ByteRounding, Matrix, Panels};

use super::convolution::{FullConvolution, Pointwise};
use super::depthwise::{Source, Strip};
use super::gate::Gate;
use super::inverted::InvertedBlock;
use super::layer::{ByteProduct, Layer};
use super::network::{HostBlock, HostNetwork, HostStage};
use crate::activation;
use crate::backbone::NamedTensor;
use crate::plan::{Block, ByteSteps, Convolution, ParameterSource, Plan, SqueezeExcite, Step};

/// Channels that strips come in, and the widest strip.
const BLOCK: usize = 16;
const WIDEST: usize = 3;

pub(crate) struct HostBuilder<S> {
    pub source: S,
    pub activation: activation::Activation,
}

impl<S: ParameterSource> HostBuilder<S> {
    pub fn network(mut self, plan: &Plan) -> Result<HostNetwork, S::Error> {
        let stem = HostBlock::Full(self.full(&plan.stem)?);
        let mut stages = vec![HostStage {
            blocks: vec![stem],
            tapped: false,
        }];
        for (index, blocks) in plan.stages.iter().enumerate() {
            let blocks = blocks.iter().map(|block| self.block(block));
            stages.push(HostStage {
                blocks: blocks.collect::<Result<_, _>>()?,
                tapped: plan.taps.iter().any(|&(stage, _)| stage == index),
            });
        }
        Ok(HostNetwork::new(stages))
    }

    fn activation(&self) -> Activation {
        match self.activation {
            activation::Activation::Silu => Activation::Silu,
            activation::Activation::Relu6 => Activation::Relu6,
        }
    }

    fn block(&mut self, plan: &Block) -> Result<HostBlock, S::Error> {
        let mut full = None;
        let mut expansion = None::<Dense>;
        let mut input = None;
        let mut strips = Vec::new();
        let mut gate = None;
        let mut projection = None;
        for step in &plan.steps {
            match step {
                Step::Convolution(step) if step.depthwise => {
                    strips = self.strips(step, expansion.take())?;
                }
                Step::Convolution(step) if step.kernel > 1 => full = Some(self.full(step)?),
                Step::Convolution(step) if step.activation => {
                    let product = self.dense(step)?;
                    input = product.rounding();
                    expansion = Some(product);
                }
                Step::Convolution(step) => projection = Some(self.dense(step)?),
                Step::SqueezeExcite(step) => gate = Some(self.gate(step, &strips)?),
            }
        }
        Ok(match full {
            Some(full) => HostBlock::Full(FullConvolution {
                projection: projection.map(|p| p.laid_out(p.inputs)),
                shortcut: plan.shortcut,
                ..full
            }),
            None => {
                let wide = strips.iter().map(|strip: &Strip| strip.channels).sum();
                // Every plan has one.
                let projection = projection.unwrap_or_default();
                let strip = strips.first().map_or(1, |strip| strip.channels);
                HostBlock::Inverted(InvertedBlock {
                    input,
                    strips,
                    gate,
                    projection: projection.padded(wide, projection.outputs).laid_out(strip),
                    shortcut: plan.shortcut,
                })
            }
        })
    }

    fn full(&mut self, plan: &Convolution) -> Result<FullConvolution, S::Error> {
        let [weight, bias] = self.source.convolution(plan)?;
        let (channels, taps) = (plan.inputs, plan.kernel * plan.kernel);
        // From [outputs, channels, taps] to [taps, channels, outputs].
        let mut weights = Vec::with_capacity(weight.values.len());
        for tap in 0..taps {
            for channel in 0..channels {
                weights.extend(
                    (0..plan.outputs)
                        .map(|output| weight.values[(output * channels + channel) * taps + tap]),
                );
            }
        }
        let bytes = self.source.steps(plan)?;
        Ok(FullConvolution {
            kernel: plan.kernel,
            stride: plan.stride,
            channels,
            windows: Dense {
                inputs: taps * channels,
                outputs: plan.outputs,
                weights,
                bias: bias.values,
                bytes,
            }
            .laid_out(plan.kernel * channels),
            activation: self.activation(),
            projection: None,
            shortcut: false,
        })
    }

    fn strips(
        &mut self,
        plan: &Convolution,
        expansion: Option<Dense>,
    ) -> Result<Vec<Strip>, S::Error> {
        let [weight, bias] = self.source.convolution(plan)?;
        let taps = plan.kernel * plan.kernel;
        let channels = strip_channels(plan.outputs);
        let count = plan.outputs.div_ceil(channels);
        let expansion = expansion.map(|e| e.padded(e.inputs, count * channels));
        let value = |values: &[f32], channel: usize, tap: usize, taps: usize| {
            let value = values
                .get(channel * taps + tap)
                .filter(|_| channel < plan.outputs);
            value.copied().unwrap_or(0.0)
        };
        let strips = (0..count).map(|index| {
            let range = index * channels..(index + 1) * channels;
            Strip {
                source: match &expansion {
                    Some(expansion) => {
                        match expansion.columns(range.clone()).laid_out(expansion.inputs) {
                            Layer::Single(product) => Source::Expansion(product),
                            Layer::Bytes(product) => Source::ByteExpansion(product),
                        }
                    }
                    None => Source::Channels(range.start),
                },
                channels,
                kernel: plan.kernel,
                stride: plan.stride,
                weights: (0..taps)
                    .flat_map(|tap| range.clone().map(move |channel| (tap, channel)))
                    .map(|(tap, channel)| value(&weight.values, channel, tap, taps))
                    .collect(),
                bias: range.map(|c| value(&bias.values, c, 0, 1)).collect(),
                activation: self.activation(),
            }
        });
        Ok(strips.collect())
    }

    /// A 1x1 convolution.
    fn dense(&mut self, plan: &Convolution) -> Result<Dense, S::Error> {
        let [weight, bias] = self.source.convolution(plan)?;
        Ok(Dense {
            bytes: self.source.steps(plan)?,
            ..dense(plan.inputs, plan.outputs, &weight, &bias)
        })
    }

    fn gate(&mut self, plan: &SqueezeExcite, strips: &[Strip]) -> Result<Gate, S::Error> {
        let [reduce, reduce_bias, expand, expand_bias] = self.source.gate(plan)?;
        let wide = strips.iter().map(|strip| strip.channels).sum();
        let reduce = dense(plan.channels, plan.reduced, &reduce, &reduce_bias);
        let expand = dense(plan.reduced, plan.channels, &expand, &expand_bias);
        Ok(Gate {
            reduce: reduce.padded(wide, plan.reduced).single(),
            expand: expand.padded(plan.reduced, wide).single(),
        })
    }
}

/// The widest strips that need no filling up; 48 where there are none.
fn strip_channels(channels: usize) -> usize {
    let blocks = channels.div_ceil(BLOCK);
    let fitting = (2..=WIDEST)
        .rev()
        .find(|width| blocks.is_multiple_of(*width));
    fitting.unwrap_or(WIDEST.min(blocks)) * BLOCK
}

/// A matrix product over channels as it is read.
#[derive(Debug, Default)]
struct Dense {
    inputs: usize,
    outputs: usize,
    /// `[inputs, outputs]`.
    weights: Vec<f32>,
    bias: Vec<f32>,
    /// What whole numbers as weights are of; inputs as often as they fit.
    bytes: Option<ByteSteps>,
}

/// From `[outputs, inputs]` to `[inputs, outputs]`.
fn dense(inputs: usize, outputs: usize, weight: &NamedTensor, bias: &NamedTensor) -> Dense {
    let mut weights = Vec::with_capacity(inputs * outputs);
    for input in 0..inputs {
        weights.extend((0..outputs).map(|output| weight.values[output * inputs + input]));
    }
    Dense {
        inputs,
        outputs,
        weights,
        bias: bias.values.clone(),
        bytes: None,
    }
}

impl Dense {
    /// Filled up with zeros.
    fn padded(&self, inputs: usize, outputs: usize) -> Self {
        let mut weights = vec![0.0; inputs * outputs];
        for (to, from) in weights
            .chunks_exact_mut(outputs.max(1))
            .zip(self.weights.chunks_exact(self.outputs.max(1)))
        {
            to[..self.outputs].copy_from_slice(from);
        }
        let mut bias = vec![0.0; outputs];
        bias[..self.outputs].copy_from_slice(&self.bias);
        let bytes = self.bytes.as_ref().map(|bytes| {
            let mut bytes = bytes.clone();
            bytes.scales.resize(outputs, 0.0);
            bytes.steps.resize(inputs, f32::INFINITY);
            bytes.zeros.resize(inputs, 0.0);
            bytes
        });
        Self {
            inputs,
            outputs,
            weights,
            bias,
            bytes,
        }
    }

    /// Some of its outputs.
    fn columns(&self, range: std::ops::Range<usize>) -> Self {
        let rows = self.weights.chunks_exact(self.outputs.max(1));
        let weights = rows.flat_map(|row| row[range.clone()].iter().copied());
        Self {
            inputs: self.inputs,
            outputs: range.len(),
            weights: weights.collect(),
            bias: self.bias[range.clone()].to_vec(),
            bytes: self.bytes.as_ref().map(|bytes| ByteSteps {
                scales: bytes.scales[range].to_vec(),
                ..bytes.clone()
            }),
        }
    }

    /// How a position's channels become bytes.
    fn rounding(&self) -> Option<ByteRounding> {
        let bytes = self.bytes.as_ref()?;
        let factors: Vec<f32> = bytes.steps.iter().map(|step| 1.0 / step).collect();
        (!factors.is_empty()).then(|| ByteRounding::new(&factors, &bytes.zeros))
    }

    /// In the layout that products want, whose left sides have strips of `strip` columns.
    fn laid_out(&self, strip: usize) -> Layer {
        self.in_bytes(strip)
            .map_or_else(|| Layer::Single(self.single()), Layer::Bytes)
    }

    /// None where the weights are no bytes, or such as products of bytes don't take.
    fn in_bytes(&self, strip: usize) -> Option<ByteProduct> {
        let (steps, input) = (self.bytes.as_ref()?, self.rounding()?);
        let values: Vec<i8> = self.weights.iter().map(|weight| *weight as i8).collect();
        let panels = BytePanels::new(&values, (self.inputs, self.outputs), strip)?;
        let mut offsets = vec![0.0; self.outputs];
        for (row, zero) in values
            .chunks_exact(self.outputs)
            .zip(steps.zeros.iter().cycle())
        {
            for (offset, weight) in offsets.iter_mut().zip(row) {
                *offset += f64::from(*weight) * f64::from(*zero);
            }
        }
        let constants = self.bias.iter().zip(offsets).zip(&steps.scales);
        let biases = constants
            .map(|((bias, offset), scale)| (f64::from(*bias) - offset * f64::from(*scale)) as f32);
        Some(ByteProduct {
            panels,
            biases: biases.collect(),
            scales: steps.scales.clone(),
            input,
        })
    }

    /// In single precision.
    fn single(&self) -> Pointwise {
        let weights = self.multiplied();
        let weights = Matrix::new(&weights, self.inputs, self.outputs);
        Pointwise {
            weights: Panels::new(weights),
            bias: self.bias.clone(),
        }
    }

    /// The weights that bytes stand for.
    fn multiplied(&self) -> Vec<f32> {
        let mut weights = self.weights.clone();
        if let Some(ByteSteps { scales, steps, .. }) = &self.bytes {
            let rows = weights.chunks_exact_mut(self.outputs.max(1));
            for (row, step) in rows.zip(steps.iter().cycle()) {
                for (weight, scale) in row.iter_mut().zip(scales) {
                    *weight *= scale / step;
                }
            }
        }
        weights
    }
}
