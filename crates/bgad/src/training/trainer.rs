//! Training, as a user sees it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bgad_backbone::Backbone;
use bgad_data::Dataset;

use super::outcome::Training;
use super::progress::Progress;
use super::run::Run;
use super::run_context::RunContext;
use crate::config::choices::Granularity;
use crate::config::settings::TrainerConfig;
use crate::detector::trained_model::Detector;
use crate::device::selection::DeviceSelection;
use crate::error::{Error, Result};
use crate::features::backbone::Opened;
use crate::features::{backbone, custom_backbone};

/// Trains detectors.
///
/// ```no_run
/// use std::path::Path;
/// use bgad::{Layout, Trainer, TrainerConfig};
///
/// # fn main() -> bgad::Result<()> {
/// let dataset = Layout::Mvtec.read(Path::new("mvtec"), Some("leather"))?;
/// let detector = Trainer::new(TrainerConfig::default()).fit(&dataset)?;
/// detector.save(Path::new("leather.bgad"))?;
/// # Ok(())
/// # }
/// ```
pub struct Trainer {
    context: RunContext,
    devices: Vec<DeviceSelection>,
}

impl Trainer {
    /// A trainer on the CPU; the settings are checked when it starts.
    pub fn new(config: TrainerConfig) -> Self {
        Self {
            context: RunContext::new(config),
            devices: Vec::new(),
        }
    }

    /// Trains on another device.
    pub fn on(mut self, device: impl Into<DeviceSelection>) -> Self {
        self.devices = vec![device.into()];
        self
    }

    /// Trains each flow of positions on all of these devices at once: each takes a share of every
    /// mini-batch, and the first one steps with the sum of their gradients, as a single device does
    /// with the whole mini-batch. Everything else is computed on the first.
    ///
    /// The model is that of one device up to rounding.
    pub fn on_all(mut self, devices: impl IntoIterator<Item = DeviceSelection>) -> Self {
        self.devices = devices.into_iter().collect();
        self
    }

    /// Trains on a feature extractor of the program's own, which must lie on the trainer's device.
    ///
    /// Its name and strides become the settings' `backbone.name` and `backbone.strides`. The model file keeps its
    /// [`tensors`](Backbone::tensors); [`Detector::load_with_backbone`] brings it back.
    pub fn with_backbone(mut self, backbone: Arc<dyn Backbone>) -> Self {
        backbone
            .name()
            .clone_into(&mut self.context.config.backbone.name);
        self.context.config.backbone.strides = custom_backbone::strides(&*backbone);
        self.context.backbone = Some(backbone);
        self
    }

    /// Tells `observer` how the run goes; it is called from several threads.
    pub fn observed_by(mut self, observer: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.context.observer = Some(Arc::new(observer));
        self
    }

    /// Keeps checkpoints in `folder`: after each meta-epoch, every five minutes within a long one,
    /// and when training is stopped. [`resume`](Self::resume) goes on from the newest. The two
    /// newest are kept; remove the folder when the model is saved.
    pub fn checkpoints_in(mut self, folder: impl Into<PathBuf>) -> Self {
        self.context.checkpoints = Some(folder.into());
        self
    }

    /// Keeps features of images on disk, in `folder`: those that don't fit in
    /// [`memory`](crate::FeatureSettings::memory) are then computed once,
    /// and a second run on the same images with the same backbone finds them all. A file an image,
    /// which may be taken away at any time.
    ///
    /// A backbone of the program's own must have [`tensors`](Backbone::tensors), by which its
    /// features are told from another's; without, nothing is kept.
    pub fn features_in(mut self, folder: impl Into<PathBuf>) -> Self {
        self.context.features = Some(folder.into());
        self
    }

    /// Keeps the distances of the run's images to the normal ones on disk as well, in `folder`, which
    /// must be there and may be that of [`features_in`](Self::features_in). A run with the same normal
    /// images, as one that is taught a defect, finds them all.
    pub fn distances_in(mut self, folder: impl Into<PathBuf>) -> Self {
        self.context.distances = Some(folder.into());
        self
    }

    /// A trainer on the same devices whose run is told something else.
    pub(crate) fn changed(&self, change: impl FnOnce(&mut RunContext)) -> Self {
        let mut context = self.context.clone();
        change(&mut context);
        Self {
            context,
            devices: self.devices.clone(),
        }
    }

    /// What its runs are told.
    pub(crate) fn context(&self) -> &RunContext {
        &self.context
    }

    /// The device that all but the flows of positions is computed on.
    pub(crate) fn first_device(&self) -> DeviceSelection {
        self.devices.first().copied().unwrap_or_default()
    }

    /// All devices by name, `cuda:0,cuda:1`.
    pub(crate) fn device_names(&self) -> String {
        let first = [self.first_device()];
        let all = match self.devices.is_empty() {
            true => first.iter(),
            false => self.devices.iter(),
        };
        let names: Vec<String> = all.map(ToString::to_string).collect();
        names.join(",")
    }

    /// Stops at the end of the batch in which `stop` becomes true, with [`Error::Stopped`].
    pub fn stopped_by(mut self, stop: Arc<AtomicBool>) -> Self {
        self.context.stop = Some(stop);
        self
    }

    /// Trains on `dataset` and gives the detector alone.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn fit(&self, dataset: &Dataset) -> Result<Detector> {
        Ok(self.run(dataset)?.detector)
    }

    /// Trains on `dataset`: its normal training images and, for BGAD-FAS, the abnormal ones among
    /// its training samples. Evaluates on its test set as configured.
    ///
    /// # Errors
    /// A setting out of range, a device that is not compiled in, weights or masks that don't fit,
    /// no readable normal image, or a loss that is no longer finite. An image that can't be read is
    /// left out with a warning. [`Error::Stopped`] where it was.
    pub fn run(&self, dataset: &Dataset) -> Result<Training> {
        self.start(dataset, false)
    }

    /// Goes on where a run with the same settings and images stopped, from the newest checkpoint in
    /// the folder of [`checkpoints_in`](Self::checkpoints_in), or from the start where there is none
    /// yet. On one CPU the model is, bit for bit, that of a run that never stopped.
    ///
    /// # Errors
    /// As [`run`](Self::run); no folder of checkpoints, a checkpoint of another run, or none that is
    /// sound. A damaged one is passed over with a warning where there is an older one.
    pub fn resume(&self, dataset: &Dataset) -> Result<Training> {
        match &self.context.checkpoints {
            Some(_) => self.start(dataset, true),
            None => Err(Error::input(
                "folder of checkpoints",
                "none",
                "that of the run, by `checkpoints_in`",
            )),
        }
    }

    fn start(&self, dataset: &Dataset, resume: bool) -> Result<Training> {
        let config = self.context.config.check()?;
        let device = self.first_device().open()?;
        config.features.precision.check(&device)?;
        let others = self.devices.iter().skip(1);
        let others = others.map(|other| other.open()).collect::<Result<_>>()?;
        let mut dataset = dataset.clone();
        dataset.orient(config.input.orientation);
        dataset.settle_open_masks()?;
        dataset.verify()?;
        let bit_depth = dataset.settle_bit_depth(config.input.bit_depth);
        let config = &config.with_bit_depth(bit_depth);
        let granularity = config.granularity.unwrap_or(match dataset.has_masks() {
            true => Granularity::Pixel,
            false => Granularity::Image,
        });
        let opened = match (&self.context.quantized, &self.context.backbone) {
            (Some(quantized), _) => Opened {
                backbone: quantized.backbone.clone(),
                checksum: quantized.checksum.clone(),
            },
            (None, Some(own)) => custom_backbone::take(own.clone(), config, &device)?,
            (None, None) => {
                let weights = config.backbone.weights.as_deref();
                backbone::open(
                    &config.backbone.name,
                    weights,
                    &config.backbone.strides,
                    &device,
                )?
            }
        };
        let devices = (device, others);
        let warnings = dataset.warnings.clone();
        Run::new(&self.context, config, granularity, devices, warnings)
            .train(&dataset, opened, resume)
    }
}
