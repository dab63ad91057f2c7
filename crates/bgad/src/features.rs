//! From an image to the vectors that the flows see.

use std::sync::Arc;

use bgad_backbone::Backbone;
use bgad_data::RgbImage;
use burn::tensor::{Device, Tensor, TensorData};
use rayon::prelude::*;

use crate::Result;
use crate::config::{Granularity, Pooling};
use crate::images;

/// One image's features, a matrix a level, finest first.
///
/// At pixel granularity `[height · width, channels]`, a row a position; at image granularity
/// `[1, channels]`, or twice the channels with [`Pooling::MeanStd`].
#[derive(Debug, Clone)]
pub(crate) struct ImageFeatures {
    pub levels: Vec<Tensor<2>>,
}

/// Computes features, always one image at a time, so that they don't depend on what else is
/// computed.
#[derive(Debug)]
pub(crate) struct Extractor {
    pub backbone: Arc<dyn Backbone>,
    pub image_size: u32,
    pub granularity: Granularity,
    pub pooling: Pooling,
    pub device: Device,
}

/// The width and height of a level's map.
pub(crate) fn map_size(image_size: u32, stride: usize) -> usize {
    (image_size as usize).div_ceil(stride)
}

/// The dimension of a level's vectors.
pub(crate) fn dimension(channels: usize, granularity: Granularity, pooling: Pooling) -> usize {
    match (granularity, pooling) {
        (Granularity::Image, Pooling::MeanStd) => 2 * channels,
        _ => channels,
    }
}

impl Extractor {
    /// The features of one image of any size.
    pub fn extract(&self, image: &RgbImage) -> ImageFeatures {
        let size = self.image_size as usize;
        let input = images::prepare(image, self.image_size, self.backbone.normalization());
        let input = Tensor::from_data(TensorData::new(input, [1, 3, size, size]), &self.device);
        let pyramid = self.backbone.extract(input);
        let levels = pyramid.into_levels().into_iter();
        ImageFeatures {
            levels: levels.map(|map| self.vectors(map)).collect(),
        }
    }

    fn vectors(&self, map: Tensor<4>) -> Tensor<2> {
        let [_, channels, height, width] = map.dims();
        let by_channel = map.reshape([channels, height * width]);
        if self.granularity == Granularity::Pixel {
            // A real transposition: its rows are gathered again and again.
            return by_channel.transpose() + 0.0;
        }
        let mean = by_channel.clone().mean_dim(1);
        let pooled = match self.pooling {
            Pooling::Mean => mean,
            Pooling::MeanStd => {
                let count = (height * width).max(2) as f64;
                let squared = (by_channel - mean.clone()).square().sum_dim(1);
                Tensor::cat(vec![mean, (squared / (count - 1.0)).sqrt()], 0)
            }
        };
        pooled.transpose() + 0.0
    }

    /// Loads and computes many, in order; on a CPU on all cores. One that fails leaves its error in
    /// its place.
    pub fn extract_all<T: Sync>(
        &self,
        items: &[T],
        load: impl Fn(&T) -> Result<RgbImage> + Sync,
        done: impl Fn() + Sync,
    ) -> Vec<Result<ImageFeatures>> {
        let one = |item: &T| {
            let features = load(item).map(|image| self.extract(&image));
            done();
            features
        };
        items.par_iter().map(one).collect()
    }

    /// The bytes that one image's features take.
    pub fn bytes_per_image(&self) -> u64 {
        let levels = self.backbone.levels().iter();
        let values = levels.map(|level| {
            let positions = match self.granularity {
                Granularity::Pixel => map_size(self.image_size, level.stride).pow(2),
                Granularity::Image => 1,
            };
            positions * dimension(level.channels, self.granularity, self.pooling)
        });
        4 * values.sum::<usize>() as u64
    }
}
