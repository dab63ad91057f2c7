//! From an image to the vectors that the flows see.

use std::sync::Arc;

#[cfg(feature = "train")]
use bgad_backbone::HostBackbone;
use bgad_data::RgbImage;
#[cfg(feature = "train")]
use burn::tensor::{Tensor, TensorData};

use super::built_in::AnyBackbone;
#[cfg(feature = "train")]
use super::disk_cache::FeatureCache;
use super::flow_inputs::FlowInputs;
use super::image_features::{ImageFeatures, Vectors};
use crate::config::image_fit::Fit;
use crate::config::precision::FeaturePrecision;
use crate::device::Device;
use crate::input::preparation;
use crate::input::view::{View, Views};

/// Computes features, always one image at a time, so that they don't depend on what else is
/// computed.
#[derive(Debug, Clone)]
pub(crate) struct Extractor {
    pub backbone: Arc<dyn AnyBackbone>,
    pub image_size: u32,
    pub fit: Fit,
    pub inputs: FlowInputs,
    /// Whether features of mirrored images are computed too.
    pub mirror: bool,
    /// The format in which they are kept.
    pub precision: FeaturePrecision,
    /// Whether features that are kept are rounded to 16 bits.
    pub half_precision: bool,
    /// Where features are kept on disk.
    #[cfg(feature = "train")]
    pub cache: Option<Arc<FeatureCache>>,
    pub device: Device,
}

impl Extractor {
    /// The inputs of an image of this width and height.
    pub fn views(&self, size: (u32, u32)) -> Views {
        self.fit.views(size, self.image_size)
    }

    /// The features of an image that is one input.
    pub fn extract(&self, image: &RgbImage) -> ImageFeatures {
        let views = self.views(image.dimensions());
        debug_assert_eq!(views.views.len(), 1);
        self.extract_view(image, &views.views[0])
    }

    /// The features of one input of an image.
    pub fn extract_view(&self, image: &RgbImage, view: &View) -> ImageFeatures {
        let size = self.image_size as usize;
        let input = preparation::prepare(image, view, self.backbone.normalization());
        let mirrored = self.mirror.then(|| {
            let rows = input.chunks_exact(size);
            let mirrored = rows.flat_map(|row| row.iter().rev().copied()).collect();
            self.vectors(mirrored, &view.mirrored())
        });
        ImageFeatures {
            levels: self.vectors(input, view),
            view: *view,
            mirrored,
            precision: self.precision,
        }
    }

    /// The vectors of a prepared input, `[3, size, size]`.
    #[cfg(feature = "train")]
    fn vectors(&self, input: Vec<f32>, view: &View) -> Vec<Vectors> {
        let size = self.image_size as usize;
        let vectors: Vec<Tensor<2>> = match self.backbone.on_host() {
            Some(backbone) => {
                let maps = HostBackbone::extract_on_host(backbone, &input, size, size);
                let rows = self.inputs.rows(maps, view).into_iter();
                let tensor = |rows: super::rows::Rows| {
                    let shape = [rows.values.len() / rows.columns, rows.columns];
                    Tensor::from_data(TensorData::new(rows.values, shape), &self.device)
                };
                rows.map(tensor).collect()
            }
            None => {
                let input = TensorData::new(input, [1, 3, size, size]);
                let input = Tensor::from_data(input, &self.device);
                self.inputs.vectors(self.backbone.extract(input), view)
            }
        };
        let kept = vectors
            .into_iter()
            .map(|x| Vectors::Device(Box::new(self.precision.keep(x))));
        kept.collect()
    }

    /// The vectors of a prepared input, `[3, size, size]`.
    #[cfg(not(feature = "train"))]
    fn vectors(&self, input: Vec<f32>, view: &View) -> Vec<Vectors> {
        let size = self.image_size as usize;
        let maps = self.backbone.extract_on_host(&input, size, size);
        let mut vectors = self.inputs.rows(maps, view);
        for value in vectors.iter_mut().flat_map(|rows| &mut rows.values) {
            *value = self.precision.round(*value);
        }
        vectors
    }
}
