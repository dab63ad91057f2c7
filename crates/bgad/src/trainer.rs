//! Training, as a user sees it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bgad_backbone::Backbone;
use bgad_data::Dataset;
use serde::{Deserialize, Serialize};

use crate::choices::Granularity;
use crate::config::TrainerConfig;
use crate::detector::Detector;
use crate::evaluation::{Evaluation, PaperMetrics};
use crate::run::Run;
use crate::{DeviceSelection, Error, Result, backbone, custom_backbone};

/// One meta-epoch of a run; metrics are none where they can't be had or were not asked for.
#[non_exhaustive]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MetaEpoch {
    /// Counted from 1.
    pub meta_epoch: usize,
    /// The mean loss of all steps.
    pub loss: Option<f64>,
    /// AUROC of the test images' scores.
    pub image_auroc: Option<f64>,
    /// AUROC of the test pixels' scores.
    pub pixel_auroc: Option<f64>,
    /// AUPRO up to a false-positive rate of 0.3.
    pub aupro: Option<f64>,
    /// The same as the authors' program computes them.
    pub paper_protocol: PaperMetrics,
}

/// Where a run's time went, in seconds.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Seconds {
    /// Loading, pasting and the backbone.
    pub features: f64,
    /// The flows' training.
    pub flow: f64,
    /// Evaluation, calibration and threshold.
    pub evaluation: f64,
    /// All of the run.
    pub total: f64,
}

/// What a run leaves.
#[non_exhaustive]
#[derive(Debug)]
pub struct Training {
    /// The trained model.
    pub detector: Detector,
    /// One entry a meta-epoch.
    pub history: Vec<MetaEpoch>,
    /// The last meta-epoch's evaluation, unless none was asked for or there is no test set.
    pub evaluation: Option<Evaluation>,
    /// Where the time went.
    pub seconds: Seconds,
    /// What was left out and why, one sentence each.
    pub warnings: Vec<String>,
}

/// What an observer is told while a run goes on.
#[non_exhaustive]
#[derive(Debug, Clone)]
pub enum Progress {
    /// The features of images are being computed.
    Features {
        /// Images done.
        done: usize,
        /// Images in all.
        total: usize,
    },
    /// A batch was trained on.
    Batch {
        /// The meta-epoch, from 1.
        meta_epoch: usize,
        /// Batches done in the whole run.
        done: usize,
        /// Batches in the whole run, as far as is known.
        total: usize,
        /// The learning rate.
        learning_rate: f64,
    },
    /// A meta-epoch is over.
    MetaEpoch(MetaEpoch),
    /// The run goes on where an earlier one stopped.
    Resumed {
        /// The meta-epoch that it goes on in, from 1.
        meta_epoch: usize,
        /// The meta-epochs that are over.
        history: Vec<MetaEpoch>,
    },
    /// Something was left out; one sentence says what and why.
    Warning(String),
}

type Observer = Box<dyn Fn(Progress) + Send + Sync>;

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
    pub(crate) config: TrainerConfig,
    devices: Vec<DeviceSelection>,
    pub(crate) backbone: Option<Arc<dyn Backbone>>,
    observer: Option<Observer>,
    pub(crate) checkpoints: Option<PathBuf>,
    pub(crate) features: Option<PathBuf>,
    stop: Option<Arc<AtomicBool>>,
}

impl Trainer {
    /// A trainer on the CPU; the settings are checked when it starts.
    pub fn new(config: TrainerConfig) -> Self {
        Self {
            config,
            devices: Vec::new(),
            backbone: None,
            observer: None,
            checkpoints: None,
            features: None,
            stop: None,
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
    /// Its name and strides become the settings' `backbone` and `strides`. The model file keeps its
    /// [`tensors`](Backbone::tensors); [`Detector::load_with_backbone`] brings it back.
    pub fn with_backbone(mut self, backbone: Arc<dyn Backbone>) -> Self {
        backbone.name().clone_into(&mut self.config.backbone);
        self.config.strides = custom_backbone::strides(&*backbone);
        self.backbone = Some(backbone);
        self
    }

    /// Tells `observer` how the run goes; it is called from several threads.
    pub fn observed_by(mut self, observer: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }

    /// Keeps checkpoints in `folder`: after each meta-epoch, every five minutes within a long one,
    /// and when training is stopped. [`resume`](Self::resume) goes on from the newest. The two
    /// newest are kept; take them away when the model is saved
    /// ([`RunDirectory::finish`](crate::RunDirectory::finish) does).
    pub fn checkpoints_in(mut self, folder: impl Into<PathBuf>) -> Self {
        self.checkpoints = Some(folder.into());
        self
    }

    /// Keeps features of images on disk, in `folder`: those that don't fit in
    /// [`feature_memory`](TrainerConfig::feature_memory) are then not computed again in each epoch,
    /// and a second run on the same images with the same backbone finds them all. A file an image,
    /// which may be taken away at any time.
    ///
    /// A backbone of the program's own must have [`tensors`](Backbone::tensors), by which its
    /// features are told from another's; without, nothing is kept.
    pub fn features_in(mut self, folder: impl Into<PathBuf>) -> Self {
        self.features = Some(folder.into());
        self
    }

    /// Stops at the end of the batch in which `stop` becomes true, with [`Error::Stopped`].
    pub fn stopped_by(mut self, stop: Arc<AtomicBool>) -> Self {
        self.stop = Some(stop);
        self
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stop
            .as_ref()
            .is_some_and(|stop| stop.load(Ordering::Relaxed))
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
        match &self.checkpoints {
            Some(_) => self.start(dataset, true),
            None => Err(Error::setting(
                "checkpoints",
                "no folder",
                "the folder of a run's",
            )),
        }
    }

    fn start(&self, dataset: &Dataset, resume: bool) -> Result<Training> {
        self.config.check()?;
        let first = self.devices.first().copied().unwrap_or_default();
        let device = first.open()?;
        self.config.feature_precision.check(&device)?;
        let others = self.devices.iter().skip(1);
        let others = others.map(|other| other.open()).collect::<Result<_>>()?;
        let mut dataset = dataset.clone();
        dataset.orient(self.config.orientation);
        dataset.verify()?;
        let granularity = self
            .config
            .granularity
            .unwrap_or(match dataset.has_masks() {
                true => Granularity::Pixel,
                false => Granularity::Image,
            });
        let config = &self.config;
        let opened = match &self.backbone {
            Some(own) => custom_backbone::take(own.clone(), config, &device)?,
            None => {
                let weights = config.weights.as_deref();
                backbone::open(&config.backbone, weights, &config.strides, &device)?
            }
        };
        let devices = (device, others);
        let warnings = dataset.warnings.clone();
        Run::new(self, granularity, devices, warnings).train(&dataset, opened, resume)
    }

    pub(crate) fn tell(&self, progress: Progress) {
        if let Some(observer) = &self.observer {
            observer(progress);
        }
    }
}
