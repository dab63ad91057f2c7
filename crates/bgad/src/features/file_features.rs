//! Features of image files, which may be kept on disk.

use std::path::Path;
use std::sync::Arc;

use bgad_data::Sample;

use super::disk_cache::FeatureCache;
use super::extractor::Extractor;
use super::half_precision::Vectors;
use super::image_features::ImageFeatures;
use crate::device::host::is_host;
use crate::error::Result;

impl Extractor {
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
