//! The interface of every feature extractor.

use serde::{Deserialize, Serialize};

/// How an input channel is scaled for a backbone: `(v / 255 - mean) / std`, for red, green and blue.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Normalization {
    /// Subtracted from each channel, as a fraction of the full scale.
    pub mean: [f32; 3],
    /// Divides each channel, as a fraction of the full scale.
    pub std: [f32; 3],
}

impl Normalization {
    /// Mean and standard deviation of the ImageNet training images.
    pub const IMAGENET: Self = Self {
        mean: [0.485, 0.456, 0.406],
        std: [0.229, 0.224, 0.225],
    };

    /// Maps the full scale to `[-1, 1]`, like the "Inception" preprocessing.
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

/// One level's features of a batch of images, on the host.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureMap {
    /// Features at each position.
    pub channels: usize,
    /// Rows of positions.
    pub height: usize,
    /// Columns of positions.
    pub width: usize,
    /// `[batch, height, width, channels]`: a row of features for each position.
    pub values: Vec<f32>,
}

/// A named parameter on the host, in row-major order.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedTensor {
    /// Dotted path, such as `blocks.1.0.conv_dw.weight`.
    pub name: String,
    /// Extents, outermost first.
    pub shape: Vec<usize>,
    /// As many values as the shape holds.
    pub values: Vec<f32>,
}

/// A frozen feature extractor on the CPU, on plain slices.
///
/// Each image's features depend only on that image, and not on the number of threads.
pub trait HostBackbone: Send + Sync + std::fmt::Debug {
    /// The extractor's name, such as `tf_efficientnet_b6` or `filter-bank`.
    fn name(&self) -> &str;

    /// The normalisation that its inputs must have.
    fn normalization(&self) -> Normalization;

    /// Stride and channels of each level, finest first.
    fn levels(&self) -> &[Level];

    /// Features of normalised images `[batch, 3, height, width]`, of any height and width above 0:
    /// one map for each level, finest first.
    ///
    /// # Panics
    ///
    /// If `images` does not hold whole images of that size, or height or width is 0.
    fn extract_on_host(&self, images: &[f32], height: usize, width: usize) -> Vec<FeatureMap>;

    /// All parameters, in a fixed order. With name and levels they restore the extractor. Empty if it has no
    /// weights.
    fn tensors(&self) -> Vec<NamedTensor>;
}

/// Panics unless `images` are whole images `[batch, 3, height, width]`.
pub(crate) fn check_images(images: &[f32], height: usize, width: usize) {
    let image = 3 * height * width;
    assert!(
        image > 0 && images.len().is_multiple_of(image),
        "{} values, not images [batch, 3, {height}, {width}]",
        images.len()
    );
}
