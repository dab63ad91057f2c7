//! The only owner of features: nothing else runs the backbone while a model is trained.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bgad_data::{RgbImage, Sample};

use super::disk_cache::{CachedInput, FeatureCache};
use super::extractor::{Extractor, PreparedInput};
use super::flow_inputs::{BankInputs, FlowInput};
use super::half_precision::Vectors;
use super::image_features::ImageFeatures;
use crate::device::host::is_host;
use crate::error::{Error, Result};
use crate::input::tiled_images::CutImage;
use crate::storage::file_digest::FileDigests;

/// Which of an input's features are stored, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FeatureFormat {
    /// Whether those of the mirror image are included.
    pub mirrored: bool,
    /// Whether they are rounded to 16 bits.
    pub half: bool,
}

/// How features are stored.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StoreSettings {
    /// Whether mirror images are used as well.
    pub mirrored: bool,
    /// Whether features of training images are rounded to 16 bits, on the CPU.
    pub half_precision: bool,
    /// Memory for features, in bytes.
    pub memory: u64,
}

/// Features of images: computed, read from disk, or kept in memory while there is room.
#[derive(Debug)]
pub(crate) struct FeatureStore {
    extractor: Extractor,
    settings: StoreSettings,
    /// Bytes of memory left.
    memory: Mutex<u64>,
    /// Where features are stored on disk.
    cache: Option<FeatureCache>,
    digests: FileDigests,
    /// Becomes true when the run is to stop.
    stop: Option<Arc<AtomicBool>>,
}

impl FeatureStore {
    pub fn new(extractor: Extractor, settings: StoreSettings) -> Self {
        Self {
            extractor,
            settings,
            memory: Mutex::new(settings.memory),
            cache: None,
            digests: FileDigests::default(),
            stop: None,
        }
    }

    /// Passes over its images end when `stop` becomes true.
    pub fn stopped_by(&mut self, stop: Option<Arc<AtomicBool>>) {
        self.stop = stop;
    }

    /// # Errors
    /// [`Error::Stopped`] if the run is to stop.
    pub fn check_stop(&self) -> Result<()> {
        let stop = self.stop.as_ref();
        match stop.is_some_and(|stop| stop.load(Ordering::Relaxed)) {
            true => Err(Error::Stopped { checkpoint: None }),
            false => Ok(()),
        }
    }

    /// Stores features in `folder` from now on. `checksum` is that of the backbone's weights.
    ///
    /// # Errors
    /// If the folder can't be created.
    pub fn keep_in(&mut self, folder: &Path, checksum: Option<&str>) -> Result<()> {
        let extractor = &self.extractor;
        let settings = format!(
            "{} {} {checksum:?} {:?} {} {:?} {:?} {}",
            env!("CARGO_PKG_VERSION"),
            extractor.backbone.name(),
            extractor.backbone.levels(),
            extractor.image_size,
            extractor.inputs,
            extractor.device,
            extractor.precision,
        );
        let inputs = extractor.computed_inputs();
        self.cache = Some(FeatureCache::open(folder, settings, inputs)?);
        Ok(())
    }

    /// The format of training images' features. On devices other than the CPU they stay there, in their own
    /// format.
    pub fn training_format(&self) -> FeatureFormat {
        let extractor = &self.extractor;
        let on_host = extractor.precision.is_full() && is_host(&extractor.device);
        FeatureFormat {
            half: self.settings.half_precision && on_host,
            ..self.exact_format()
        }
    }

    /// The format of features as a detector uses them: for images whose scores are reported.
    pub fn exact_format(&self) -> FeatureFormat {
        FeatureFormat {
            mirrored: self.settings.mirrored,
            half: false,
        }
    }

    /// The inputs of the flows.
    pub fn flow_inputs(&self) -> Vec<FlowInput> {
        self.extractor.flow_inputs()
    }

    /// The inputs of the memory bank, if there is one.
    pub fn bank_inputs(&self) -> Option<BankInputs> {
        self.extractor.inputs.bank(self.extractor.backbone.levels())
    }

    /// Cuts `samples` into inputs.
    pub fn cut(&self, samples: &[Sample]) -> Vec<CutImage> {
        CutImage::all(samples, self.extractor.fit, self.extractor.image_size)
    }

    /// Cuts one sample into inputs.
    pub fn cut_one(&self, sample: &Sample) -> CutImage {
        CutImage::of(sample, self.extractor.fit, self.extractor.image_size)
    }

    /// The features of an image that is a single input and comes from no file.
    pub fn extract(&self, image: &RgbImage) -> ImageFeatures {
        let views = self.extractor.views(image.dimensions());
        debug_assert_eq!(views.views.len(), 1);
        self.extractor.extract_view(image, &views.views[0], false)
    }

    /// The features of a file that is used unaltered and is a single input; they are taken from the cache or
    /// computed.
    ///
    /// # Errors
    /// If the image can't be read.
    pub fn features_of(&self, sample: &Sample, format: FeatureFormat) -> Result<ImageFeatures> {
        match &self.cache {
            Some(cache) => self.found(sample, format, cache),
            None => self.computed(sample, format),
        }
    }

    fn computed(&self, sample: &Sample, format: FeatureFormat) -> Result<ImageFeatures> {
        let input = self.load(sample)?;
        let side = |mirrored| self.rounded(self.extractor.vectors(&input, mirrored), format);
        Ok(ImageFeatures {
            levels: side(false),
            view: input.view,
            mirrored: format.mirrored.then(|| side(true)),
            precision: self.extractor.precision,
        })
    }

    /// Reads features from disk; missing ones are computed and written.
    fn found(
        &self,
        sample: &Sample,
        format: FeatureFormat,
        cache: &FeatureCache,
    ) -> Result<ImageFeatures> {
        let view = self.extractor.views(sample.dimensions()?).views[0];
        let image = self.digests.of(&sample.path)?;
        let mut loaded: Option<PreparedInput> = None;
        let mut side = |mirrored| {
            let file = cache.file(&CachedInput {
                image,
                sample,
                view: &view,
                mirrored,
                half: format.half,
            });
            if let Some(vectors) = cache.read(&file, &self.extractor.device) {
                return Ok(self.as_kept(vectors));
            }
            let input = match loaded.take() {
                Some(input) => input,
                None => self.load(sample)?,
            };
            let vectors = self.rounded(self.extractor.vectors(&input, mirrored), format);
            loaded = Some(input);
            cache.write(&file, &vectors);
            Ok::<_, Error>(vectors)
        };
        Ok(ImageFeatures {
            levels: side(false)?,
            view,
            mirrored: match format.mirrored {
                true => Some(side(true)?),
                false => None,
            },
            precision: self.extractor.precision,
        })
    }

    fn load(&self, sample: &Sample) -> Result<PreparedInput> {
        let image = sample.load_image()?;
        let view = self.extractor.views(image.dimensions()).views[0];
        Ok(self.extractor.prepare(&image, &view))
    }

    fn rounded(&self, vectors: Vec<Vectors>, format: FeatureFormat) -> Vec<Vectors> {
        match format.half {
            true => vectors.into_iter().map(Vectors::halved).collect(),
            false => vectors,
        }
    }

    /// Converts vectors from a file to the format in which they are kept.
    fn as_kept(&self, vectors: Vec<Vectors>) -> Vec<Vectors> {
        let precision = self.extractor.precision;
        let kept = vectors.into_iter().map(|vectors| match vectors {
            Vectors::Device(vectors) => Vectors::Device(Box::new(precision.keep(*vectors))),
            half => half,
        });
        kept.collect()
    }

    /// Reserves memory for as many of `inputs` as there is room for; returns their number.
    pub fn take_memory(&self, inputs: usize, format: FeatureFormat) -> usize {
        let each = self.bytes_of_an_input(format).max(1);
        let mut left = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = (*left / each).min(inputs as u64);
        *left -= kept * each;
        kept as usize
    }

    fn bytes_of_an_input(&self, format: FeatureFormat) -> u64 {
        let inputs = self.extractor.computed_inputs();
        let values = inputs.iter().map(|input| {
            let positions = input.side.map_or(1, |side| side * side);
            positions * input.dimension
        });
        let sides = if format.mirrored { 2 } else { 1 };
        let bytes = match format.half {
            true => 2,
            false => self.extractor.precision.bytes(),
        };
        bytes * sides * values.sum::<usize>() as u64
    }

    /// Whether features are stored on disk.
    pub fn is_on_disk(&self) -> bool {
        self.cache.is_some()
    }

    /// The first error in writing features since the last call.
    pub fn take_failure(&self) -> Option<Error> {
        self.cache.as_ref().and_then(FeatureCache::take_failure)
    }

    /// The digests of the files read so far.
    pub fn digests(&self) -> &FileDigests {
        &self.digests
    }
}
