//! Scales a family's base stages to an architecture's sizes.
//!
//! Compound scaling (Tan and Le 2019, section 3) has a width multiplier for channels and a depth multiplier for
//! repeats.

use crate::architecture::{Architecture, Family};
use crate::backbone::Level;

/// Stages whose outputs are features, with the stride of each.
pub(crate) const TAPS: [(usize, usize); 3] = [(1, 4), (2, 8), (4, 16)];

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Kind {
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
pub(crate) struct Base {
    pub kind: Kind,
    pub expansion: usize,
    pub kernel: usize,
    pub stride: usize,
    pub repeats: usize,
    pub channels: usize,
    pub squeeze: bool,
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

/// Stages of EfficientNetV2-S, -M and -L, with these repeats and channels.
const fn v2(repeats: [usize; 5], channels: [usize; 5]) -> [Base; 5] {
    [
        base(Kind::Plain, 1, 3, 1, repeats[0], channels[0], false),
        base(Kind::Fused, 4, 3, 2, repeats[1], channels[1], false),
        base(Kind::Fused, 4, 3, 2, repeats[2], channels[2], false),
        base(Kind::Inverted, 4, 3, 2, repeats[3], channels[3], true),
        base(Kind::Inverted, 6, 3, 1, repeats[4], channels[4], true),
    ]
}

const V2_S: [Base; 5] = v2([2, 4, 4, 6, 9], [24, 48, 64, 128, 160]);
const V2_M: [Base; 5] = v2([3, 5, 5, 7, 14], [24, 48, 80, 160, 176]);
const V2_L: [Base; 5] = v2([4, 7, 7, 10, 19], [32, 64, 96, 192, 224]);

const STEM_CHANNELS: usize = 32;

/// The nearest multiple of 8, but at least 8 and at least the fraction `floor` of the scaled value.
fn round_channels(channels: usize, width: f64, floor: f64) -> usize {
    let scaled = channels as f64 * width;
    let rounded = (((scaled + 4.0) / 8.0).floor() as usize * 8).max(8);
    if (rounded as f64) < floor * scaled {
        rounded + 8
    } else {
        rounded
    }
}

pub(crate) struct Scaling {
    family: Family,
    width: f64,
    depth: f64,
}

impl Scaling {
    pub fn of(architecture: Architecture) -> Self {
        let (width, depth) = architecture.scaling();
        Self {
            family: architecture.family(),
            width,
            depth,
        }
    }

    /// The stages before scaling. Lite has the original's, without squeeze-excite.
    pub fn stages(&self) -> [Base; 5] {
        match self.family {
            Family::Original => ORIGINAL,
            Family::Lite => ORIGINAL.map(|base| Base {
                squeeze: false,
                ..base
            }),
            Family::V2 => V2,
            Family::V2S => V2_S,
            Family::V2M => V2_M,
            Family::V2L => V2_L,
        }
    }

    pub fn channels(&self, base: usize) -> usize {
        let floor = match self.family {
            Family::Original | Family::Lite => 0.9,
            Family::V2 | Family::V2S | Family::V2M | Family::V2L => 0.0,
        };
        round_channels(base, self.width, floor)
    }

    pub fn stem(&self) -> usize {
        match self.family {
            Family::Lite => STEM_CHANNELS,
            Family::Original | Family::V2 => self.channels(STEM_CHANNELS),
            // As many as the first stage has.
            Family::V2S | Family::V2M | Family::V2L => self.stages()[0].channels,
        }
    }

    pub fn repeats(&self, stage: usize, base: usize) -> usize {
        // Lite does not scale its first stage, nor its last, which we never build.
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
    let bases = scaling.stages();
    TAPS.map(|(stage, stride)| Level {
        stride,
        channels: scaling.channels(bases[stage].channels),
    })
}

impl Architecture {
    /// The levels that you can select: strides 4, 8 and 16.
    pub fn levels(self) -> [Level; 3] {
        levels(self)
    }
}
