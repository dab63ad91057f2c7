//! The filter bank's channels, and the constants that standardise them.

use crate::backbone::{Level, Normalization};
use crate::filter_kernels::ORIENTATIONS;

/// The name in a model file.
pub(crate) const NAME: &str = "filter-bank";

pub(crate) const NORMALIZATION: Normalization = Normalization {
    mean: [0.5; 3],
    std: [0.25; 3],
};

/// Rectified channels of one octave: edges, bright lines, dark lines, Gabor energies.
pub(crate) const TEXTURE: usize = 4 * ORIENTATIONS;
/// Colour-opponent axes.
pub(crate) const OPPONENTS: usize = 2;
/// Channels of a level: two octaves of texture, colour edges, luminance and colours.
pub(crate) const CHANNELS: usize = 2 * TEXTURE + OPPONENTS + 1 + OPPONENTS;

pub(crate) const LEVELS: [Level; 3] = [level(4), level(8), level(16)];

const fn level(stride: usize) -> Level {
    Level {
        stride,
        channels: CHANNELS,
    }
}

/// Luminance, red-green and yellow-blue, each as weights of red, green and blue.
pub(crate) const COLOUR_AXES: [f32; 9] = [
    1.0 / 3.0,
    1.0 / 3.0,
    1.0 / 3.0, //
    0.5,
    -0.5,
    0.0, //
    0.25,
    0.25,
    -0.5,
];

/// Centre and deviation of a kind of channel over photographs and textures, before standardisation. Because they
/// are constants, an image's features depend on no statistics of this or another image.
#[derive(Clone, Copy)]
struct Typical {
    centre: f32,
    deviation: f32,
}

const fn typical(centre: f32, deviation: f32) -> Typical {
    Typical { centre, deviation }
}

const EDGE: Typical = typical(0.32, 0.12);
const LINE: Typical = typical(0.17, 0.09);
const GABOR: Typical = typical(0.22, 0.09);
const COLOUR_EDGE: Typical = typical(0.15, 0.09);
const LUMINANCE: Typical = typical(0.0, 0.5);
const COLOUR: Typical = typical(0.0, 0.2);

/// For each channel, the offset to subtract and the factor to multiply by.
pub(crate) fn standardization() -> (Vec<f32>, Vec<f32>) {
    let texture = [
        (ORIENTATIONS, EDGE),
        (2 * ORIENTATIONS, LINE),
        (ORIENTATIONS, GABOR),
    ];
    let rest = [
        (OPPONENTS, COLOUR_EDGE),
        (1, LUMINANCE),
        (OPPONENTS, COLOUR),
    ];
    let channels = [texture, texture, rest].concat().into_iter();
    channels
        .flat_map(|(count, typical)| std::iter::repeat_n(typical, count))
        .map(|typical| (typical.centre, 1.0 / typical.deviation))
        .unzip()
}
