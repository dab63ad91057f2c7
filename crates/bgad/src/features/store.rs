//! The one owner of features: nothing else asks the backbone while a model is trained.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

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

/// Which of an input's features are kept, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FeatureFormat {
    /// Whether those of the mirror image are there as well.
    pub mirrored: bool,
    /// Whether they are rounded to 16 bits.
    pub half: bool,
}

/// How features are kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StoreSettings {
    /// Whether mirror images count as well.
    pub mirrored: bool,
    /// Whether features of training images are rounded to 16 bits, on the CPU.
    pub half_precision: bool,
    /// Memory for features, in bytes.
    pub memory: u64,
}

/// Features of images: computed, found on disk, or kept in memory as far as it goes.
#[derive(Debug)]
pub(crate) struct FeatureStore {
    extractor: Extractor,
    settings: StoreSettings,
    /// The bytes of memory that are left.
    memory: Mutex<u64>,
    /// Where features are kept on disk.
    cache: Option<FeatureCache>,
    digests: FileDigests,
}

impl FeatureStore {
    pub fn new(extractor: Extractor, settings: StoreSettings) -> Self {
        Self {
            extractor,
            settings,
            memory: Mutex::new(settings.memory),
            cache: None,
            digests: FileDigests::default(),
        }
    }

    /// Keeps features in `folder` from now on. `checksum` is that of the backbone's weights.
    ///
    /// # Errors
    /// When the folder can't be made.
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

    /// The format of training images' features. On other devices than the CPU they stay where they
    /// are, in the format of their own.
    pub fn training_format(&self) -> FeatureFormat {
        let extractor = &self.extractor;
        let on_host = extractor.precision.is_full() && is_host(&extractor.device);
        FeatureFormat {
            half: self.settings.half_precision && on_host,
            ..self.exact_format()
        }
    }

    /// The format of features as a detector has them: for images whose scores are told.
    pub fn exact_format(&self) -> FeatureFormat {
        FeatureFormat {
            mirrored: self.settings.mirrored,
            half: false,
        }
    }

    /// What each flow sees.
    pub fn flow_inputs(&self) -> Vec<FlowInput> {
        self.extractor.flow_inputs()
    }

    /// What the memory bank is made of, where there is one.
    pub fn bank_inputs(&self) -> Option<BankInputs> {
        self.extractor.inputs.bank(self.extractor.backbone.levels())
    }

    /// Cuts `samples` into inputs.
    pub fn cut(&self, samples: &[Sample]) -> Vec<CutImage> {
        CutImage::all(samples, self.extractor.fit, self.extractor.image_size)
    }

    /// The features of an image that is one input and lies in no file.
    pub fn extract(&self, image: &RgbImage) -> ImageFeatures {
        let views = self.extractor.views(image.dimensions());
        debug_assert_eq!(views.views.len(), 1);
        self.extractor.extract_view(image, &views.views[0], false)
    }

    /// The features of a file that enters training or evaluation unaltered, which is one input: as
    /// they are kept, whether they are or not.
    ///
    /// # Errors
    /// When the image can't be read.
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

    /// From the disk; what is not there is computed and put there.
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

    /// Vectors of a file in the format that they are kept in.
    fn as_kept(&self, vectors: Vec<Vectors>) -> Vec<Vectors> {
        let precision = self.extractor.precision;
        let kept = vectors.into_iter().map(|vectors| match vectors {
            Vectors::Device(vectors) => Vectors::Device(Box::new(precision.keep(*vectors))),
            half => half,
        });
        kept.collect()
    }

    /// Takes memory for as many of `inputs` as there is room for; their number.
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

    /// Whether features are kept on disk.
    pub fn is_on_disk(&self) -> bool {
        self.cache.is_some()
    }

    /// Why features could not be written to the disk, the first time that it happened since the last
    /// call.
    pub fn take_failure(&self) -> Option<Error> {
        self.cache.as_ref().and_then(FeatureCache::take_failure)
    }

    /// The digests of the files that it has read.
    pub fn digests(&self) -> &FileDigests {
        &self.digests
    }
}
