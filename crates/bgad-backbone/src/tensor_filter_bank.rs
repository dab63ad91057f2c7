//! The filter bank by Burn's operations, on any device.

use burn::tensor::module::conv2d;
use burn::tensor::ops::{ConvOptions, PadMode};
use burn::tensor::{Device, Tensor, TensorData};

use crate::filter_channels::{CHANNELS, COLOUR_AXES, LEVELS, OPPONENTS, TEXTURE, standardization};
use crate::filter_kernels::{self as kernels, KERNELS, ORIENTATIONS, RADIUS, SIZE};
use crate::tensors::FeaturePyramid;

#[derive(Debug, Clone)]
pub(crate) struct TensorFilterBank {
    /// `[3, 3, 1, 1]`
    colour_axes: Tensor<4>,
    /// `[16, 1, 7, 7]`
    oriented: Tensor<4>,
    /// `[2, 1, 7, 7]`
    gradient: Tensor<4>,
    /// `[channels, 1, 4, 4]`, for the largest number of channels that are halved at once.
    binomial: Tensor<4>,
    /// `[1, 37, 1, 1]`
    centre: Tensor<4>,
    /// `[1, 37, 1, 1]`
    per_deviation: Tensor<4>,
}

impl TensorFilterBank {
    pub fn new(device: &Device) -> Self {
        let place = |values: Vec<f32>, shape: [usize; 4]| {
            Tensor::from_data(TensorData::new(values, shape), device)
        };
        let (centre, per_deviation) = standardization();
        let each = [1, CHANNELS, 1, 1];
        Self {
            colour_axes: place(COLOUR_AXES.to_vec(), [3, 3, 1, 1]),
            oriented: place(kernels::oriented(), [KERNELS, 1, SIZE, SIZE]),
            gradient: place(kernels::gradient(), [2, 1, SIZE, SIZE]),
            binomial: place(kernels::binomial().repeat(TEXTURE), [TEXTURE, 1, 4, 4]),
            centre: place(centre, each),
            per_deviation: place(per_deviation, each),
        }
    }

    pub fn extract(&self, images: Tensor<4>) -> FeaturePyramid {
        let pointwise = ConvOptions::new([1, 1], [0, 0], [1, 1], 1);
        let full = conv2d(images, self.colour_axes.clone(), None, pointwise);

        // Octave `o` has stride 2^o. A level takes texture from the octaves at a quarter and half of its
        // stride, so each octave except the first and last serves two levels.
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

    /// Smooths and halves the size: `[batch, channels, height, width]` to
    /// `[batch, channels, ceil(height / 2), ceil(width / 2)]`.
    fn halve(&self, x: Tensor<4>) -> Tensor<4> {
        let [_, channels, height, width] = x.dims();
        // An odd size gets one more pixel at the end.
        let x = x.pad([(1, 1 + height % 2), (1, 1 + width % 2)], PadMode::Edge);
        let weight = self.binomial.clone().narrow(0, 0, channels);
        let options = ConvOptions::new([2, 2], [0, 0], [1, 1], channels);
        conv2d(x, weight, None, options)
    }

    /// Rectified responses to the luminance `[batch, 1, height, width]`: `[batch, 16, height, width]`.
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

    /// Gradient magnitudes of the two colour planes `[batch, 2, height, width]`, in the same shape.
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

/// Filters planes `[planes, 1, height, width]`. Borders repeat the last pixel.
fn filter(planes: Tensor<4>, kernels: &Tensor<4>) -> Tensor<4> {
    let planes = planes.pad([(RADIUS, RADIUS); 2], PadMode::Edge);
    conv2d(
        planes,
        kernels.clone(),
        None,
        ConvOptions::new([1, 1], [0, 0], [1, 1], 1),
    )
}
