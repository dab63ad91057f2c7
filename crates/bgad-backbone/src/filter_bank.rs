//! A backbone without weights: rectified responses of oriented linear filters.

use burn::tensor::module::conv2d;
use burn::tensor::ops::{ConvOptions, PadMode};
use burn::tensor::{Device, Tensor, TensorData};

use crate::backbone::{Backbone, FeaturePyramid, Level, NamedTensor, Normalization};
use crate::filter_kernels::{self as kernels, KERNELS, ORIENTATIONS, RADIUS, SIZE};

/// Rectified channels of one octave: edges, bright lines, dark lines, Gabor energies.
const TEXTURE: usize = 4 * ORIENTATIONS;
/// Colour-opponent axes.
const OPPONENTS: usize = 2;
/// Two octaves of texture, edges in colour, luminance and colour.
const CHANNELS: usize = 2 * TEXTURE + OPPONENTS + 1 + OPPONENTS;

const LEVELS: [Level; 3] = [level(4), level(8), level(16)];

const fn level(stride: usize) -> Level {
    Level {
        stride,
        channels: CHANNELS,
    }
}

/// Luminance, red against green, yellow against blue: rows of a map from red, green, blue.
const COLOUR_AXES: [f32; 9] = [
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

/// Centre and deviation of a kind of channel over photographs and textures, in the units of the
/// output before it is standardised. They are constants: no image's features depend on its own, or
/// on any other image's, statistics.
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

/// A deterministic multi-scale filter bank; it needs no weights, so everything can be tried with it.
///
/// Three levels, at strides 4, 8 and 16, of 37 channels each:
///
/// | channels | what |
/// |---|---|
/// | 0-3 | edges: first derivatives of a Gaussian at 0, 45, 90, 135 degrees, magnitude |
/// | 4-7, 8-11 | bright and dark lines: second derivatives, each half-wave rectified |
/// | 12-15 | Gabor energy: even and odd filter in quadrature |
/// | 16-31 | the same, an octave coarser |
/// | 32-33 | gradient magnitude of red against green and of yellow against blue |
/// | 34-36 | smoothed luminance, red against green, yellow against blue |
///
/// A channel at 0 degrees responds to variation along a row.
///
/// The image goes through a pyramid of halvings (binomial smoothing, Burt and Adelson 1983), and the
/// same small kernels through each octave, so that their scale grows with the stride. Responses are
/// rectified before they are pooled over the stride's neighbourhood (Malik and Perona 1990): pooled
/// as they are, they would cancel. The filters are the steerable derivatives of Freeman and Adelson
/// (1991) and the quadrature pairs of Gabor filters of Daugman (1985).
///
/// Rectified channels leave as `(sqrt(r) - centre) / deviation`, smoothed ones as `r / deviation`,
/// with constants taken once over photographs and textures. The square root evens out the
/// deviations of weak and strong textures; it is monotone, so a stronger contrast always gives a
/// larger feature. Borders are continued by their last pixel, which adds no edge of its own.
#[derive(Debug, Clone)]
pub struct FilterBank {
    /// `[3, 3, 1, 1]`
    colour_axes: Tensor<4>,
    /// `[16, 1, 7, 7]`
    oriented: Tensor<4>,
    /// `[2, 1, 7, 7]`
    gradient: Tensor<4>,
    /// `[channels, 1, 4, 4]` for as many channels as are ever halved at once.
    binomial: Tensor<4>,
    /// `[1, 37, 1, 1]`
    centre: Tensor<4>,
    /// `[1, 37, 1, 1]`
    per_deviation: Tensor<4>,
}

impl FilterBank {
    /// Builds the kernels on `device`, as plain tensors even where the device tracks gradients.
    pub fn new(device: &Device) -> Self {
        let device = device.clone().inner();
        let place = |values: Vec<f32>, shape: [usize; 4]| {
            Tensor::from_data(TensorData::new(values, shape), &device)
        };
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
        let channels: Vec<Typical> = [texture, texture, rest]
            .concat()
            .into_iter()
            .flat_map(|(count, typical)| std::iter::repeat_n(typical, count))
            .collect();
        let each = [1, CHANNELS, 1, 1];
        Self {
            colour_axes: place(COLOUR_AXES.to_vec(), [3, 3, 1, 1]),
            oriented: place(kernels::oriented(), [KERNELS, 1, SIZE, SIZE]),
            gradient: place(kernels::gradient(), [2, 1, SIZE, SIZE]),
            binomial: place(kernels::binomial(TEXTURE), [TEXTURE, 1, 4, 4]),
            centre: place(channels.iter().map(|t| t.centre).collect(), each),
            per_deviation: place(channels.iter().map(|t| 1.0 / t.deviation).collect(), each),
        }
    }

    /// Smooths and halves: `[batch, channels, height, width]` to
    /// `[batch, channels, ceil(height / 2), ceil(width / 2)]`.
    fn halve(&self, x: Tensor<4>) -> Tensor<4> {
        let [_, channels, height, width] = x.dims();
        // An odd size gets one more pixel at its end.
        let x = x.pad([(1, 1 + height % 2), (1, 1 + width % 2)], PadMode::Edge);
        let weight = self.binomial.clone().narrow(0, 0, channels);
        let options = ConvOptions::new([2, 2], [0, 0], [1, 1], channels);
        conv2d(x, weight, None, options)
    }

    /// Rectified responses of the luminance `[batch, 1, height, width]`: `[batch, 16, height, width]`.
    fn texture(&self, luminance: Tensor<4>) -> Tensor<4> {
        let responses = filter(luminance, &self.oriented);
        let kind = |index: usize| {
            let start = index * ORIENTATIONS;
            responses.clone().narrow(1, start, ORIENTATIONS)
        };
        let lines = kind(1);
        let (even, odd) = (kind(2), kind(3));
        let energy = even.clone() * even + odd.clone() * odd;
        let bright = lines.clone().clamp_min(0.0);
        let dark = lines.neg().clamp_min(0.0);
        Tensor::cat(vec![kind(0).abs(), bright, dark, energy.sqrt()], 1)
    }

    /// Gradient magnitudes of the opponents `[batch, 2, height, width]`, in the same shape.
    fn colour_edges(&self, opponents: Tensor<4>) -> Tensor<4> {
        let [batch, channels, height, width] = opponents.dims();
        let planes = opponents.reshape([batch * channels, 1, height, width]);
        let gradient = filter(planes, &self.gradient);
        let square = gradient.clone() * gradient;
        square
            .sum_dim(1)
            .sqrt()
            .reshape([batch, channels, height, width])
    }
}

/// Filters planes `[planes, 1, height, width]`, continued by their last pixel beyond the border.
fn filter(planes: Tensor<4>, kernels: &Tensor<4>) -> Tensor<4> {
    let planes = planes.pad([(RADIUS, RADIUS); 2], PadMode::Edge);
    conv2d(
        planes,
        kernels.clone(),
        None,
        ConvOptions::new([1, 1], [0, 0], [1, 1], 1),
    )
}

impl Backbone for FilterBank {
    fn name(&self) -> &str {
        "filter-bank"
    }

    fn normalization(&self) -> Normalization {
        Normalization {
            mean: [0.5; 3],
            std: [0.25; 3],
        }
    }

    fn levels(&self) -> &[Level] {
        &LEVELS
    }

    fn extract(&self, images: Tensor<4>) -> FeaturePyramid {
        let pointwise = ConvOptions::new([1, 1], [0, 0], [1, 1], 1);
        let full = conv2d(images.inner(), self.colour_axes.clone(), None, pointwise);

        // Octave `o` has stride 2^o. A level takes texture from two octaves, its stride's quarter and
        // half; each octave but the first and last therefore serves two levels.
        let mut octave = full;
        let mut texture = self.halve(self.texture(octave.clone().narrow(1, 0, 1)));
        let mut levels = Vec::with_capacity(LEVELS.len());
        for _ in LEVELS {
            let fine = self.halve(texture);
            octave = self.halve(octave);
            texture = self.halve(self.texture(octave.clone().narrow(1, 0, 1)));
            let colour_edges =
                self.halve(self.colour_edges(octave.clone().narrow(1, 1, OPPONENTS)));
            let smooth = self.halve(octave.clone());
            let rectified = Tensor::cat(vec![fine, texture.clone(), colour_edges], 1).sqrt();
            let features = Tensor::cat(vec![rectified, smooth], 1);
            levels.push((features - self.centre.clone()) * self.per_deviation.clone());
        }
        FeaturePyramid::new(levels)
    }

    fn tensors(&self) -> Vec<NamedTensor> {
        Vec::new()
    }
}
