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
#[derive(Debug, Clone)]
pub(crate) struct FeatureStore {
    extractor: Extractor,
    settings: StoreSettings,
    /// Bytes of memory left.
    memory: Arc<Mutex<u64>>,
    /// Where features are stored on disk.
    cache: Option<Arc<FeatureCache>>,
    digests: Arc<FileDigests>,
    /// Becomes true when the run is to stop.
    stop: Option<Arc<AtomicBool>>,
    /// That of the finer inputs, if there are any. It shares the memory.
    finer: Option<Box<Self>>,
}

impl FeatureStore {
    pub fn new(mut extractor: Extractor, settings: StoreSettings) -> Self {
        let of_finer = extractor.finer.take();
        let mut store = Self {
            extractor,
            settings,
            memory: Arc::new(Mutex::new(settings.memory)),
            cache: None,
            digests: Arc::default(),
            stop: None,
            finer: None,
        };
        store.finer = of_finer.map(|extractor| {
            Box::new(Self {
                extractor: *extractor,
                ..store.clone()
            })
        });
        store
    }

    /// The same store for the usual inputs alone.
    pub fn without_finer(&self) -> Self {
        Self {
            finer: None,
            ..self.clone()
        }
    }

    /// The store of the finer inputs alone, if there are any.
    pub fn finer(&self) -> Option<&Self> {
        self.finer.as_deref()
    }

    /// Passes over its images end when `stop` becomes true.
    pub fn stopped_by(&mut self, stop: Option<Arc<AtomicBool>>) {
        if let Some(finer) = &mut self.finer {
            finer.stopped_by(stop.clone());
        }
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
        self.cache = Some(Arc::new(FeatureCache::open(folder, settings, inputs)?));
        match &mut self.finer {
            Some(finer) => finer.keep_in(folder, checksum),
            None => Ok(()),
        }
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
        CutImage::all(samples, |size| self.extractor.views(size))
    }

    /// Cuts one sample into inputs.
    pub fn cut_one(&self, sample: &Sample) -> CutImage {
        CutImage::of(sample, |size| self.extractor.views(size))
    }

    /// The features of an image that is a single input and comes from no file.
    pub fn extract(&self, image: &RgbImage) -> ImageFeatures {
        let view = self.extractor.whole(image.dimensions());
        self.extractor.extract_view(image, &view, false)
    }

    /// The features of a file that is used unaltered and is a single input; they are taken from the cache or
    /// computed. Those of the finer input come with them, if there is one.
    ///
    /// # Errors
    /// If the image can't be read.
    pub fn features_of(&self, sample: &Sample, format: FeatureFormat) -> Result<ImageFeatures> {
        self.features(sample, format, &mut None)
    }

    /// The same; `image` is the sample's image if it is already loaded.
    fn features(
        &self,
        sample: &Sample,
        format: FeatureFormat,
        image: &mut Option<RgbImage>,
    ) -> Result<ImageFeatures> {
        let mut features = match &self.cache {
            Some(cache) => self.found(sample, format, cache, image)?,
            None => self.computed(sample, format, image)?,
        };
        if let Some(finer) = &self.finer {
            features.finer = Some(Box::new(finer.features(sample, format, image)?));
        }
        Ok(features)
    }

    fn computed(
        &self,
        sample: &Sample,
        format: FeatureFormat,
        image: &mut Option<RgbImage>,
    ) -> Result<ImageFeatures> {
        let input = self.prepared(sample, image)?;
        let side = |mirrored| self.rounded(self.extractor.vectors(&input, mirrored), format);
        Ok(ImageFeatures {
            levels: side(false),
            view: input.view,
            mirrored: format.mirrored.then(|| side(true)),
            precision: self.extractor.precision,
            finer: None,
        })
    }

    /// Reads features from disk; missing ones are computed and written.
    fn found(
        &self,
        sample: &Sample,
        format: FeatureFormat,
        cache: &FeatureCache,
        image: &mut Option<RgbImage>,
    ) -> Result<ImageFeatures> {
        let view = self.extractor.whole(sample.dimensions()?);
        let digest = self.digests.of(&sample.path)?;
        let mut prepared: Option<PreparedInput> = None;
        let mut side = |mirrored| {
            let file = cache.file(&CachedInput {
                image: digest,
                sample,
                view: &view,
                mirrored,
                half: format.half,
            });
            if let Some(vectors) = cache.read(&file, &self.extractor.device) {
                return Ok(self.as_kept(vectors));
            }
            let input = match prepared.take() {
                Some(input) => input,
                None => self.prepared(sample, image)?,
            };
            let vectors = self.rounded(self.extractor.vectors(&input, mirrored), format);
            prepared = Some(input);
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
            finer: None,
        })
    }

    /// The input of a sample, whose image is loaded unless it already is.
    fn prepared(&self, sample: &Sample, image: &mut Option<RgbImage>) -> Result<PreparedInput> {
        let image = match image {
            Some(image) => image,
            None => image.insert(sample.load_image()?),
        };
        let view = self.extractor.whole(image.dimensions());
        Ok(self.extractor.prepare(image, &view))
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
        let finer = self.finer.as_ref();
        let finer = finer.map_or(0, |finer| finer.bytes_of_an_input(format));
        bytes * sides * values.sum::<usize>() as u64 + finer
    }

    /// Whether features are stored on disk.
    pub fn is_on_disk(&self) -> bool {
        self.cache.is_some()
    }

    /// The first error in writing features since the last call.
    pub fn take_failure(&self) -> Option<Error> {
        let own = self.cache.as_ref().and_then(|cache| cache.take_failure());
        let finer = self.finer.as_ref();
        own.or_else(|| finer.and_then(|finer| finer.take_failure()))
    }

    /// The digests of the files read so far.
    pub fn digests(&self) -> &FileDigests {
        &self.digests
    }
}
