//! The plan of an architecture: its blocks, their convolutions, and the parameters' names and shapes.

use crate::architecture::Architecture;
use crate::backbone::{Level, NamedTensor};
use crate::error::BackboneError;
use crate::scaling::{Base, Kind, Scaling, TAPS, levels};

/// A parameter's name and shape.
pub(crate) type Parameter = (String, Vec<usize>);

/// A convolution with its batch norm and activation.
#[derive(Debug, Clone)]
pub(crate) struct Convolution {
    /// Path of the weight, without `.weight`.
    pub name: String,
    /// Path of the batch norm.
    #[cfg_attr(not(feature = "weights"), allow(dead_code))]
    pub norm: String,
    pub inputs: usize,
    pub outputs: usize,
    pub kernel: usize,
    pub stride: usize,
    pub depthwise: bool,
    pub activation: bool,
    /// Whether the block's input is added to the output.
    #[cfg_attr(not(feature = "random"), allow(dead_code))]
    pub residual: bool,
}

impl Convolution {
    /// Names and shapes of the folded weight, `[outputs, inputs per group, kernel, kernel]`, and bias.
    pub fn parameters(&self) -> [Parameter; 2] {
        let inputs = if self.depthwise { 1 } else { self.inputs };
        let weight = vec![self.outputs, inputs, self.kernel, self.kernel];
        [
            (format!("{}.weight", self.name), weight),
            (format!("{}.bias", self.name), vec![self.outputs]),
        ]
    }
}

impl Convolution {
    /// Names and shapes of the parameters beside a weight in bytes: each output's scale, each input's step and
    /// each input's zero point.
    pub fn byte_parameters(&self) -> [Parameter; 3] {
        [
            (format!("{}.weight_scale", self.name), vec![self.outputs]),
            (format!("{}.input_step", self.name), vec![self.inputs]),
            (format!("{}.input_zero", self.name), vec![self.inputs]),
        ]
    }
}

/// Channel gates computed from the channels' means.
#[derive(Debug, Clone)]
pub(crate) struct SqueezeExcite {
    pub name: String,
    pub channels: usize,
    pub reduced: usize,
}

impl SqueezeExcite {
    /// Names and shapes of weight and bias of the reducing, then of the expanding convolution.
    pub fn parameters(&self) -> [Parameter; 4] {
        let (name, channels, reduced) = (&self.name, self.channels, self.reduced);
        let parameter = |part: &str, shape: &[usize]| (format!("{name}.{part}"), shape.to_vec());
        [
            parameter("conv_reduce.weight", &[reduced, channels, 1, 1]),
            parameter("conv_reduce.bias", &[reduced]),
            parameter("conv_expand.weight", &[channels, reduced, 1, 1]),
            parameter("conv_expand.bias", &[channels]),
        ]
    }
}

impl SqueezeExcite {
    /// Names and shapes of the scales of weights in bytes, of the reducing and the expanding convolution.
    pub fn byte_parameters(&self) -> [Parameter; 2] {
        let name = &self.name;
        [
            (
                format!("{name}.conv_reduce.weight_scale"),
                vec![self.reduced],
            ),
            (
                format!("{name}.conv_expand.weight_scale"),
                vec![self.channels],
            ),
        ]
    }
}

/// The parameters of a convolution in bytes beside its weight of whole numbers.
#[derive(Debug, Clone)]
pub(crate) struct ByteSteps {
    /// For each output, the value of a weight of 1.
    pub scales: Vec<f32>,
    /// For each input, the step between two bytes.
    pub steps: Vec<f32>,
    /// For each input, the zero point: the byte of the number 0.
    pub zeros: Vec<f32>,
}

/// A source of folded parameters. It is asked once for each step, in the order in which the steps run.
pub(crate) trait ParameterSource {
    type Error;

    /// Weight and bias.
    fn convolution(&mut self, plan: &Convolution) -> Result<[NamedTensor; 2], Self::Error>;

    /// Weight and bias of the reducing, then of the expanding convolution.
    fn gate(&mut self, plan: &SqueezeExcite) -> Result<[NamedTensor; 4], Self::Error>;

    /// Scales, steps and zero points if the weight is whole numbers, otherwise `None`.
    fn steps(&mut self, _plan: &Convolution) -> Result<Option<ByteSteps>, Self::Error> {
        Ok(None)
    }
}

#[derive(Debug, Clone)]
pub(crate) enum Step {
    Convolution(Convolution),
    SqueezeExcite(SqueezeExcite),
}

/// Consecutive steps, and whether the block's input is added to their result.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    pub steps: Vec<Step>,
    pub shortcut: bool,
}

/// All stages needed for the selected levels.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub stem: Convolution,
    pub stages: Vec<Vec<Block>>,
    /// The stages whose output is a level, with that level, finest first.
    pub taps: Vec<(usize, Level)>,
}

impl Plan {
    /// The convolutions that are products over channels, without the stem, in the order in which they run.
    pub fn products(&self) -> impl Iterator<Item = &Convolution> {
        let steps = self.stages.iter().flatten().flat_map(|block| &block.steps);
        steps.filter_map(|step| match step {
            Step::Convolution(step) if !step.depthwise => Some(step),
            _ => None,
        })
    }

    /// The plan up to the coarsest of `strides`, which may be in any order and may repeat.
    pub fn new(architecture: Architecture, strides: &[usize]) -> Result<Self, BackboneError> {
        if let Some(&found) = strides
            .iter()
            .find(|stride| TAPS.iter().all(|(_, known)| known != *stride))
        {
            return Err(BackboneError::UnsupportedStride { found });
        }
        if strides.is_empty() {
            return Err(BackboneError::NoStride);
        }
        Ok(Self::build(architecture, strides))
    }

    /// The plan for the valid ones of `strides`.
    pub fn build(architecture: Architecture, strides: &[usize]) -> Self {
        let scaling = Scaling::of(architecture);
        let taps: Vec<(usize, Level)> = TAPS
            .iter()
            .zip(levels(architecture))
            .filter(|((_, stride), _)| strides.contains(stride))
            .map(|(&(stage, _), level)| (stage, level))
            .collect();
        let last = taps.last().map_or(0, |(stage, _)| stage + 1);

        let stem = Convolution {
            name: "conv_stem".to_owned(),
            norm: "bn1".to_owned(),
            inputs: 3,
            outputs: scaling.stem(),
            kernel: 3,
            stride: 2,
            depthwise: false,
            activation: true,
            residual: false,
        };
        let mut inputs = stem.outputs;
        let mut stages = Vec::with_capacity(last);
        for (index, base) in scaling.stages().into_iter().take(last).enumerate() {
            let outputs = scaling.channels(base.channels);
            let blocks = (0..scaling.repeats(index, base.repeats)).map(|repeat| {
                let stride = if repeat == 0 { base.stride } else { 1 };
                let name = format!("blocks.{index}.{repeat}");
                let block = Block::new(&name, base, inputs, outputs, stride);
                inputs = outputs;
                block
            });
            stages.push(blocks.collect());
        }
        Self { stem, stages, taps }
    }
}

impl Block {
    fn new(path: &str, base: Base, inputs: usize, outputs: usize, stride: usize) -> Self {
        let Base { kind, kernel, .. } = base;
        let wide = inputs * base.expansion;
        let shortcut = stride == 1 && inputs == outputs;
        let convolution = |name: &str, norm: &str| Convolution {
            name: format!("{path}.{name}"),
            norm: format!("{path}.{norm}"),
            inputs,
            outputs,
            kernel: 1,
            stride: 1,
            depthwise: false,
            activation: false,
            residual: false,
        };
        let depthwise = |norm: &str| Convolution {
            inputs: wide,
            outputs: wide,
            kernel,
            stride,
            depthwise: true,
            activation: true,
            ..convolution("conv_dw", norm)
        };
        let project = |name: &str, norm: &str| Convolution {
            inputs: wide,
            residual: shortcut,
            ..convolution(name, norm)
        };
        // The ratio is relative to the block's input channels, not the expanded ones.
        let squeeze = base.squeeze.then(|| {
            Step::SqueezeExcite(SqueezeExcite {
                name: format!("{path}.se"),
                channels: wide,
                reduced: (inputs / 4).max(1),
            })
        });

        let mut steps = Vec::with_capacity(4);
        match kind {
            Kind::Plain => steps.push(Step::Convolution(Convolution {
                kernel,
                stride,
                activation: true,
                residual: shortcut,
                ..convolution("conv", "bn1")
            })),
            Kind::Separable => {
                steps.push(Step::Convolution(depthwise("bn1")));
                steps.extend(squeeze);
                steps.push(Step::Convolution(project("conv_pw", "bn2")));
            }
            Kind::Inverted => {
                steps.push(Step::Convolution(Convolution {
                    outputs: wide,
                    activation: true,
                    ..convolution("conv_pw", "bn1")
                }));
                steps.push(Step::Convolution(depthwise("bn2")));
                steps.extend(squeeze);
                steps.push(Step::Convolution(project("conv_pwl", "bn3")));
            }
            Kind::Fused => {
                steps.push(Step::Convolution(Convolution {
                    outputs: wide,
                    kernel,
                    stride,
                    activation: true,
                    ..convolution("conv_exp", "bn1")
                }));
                steps.push(Step::Convolution(project("conv_pwl", "bn2")));
            }
        }
        Self { steps, shortcut }
    }
}
