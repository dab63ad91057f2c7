//! From an image to the vectors that the flows see.

use std::path::Path;
use std::sync::Arc;

use bgad_backbone::Backbone;
use bgad_data::{RgbImage, Sample};
use burn::tensor::{Device, Tensor, TensorData};

use super::disk_cache::FeatureCache;
use super::flow_inputs::FlowInputs;
use super::half_precision::Vectors;
use crate::config::image_fit::Fit;
use crate::config::precision::FeaturePrecision;
use crate::device::host::is_host;
use crate::error::Result;
use crate::input::preparation;
use crate::input::view::{View, Views};

/// One input's features, a matrix a flow: `[height · width, channels]`, a row a position, of each
/// level, finest first; then `[1, dimension]` of pooled features.
#[derive(Debug, Clone)]
pub(crate) struct ImageFeatures {
    levels: Vec<Vectors>,
    /// What the input shows.
    pub view: View,
    /// The same of the mirrored image, where it counts as well.
    mirrored: Option<Vec<Vectors>>,
    /// The format that they are kept in.
    precision: FeaturePrecision,
}

impl ImageFeatures {
    /// What flow `index` sees.
    pub fn level(&self, index: usize) -> Tensor<2> {
        self.precision.take(self.levels[index].tensor())
    }

    /// How many flows there are vectors for.
    pub fn len(&self) -> usize {
        self.levels.len()
    }

    /// The same without the mirrored image.
    pub fn unmirrored(mut self) -> Self {
        self.mirrored = None;
        self
    }

    /// The mirrored image alone, in place of the image; none where it was not computed.
    pub fn only_mirrored(mut self) -> Option<Self> {
        self.levels = self.mirrored.take()?;
        Some(self)
    }

    /// What it sees of the mirrored image, where that counts.
    pub fn mirrored_level(&self, index: usize) -> Option<Tensor<2>> {
        let mirrored = self.mirrored.as_ref();
        mirrored.map(|levels| self.precision.take(levels[index].tensor()))
    }

    /// What the flows from number `first` on see, without the mirrored image.
    pub fn starting_at(&self, first: usize) -> Self {
        Self {
            levels: self.levels[first..].to_vec(),
            view: self.view,
            mirrored: None,
            precision: self.precision,
        }
    }

    /// In half of the memory, rounded to 16 bits a value.
    fn halved(self) -> Self {
        let half = |levels: Vec<Vectors>| levels.into_iter().map(Vectors::halved).collect();
        Self {
            levels: half(self.levels),
            mirrored: self.mirrored.map(half),
            ..self
        }
    }
}

/// Computes features, always one image at a time, so that they don't depend on what else is
/// computed.
#[derive(Debug, Clone)]
pub(crate) struct Extractor {
    pub backbone: Arc<dyn Backbone>,
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
    pub cache: Option<Arc<FeatureCache>>,
    pub device: Device,
}

impl Extractor {
    /// The inputs of an image of this width and height.
    pub fn views(&self, size: (u32, u32)) -> Views {
        self.fit.views(size, self.image_size)
    }

    /// Keeps features in `folder` from now on. `checksum` is that of the backbone's weights.
    ///
    /// # Errors
    /// When the folder can't be made.
    pub fn keep_in(&mut self, folder: &Path, checksum: Option<&str>) -> Result<()> {
        let settings = format!(
            "{} {} {checksum:?} {:?} {} {:?} {:?} {}",
            env!("CARGO_PKG_VERSION"),
            self.backbone.name(),
            self.backbone.levels(),
            self.image_size,
            self.inputs,
            self.device,
            self.precision,
        );
        let inputs = self.inputs.list(self.backbone.levels());
        self.cache = Some(Arc::new(FeatureCache::open(folder, settings, inputs)?));
        Ok(())
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
    fn vectors(&self, input: Vec<f32>, view: &View) -> Vec<Vectors> {
        let size = self.image_size as usize;
        let input = Tensor::from_data(TensorData::new(input, [1, 3, size, size]), &self.device);
        let vectors = self.inputs.vectors(self.backbone.extract(input), view);
        let kept = vectors
            .into_iter()
            .map(|x| Vectors::Device(Box::new(self.precision.keep(x))));
        kept.collect()
    }

    /// The same with features as the detector has them: for test images, whose scores are told.
    pub fn in_full_precision(&self) -> Self {
        Self {
            half_precision: false,
            ..self.clone()
        }
    }

    /// The same without mirrored images: training has no use for them.
    pub fn unmirrored(&self) -> Self {
        Self {
            mirror: false,
            ..self.clone()
        }
    }

    /// The features of a file that enters training or evaluation unaltered, which is one input: as
    /// they are kept, whether they are or not.
    ///
    /// # Errors
    /// When the image can't be read.
    pub fn features_of(&self, sample: &Sample) -> Result<ImageFeatures> {
        let compute = || {
            let features = self.extract(&sample.load_image()?);
            Ok(match self.keeps_half() {
                true => features.halved(),
                false => features,
            })
        };
        let Some(cache) = &self.cache else {
            return compute();
        };
        let view = self.views(sample.dimensions()?).views[0];
        let file = cache.file(sample, &view, (self.mirror, self.keeps_half()))?;
        if let Some(mut levels) = cache.read(&file, self.mirror, &self.device) {
            let mirrored = levels.split_off(levels.len() / if self.mirror { 2 } else { 1 });
            return Ok(ImageFeatures {
                levels: self.kept(levels),
                view,
                mirrored: self.mirror.then(|| self.kept(mirrored)),
                precision: self.precision,
            });
        }
        let features = compute()?;
        let mirrored = features.mirrored.iter().flatten();
        cache.write(&file, features.levels.iter().chain(mirrored));
        Ok(features)
    }

    /// Vectors of a file in the format that they are kept in.
    fn kept(&self, vectors: Vec<Vectors>) -> Vec<Vectors> {
        let kept = vectors.into_iter().map(|vectors| match vectors {
            Vectors::Device(vectors) => Vectors::Device(Box::new(self.precision.keep(*vectors))),
            half => half,
        });
        kept.collect()
    }

    /// On other devices than the CPU features stay where they are, in the format of their own.
    fn keeps_half(&self) -> bool {
        self.half_precision && self.precision.is_full() && is_host(&self.device)
    }

    /// The bytes that one image's features take.
    pub fn bytes_per_image(&self) -> u64 {
        let inputs = self.inputs.list(self.backbone.levels());
        let values = inputs.iter().map(|input| {
            let positions = input.side.map_or(1, |side| side * side);
            positions * input.dimension
        });
        let views = if self.mirror { 2 } else { 1 };
        let bytes = match self.keeps_half() {
            true => 2,
            false => self.precision.bytes(),
        };
        bytes * views * values.sum::<usize>() as u64
    }
}
