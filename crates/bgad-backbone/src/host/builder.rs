//! Lays out folded parameters for the blocks.

use bgad_cpu::Activation;

use super::convolution::{FullConvolution, Windows};
use super::dense::{Dense, dense};
use super::depthwise::{Source, Strip};
use super::gate::Gate;
use super::inverted::InvertedBlock;
use super::layer::Layer;
use super::network::{HostBlock, HostNetwork, HostStage};
use crate::activation;
use crate::plan::{Block, Convolution, ParameterSource, Plan, SqueezeExcite, Step};

/// Strips consist of blocks of this many channels.
const BLOCK: usize = 16;
/// Blocks in the widest strip.
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
                // Every plan has a projection.
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
        let windows = Dense {
            inputs: taps * channels,
            outputs: plan.outputs,
            weights,
            bias: bias.values,
            bytes,
        };
        Ok(FullConvolution {
            kernel: plan.kernel,
            stride: plan.stride,
            channels,
            windows: match windows.bytes.is_none() && is_quicker_by_winograd(plan) {
                true => windows.by_winograd(),
                false => Windows::Product(windows.laid_out(plan.kernel * channels)),
            },
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

/// Fewest channels and outputs for which transforming a map costs less than the products that this saves.
const FEWEST_FOR_WINOGRAD: usize = 16;

fn is_quicker_by_winograd(plan: &Convolution) -> bool {
    let fewest = plan.inputs.min(plan.outputs);
    (plan.kernel, plan.stride) == (3, 1) && fewest >= FEWEST_FOR_WINOGRAD
}

/// The widest strip that needs no padding; 48 channels if all need it.
fn strip_channels(channels: usize) -> usize {
    let blocks = channels.div_ceil(BLOCK);
    let fitting = (2..=WIDEST)
        .rev()
        .find(|width| blocks.is_multiple_of(*width));
    fitting.unwrap_or(WIDEST.min(blocks)) * BLOCK
}
