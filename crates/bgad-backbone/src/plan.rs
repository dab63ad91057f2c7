//! An architecture written out: its blocks, their convolutions and the parameters' names and shapes.
//!
//! Compound scaling (Tan and Le 2019, section 3): a width multiplier for the channels, a depth
//! multiplier for the repeats.

use crate::architecture::{Architecture, Family};
use crate::backbone::{Level, NamedTensor};
use crate::error::BackboneError;

/// Stages whose outputs are features, with the stride of each.
const TAPS: [(usize, usize); 3] = [(1, 4), (2, 8), (4, 16)];

/// A parameter's name and shape.
pub(crate) type Parameter = (String, Vec<usize>);

/// A convolution with its batch norm and activation.
#[derive(Debug, Clone)]
pub(crate) struct Convolution {
    /// Path of the weight, less `.weight`.
    pub name: String,
    /// Path of the batch norm.
    pub norm: String,
    pub inputs: usize,
    pub outputs: usize,
    pub kernel: usize,
    pub stride: usize,
    pub depthwise: bool,
    pub activation: bool,
    /// The block's input is added to what comes out.
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

/// Where the folded parameters come from; asked once for each step, in the order the steps run.
pub(crate) trait ParameterSource {
    type Error;

    /// Weight and bias.
    fn convolution(&mut self, plan: &Convolution) -> Result<[NamedTensor; 2], Self::Error>;

    /// Weight and bias of the reducing, then of the expanding convolution.
    fn gate(&mut self, plan: &SqueezeExcite) -> Result<[NamedTensor; 4], Self::Error>;
}

#[derive(Debug, Clone)]
pub(crate) enum Step {
    Convolution(Convolution),
    SqueezeExcite(SqueezeExcite),
}

/// Steps in a row, and whether the block's input is added to their result.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    pub steps: Vec<Step>,
    pub shortcut: bool,
}

/// Everything that has to be built for the selected levels.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub stem: Convolution,
    pub stages: Vec<Vec<Block>>,
    /// Stages whose output is a level, with the level, finest first.
    pub taps: Vec<(usize, Level)>,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// One convolution.
    Plain,
    /// Depthwise, then pointwise.
    Separable,
    /// Expanding, depthwise, projecting.
    Inverted,
    /// Expanding with the full kernel, projecting.
    Fused,
}

/// A stage before scaling.
#[derive(Clone, Copy)]
struct Base {
    kind: Kind,
    expansion: usize,
    kernel: usize,
    stride: usize,
    repeats: usize,
    channels: usize,
    squeeze: bool,
}

#[rustfmt::skip]
const fn base(
    kind: Kind, expansion: usize, kernel: usize, stride: usize, repeats: usize, channels: usize, squeeze: bool,
) -> Base {
    Base { kind, expansion, kernel, stride, repeats, channels, squeeze }
}

const ORIGINAL: [Base; 5] = [
    base(Kind::Separable, 1, 3, 1, 1, 16, true),
    base(Kind::Inverted, 6, 3, 2, 2, 24, true),
    base(Kind::Inverted, 6, 5, 2, 2, 40, true),
    base(Kind::Inverted, 6, 3, 2, 3, 80, true),
    base(Kind::Inverted, 6, 5, 1, 3, 112, true),
];

const V2: [Base; 5] = [
    base(Kind::Plain, 1, 3, 1, 1, 16, false),
    base(Kind::Fused, 4, 3, 2, 2, 32, false),
    base(Kind::Fused, 4, 3, 2, 2, 48, false),
    base(Kind::Inverted, 4, 3, 2, 3, 96, true),
    base(Kind::Inverted, 6, 3, 1, 5, 112, true),
];

const STEM_CHANNELS: usize = 32;

/// The stages of a family; lite has the original's without squeeze-excite.
fn bases(family: Family) -> [Base; 5] {
    match family {
        Family::Original => ORIGINAL,
        Family::Lite => ORIGINAL.map(|base| Base {
            squeeze: false,
            ..base
        }),
        Family::V2 => V2,
    }
}

/// The nearest multiple of 8, but at least 8 and never below `floor` of the scaled value.
fn round_channels(channels: usize, width: f64, floor: f64) -> usize {
    let scaled = channels as f64 * width;
    let rounded = (((scaled + 4.0) / 8.0).floor() as usize * 8).max(8);
    if (rounded as f64) < floor * scaled {
        rounded + 8
    } else {
        rounded
    }
}

struct Scaling {
    family: Family,
    width: f64,
    depth: f64,
}

impl Scaling {
    fn of(architecture: Architecture) -> Self {
        let (width, depth) = architecture.scaling();
        Self {
            family: architecture.family(),
            width,
            depth,
        }
    }

    fn channels(&self, base: usize) -> usize {
        let floor = match self.family {
            Family::Original | Family::Lite => 0.9,
            Family::V2 => 0.0,
        };
        round_channels(base, self.width, floor)
    }

    fn stem(&self) -> usize {
        match self.family {
            Family::Lite => STEM_CHANNELS,
            Family::Original | Family::V2 => self.channels(STEM_CHANNELS),
        }
    }

    fn repeats(&self, stage: usize, base: usize) -> usize {
        // Lite keeps its first stage (and its last, which is never built here) as it is.
        if self.family == Family::Lite && stage == 0 {
            base
        } else {
            (base as f64 * self.depth).ceil() as usize
        }
    }
}

/// The three levels of an architecture.
pub(crate) fn levels(architecture: Architecture) -> [Level; 3] {
    let scaling = Scaling::of(architecture);
    let bases = bases(scaling.family);
    TAPS.map(|(stage, stride)| Level {
        stride,
        channels: scaling.channels(bases[stage].channels),
    })
}

impl Plan {
    /// The plan up to the coarsest of `strides`, in any order, repetitions allowed.
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

    /// The plan for those of `strides` that exist.
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
        for (index, base) in bases(scaling.family).into_iter().take(last).enumerate() {
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
        // The ratio is of the block's input channels, not of the expanded ones.
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
