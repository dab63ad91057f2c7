//! What every feature extractor offers.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

/// How an input channel is brought to the range a backbone expects: `(v / 255 - mean) / std`, for
/// red, green and blue.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Normalization {
    /// Subtracted from each channel, in units of the full scale.
    pub mean: [f32; 3],
    /// Divides each channel, in units of the full scale.
    pub std: [f32; 3],
}

impl Normalization {
    /// Mean and standard deviation of the ImageNet training images.
    pub const IMAGENET: Self = Self {
        mean: [0.485, 0.456, 0.406],
        std: [0.229, 0.224, 0.225],
    };

    /// Maps the full scale to `[-1, 1]`, as the "Inception" preprocessing did.
    pub const SYMMETRIC: Self = Self {
        mean: [0.5; 3],
        std: [0.5; 3],
    };
}

/// One level of a feature pyramid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    /// Distance between neighbouring positions, in pixels of the input; a map of an `h` by `w` image
    /// is `ceil(h / stride)` by `ceil(w / stride)`.
    pub stride: usize,
    /// Features at each position.
    pub channels: usize,
}

/// Feature maps of a batch of images, one for each level, finest first.
#[derive(Debug, Clone)]
pub struct FeaturePyramid {
    levels: Vec<Tensor<4>>,
}

impl FeaturePyramid {
    /// A pyramid of maps, each `[batch, channels, height, width]`, finest first.
    pub fn new(levels: Vec<Tensor<4>>) -> Self {
        Self { levels }
    }

    /// The maps, each `[batch, channels, height, width]`, finest first.
    pub fn levels(&self) -> &[Tensor<4>] {
        &self.levels
    }

    /// Hands the maps over, each `[batch, channels, height, width]`, finest first.
    pub fn into_levels(self) -> Vec<Tensor<4>> {
        self.levels
    }
}

/// A parameter under its name, on the host, in row-major order.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedTensor {
    /// Dotted path, such as `blocks.1.0.conv_dw.weight`.
    pub name: String,
    /// Extents, outermost first.
    pub shape: Vec<usize>,
    /// As many values as the shape holds.
    pub values: Vec<f32>,
}

/// A frozen feature extractor.
///
/// Each image's features depend on that image alone.
pub trait Backbone: Send + Sync + std::fmt::Debug {
    /// The extractor's name, such as `tf_efficientnet_b6` or `filter-bank`.
    fn name(&self) -> &str;

    /// The normalisation its input must have gone through.
    fn normalization(&self) -> Normalization;

    /// Stride and channels of each level, finest first.
    fn levels(&self) -> &[Level];

    /// Features of normalised images `[batch, 3, height, width]`, of any height and width above 0.
    ///
    /// Gradients are not tracked, whatever the images carry.
    ///
    /// # Panics
    ///
    /// When the images do not have three channels or hold no pixels, or lie on another device than
    /// the backbone.
    fn extract(&self, images: Tensor<4>) -> FeaturePyramid;

    /// Everything that is needed to restore the extractor beside its name and levels, in a fixed
    /// order; empty where there are no weights.
    fn tensors(&self) -> Vec<NamedTensor>;
}
