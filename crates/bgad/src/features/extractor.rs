//! From an image to the vectors that the flows see.

use std::sync::Arc;

use bgad_backbone::Backbone;
use bgad_data::RgbImage;
use burn::tensor::{Device, Tensor, TensorData};

use super::flow_inputs::{FlowInput, FlowInputs};
use super::half_precision::Vectors;
use super::image_features::ImageFeatures;
use crate::config::image_fit::Fit;
use crate::config::precision::FeaturePrecision;
use crate::input::preparation;
use crate::input::view::{View, Views};

/// Computes features, always one image at a time, so that they don't depend on what else is
/// computed.
#[derive(Debug, Clone)]
pub(crate) struct Extractor {
    pub backbone: Arc<dyn Backbone>,
    pub image_size: u32,
    pub fit: Fit,
    pub inputs: FlowInputs,
    /// The format in which features are kept.
    pub precision: FeaturePrecision,
    pub device: Device,
}

/// An input as the backbone wants it.
pub(crate) struct PreparedInput {
    /// `[3, size, size]`.
    values: Vec<f32>,
    pub view: View,
}

impl Extractor {
    /// The inputs of an image of this width and height.
    pub fn views(&self, size: (u32, u32)) -> Views {
        self.fit.views(size, self.image_size)
    }

    /// What each flow sees.
    pub fn flow_inputs(&self) -> Vec<FlowInput> {
        self.inputs.list(self.backbone.levels())
    }

    /// The features of one input of an image, with those of its mirror image where they are wanted.
    pub fn extract_view(&self, image: &RgbImage, view: &View, mirrored: bool) -> ImageFeatures {
        let input = self.prepare(image, view);
        ImageFeatures {
            levels: self.vectors(&input, false),
            view: *view,
            mirrored: mirrored.then(|| self.vectors(&input, true)),
            precision: self.precision,
        }
    }

    /// One input of an image.
    pub fn prepare(&self, image: &RgbImage, view: &View) -> PreparedInput {
        PreparedInput {
            values: preparation::prepare(image, view, self.backbone.normalization()),
            view: *view,
        }
    }

    /// The vectors of an input, or of its mirror image: one question to the backbone.
    pub fn vectors(&self, input: &PreparedInput, mirrored: bool) -> Vec<Vectors> {
        let size = self.image_size as usize;
        let (values, view) = match mirrored {
            false => (input.values.clone(), input.view),
            true => {
                let rows = input.values.chunks_exact(size);
                let values = rows.flat_map(|row| row.iter().rev().copied()).collect();
                (values, input.view.mirrored())
            }
        };
        let images = Tensor::from_data(TensorData::new(values, [1, 3, size, size]), &self.device);
        let vectors = self.inputs.vectors(self.backbone.extract(images), &view);
        let kept = vectors
            .into_iter()
            .map(|x| Vectors::Device(Box::new(self.precision.keep(x))));
        kept.collect()
    }
}
