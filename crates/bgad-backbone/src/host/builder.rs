//! Brings folded parameters into the layouts that the blocks read.

use bgad_cpu::{Activation, Matrix, Panels};

use super::convolution::{FullConvolution, Pointwise};
use super::depthwise::{Source, Strip};
use super::gate::Gate;
use super::inverted::InvertedBlock;
use super::network::{HostBlock, HostNetwork, HostStage};
use crate::activation;
use crate::backbone::NamedTensor;
use crate::plan::{Block, Convolution, ParameterSource, Plan, SqueezeExcite, Step};

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
                    let [weight, bias] = self.source.convolution(step)?;
                    expansion = Some(dense(step.inputs, step.outputs, &weight, &bias));
                }
                Step::Convolution(step) => {
                    let [weight, bias] = self.source.convolution(step)?;
                    projection = Some(dense(step.inputs, step.outputs, &weight, &bias));
                }
                Step::SqueezeExcite(step) => gate = Some(self.gate(step, &strips)?),
            }
        }
        Ok(match full {
            Some(full) => HostBlock::Full(FullConvolution {
                projection: projection.as_ref().map(Dense::laid_out),
                shortcut: plan.shortcut,
                ..full
            }),
            None => {
                let wide = strips.iter().map(|strip: &Strip| strip.channels).sum();
                // Every plan has one.
                let projection = projection.unwrap_or_default();
                HostBlock::Inverted(InvertedBlock {
                    strips,
                    gate,
                    projection: projection.padded(wide, projection.outputs).laid_out(),
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
        Ok(FullConvolution {
            kernel: plan.kernel,
            stride: plan.stride,
            channels,
            windows: Dense {
                inputs: taps * channels,
                outputs: plan.outputs,
                weights,
                bias: bias.values,
            }
            .laid_out(),
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
                        Source::Expansion(expansion.columns(range.clone()).laid_out())
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

    fn gate(&mut self, plan: &SqueezeExcite, strips: &[Strip]) -> Result<Gate, S::Error> {
        let [reduce, reduce_bias, expand, expand_bias] = self.source.gate(plan)?;
        let wide = strips.iter().map(|strip| strip.channels).sum();
        let reduce = dense(plan.channels, plan.reduced, &reduce, &reduce_bias);
        let expand = dense(plan.reduced, plan.channels, &expand, &expand_bias);
        Ok(Gate {
            reduce: reduce.padded(wide, plan.reduced).laid_out(),
            expand: expand.padded(plan.reduced, wide).laid_out(),
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
        Self {
            inputs,
            outputs,
            weights,
            bias,
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
            bias: self.bias[range].to_vec(),
        }
    }

    /// In the layout that products want.
    fn laid_out(&self) -> Pointwise {
        let weights = Matrix::new(&self.weights, self.inputs, self.outputs);
        Pointwise {
            weights: Panels::new(weights),
            bias: self.bias.clone(),
        }
    }
}
