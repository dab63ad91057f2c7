//! Computes an image's feature vectors, the inputs of the flows.

use std::borrow::Cow;
use std::sync::Arc;

#[cfg(feature = "train")]
use bgad_backbone::HostBackbone;
use bgad_data::RgbImage;
#[cfg(feature = "train")]
use burn::tensor::{Tensor, TensorData};

use super::built_in::AnyBackbone;
#[cfg(feature = "train")]
use super::flow_inputs::FlowInput;
use super::flow_inputs::FlowInputs;
use super::image_features::{ImageFeatures, Vectors};
use crate::config::checked::CheckedConfig;
use crate::config::choices::Granularity;
use crate::config::image_fit::Fit;
use crate::config::precision::FeaturePrecision;
use crate::device::Device;
use crate::input::preparation;
use crate::input::view::View;
#[cfg(feature = "train")]
use crate::input::view::Views;

/// Computes features, always for one image at a time, so that they do not depend on what else is computed.
#[derive(Debug, Clone)]
pub(crate) struct Extractor {
    pub backbone: Arc<dyn AnyBackbone>,
    pub image_size: u32,
    /// The width of an input on its score map, in pixels.
    #[cfg(feature = "train")]
    pub map_size: u32,
    pub fit: Fit,
    pub inputs: FlowInputs,
    /// The format in which features are stored.
    pub precision: FeaturePrecision,
    #[cfg_attr(not(feature = "train"), allow(dead_code))] // the host is no device of tensors
    pub device: Device,
    /// That of the finer input, if there is one.
    pub finer: Option<Box<Extractor>>,
}

/// An input prepared for the backbone.
pub(crate) struct PreparedInput {
    /// `[3, size, size]`.
    pub values: Vec<f32>,
    pub view: View,
}

impl Extractor {
    /// The extractor of a run or model with these settings.
    pub fn new(
        config: &CheckedConfig,
        granularity: Granularity,
        backbone: Arc<dyn AnyBackbone>,
        device: &Device,
    ) -> Self {
        #[cfg(feature = "train")]
        let map_size = config.input.map_size();
        let finer = config.finer().map(|config| {
            Box::new(Self {
                #[cfg(feature = "train")]
                map_size,
                ..Self::new(&config, granularity, backbone.clone(), device)
            })
        });
        Self {
            finer,
            backbone,
            image_size: config.input.size(),
            #[cfg(feature = "train")]
            map_size,
            fit: config.input.fit,
            inputs: FlowInputs::new(config, granularity),
            precision: config.features.precision,
            device: device.clone(),
        }
    }

    /// The inputs of an image with this width and height.
    #[cfg(feature = "train")]
    pub fn views(&self, size: (u32, u32)) -> Views {
        self.fit.views(size, self.image_size).on_map(self.map_size)
    }

    /// The inputs of the flows.
    #[cfg(feature = "train")]
    pub fn flow_inputs(&self) -> Vec<FlowInput> {
        self.inputs.list(self.backbone.levels())
    }

    /// All vectors computed from an input: those of the flows, then those that only the memory bank uses.
    #[cfg(feature = "train")]
    pub fn computed_inputs(&self) -> Vec<FlowInput> {
        self.inputs.computed(self.backbone.levels())
    }

    /// The features of one input of an image and, if wanted, of its mirror image; those of the finer input as well,
    /// if there is one.
    pub fn extract_view(&self, image: &RgbImage, view: &View, mirrored: bool) -> ImageFeatures {
        let input = self.prepare(image, view);
        let finer = self.finer.as_ref().map(|finer| {
            let view = finer.whole(image.dimensions());
            Box::new(finer.extract_view(image, &view, mirrored))
        });
        ImageFeatures {
            levels: self.vectors(&input, false),
            view: *view,
            mirrored: mirrored.then(|| self.vectors(&input, true)),
            precision: self.precision,
            finer,
        }
    }

    /// The input of an image of this width and height that is a single input.
    pub fn whole(&self, size: (u32, u32)) -> View {
        self.fit.views(size, self.image_size).views[0]
    }

    /// Prepares one input of an image.
    pub fn prepare(&self, image: &RgbImage, view: &View) -> PreparedInput {
        PreparedInput {
            values: preparation::prepare(image, view, self.backbone.normalization()),
            view: *view,
        }
    }

    /// The vectors of an input, or of its mirror image, from one run of the backbone.
    pub fn vectors(&self, input: &PreparedInput, mirrored: bool) -> Vec<Vectors> {
        match mirrored {
            false => self.vectors_of(Cow::Borrowed(&input.values), &input.view),
            true => {
                let rows = input.values.chunks_exact(self.image_size as usize);
                let values = rows.flat_map(|row| row.iter().rev().copied()).collect();
                self.vectors_of(Cow::Owned(values), &input.view.mirrored())
            }
        }
    }

    /// The vectors of prepared values, `[3, size, size]`.
    #[cfg(feature = "train")]
    fn vectors_of(&self, values: Cow<'_, [f32]>, view: &View) -> Vec<Vectors> {
        let size = self.image_size as usize;
        let vectors: Vec<Tensor<2>> = match self.backbone.on_host() {
            Some(backbone) => {
                let maps = HostBackbone::extract_on_host(backbone, &values, size, size);
                let rows = self.inputs.rows(maps, view).into_iter();
                let tensor = |rows: super::rows::Rows| {
                    let shape = [rows.values.len() / rows.columns, rows.columns];
                    Tensor::from_data(TensorData::new(rows.values, shape), &self.device)
                };
                rows.map(tensor).collect()
            }
            None => {
                let images = TensorData::new(values.into_owned(), [1, 3, size, size]);
                let images = Tensor::from_data(images, &self.device);
                self.inputs.vectors(self.backbone.extract(images), view)
            }
        };
        let kept = vectors
            .into_iter()
            .map(|x| Vectors::Device(Box::new(self.precision.keep(x))));
        kept.collect()
    }

    /// The vectors of prepared values, `[3, size, size]`.
    #[cfg(not(feature = "train"))]
    fn vectors_of(&self, values: Cow<'_, [f32]>, view: &View) -> Vec<Vectors> {
        let size = self.image_size as usize;
        let maps = self.backbone.extract_on_host(&values, size, size);
        let mut vectors = self.inputs.rows(maps, view);
        for value in vectors.iter_mut().flat_map(|rows| &mut rows.values) {
            *value = self.precision.round(*value);
        }
        vectors
    }
}
