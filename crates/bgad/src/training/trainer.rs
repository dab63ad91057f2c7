//! The public interface of training.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bgad_backbone::Backbone;
use bgad_data::{Dataset, Sample};
use burn::tensor::Device;

use super::input_size::{self, InputSizes};
use super::outcome::Training;
use super::progress::Progress;
use super::run::Run;
use super::run_context::RunContext;
use super::turned_copies;
use crate::config::checked::CheckedConfig;
use crate::config::choices::Granularity;
use crate::config::finer_size::FinerSize;
use crate::config::image_fit::Fit;
use crate::config::input::USUAL_SIZE;
use crate::config::rotations::Rotations;
use crate::config::settings::TrainerConfig;
use crate::detector::trained_model::Detector;
use crate::device::selection::DeviceSelection;
use crate::error::{Error, Result};
#[cfg(feature = "report")]
use crate::evaluation::options::EvaluationOptions;
use crate::features::backbone::Opened;
use crate::features::extractor::Extractor;
use crate::features::{backbone, custom_backbone};

/// Trains detectors. Set it up with its builder methods, then call [`fit`](Self::fit) or [`run`](Self::run).
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
    /// A trainer on the CPU. Settings are checked when training starts.
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

    /// Trains each position flow on all of these devices at once: each takes a share of every mini-batch, and
    /// the first one steps with the sum of their gradients, as a single device would with the whole
    /// mini-batch. The first device computes everything else.
    ///
    /// The model is the same as with one device, up to rounding.
    pub fn on_all(mut self, devices: impl IntoIterator<Item = DeviceSelection>) -> Self {
        self.devices = devices.into_iter().collect();
        self
    }

    /// Trains with your own feature extractor, which must be on the trainer's device.
    ///
    /// Its name and strides replace the settings `backbone.name` and `backbone.strides`. The model file
    /// contains its [`tensors`](Backbone::tensors); [`Detector::load_with_backbone`] restores it.
    pub fn with_backbone(mut self, backbone: Arc<dyn Backbone>) -> Self {
        backbone
            .name()
            .clone_into(&mut self.context.config.backbone.name);
        self.context.config.backbone.strides = custom_backbone::strides(&*backbone);
        self.context.backbone = Some(backbone);
        self
    }

    /// Reports progress to `observer`, which is called from several threads.
    pub fn observed_by(mut self, observer: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.context.observer = Some(Arc::new(observer));
        self
    }

    /// Writes checkpoints to `folder`: after each meta-epoch, every five minutes within a long one, and when
    /// training is stopped. [`resume`](Self::resume) continues from the newest. The two newest are kept;
    /// remove the folder when the model is saved.
    pub fn checkpoints_in(mut self, folder: impl Into<PathBuf>) -> Self {
        self.context.checkpoints = Some(folder.into());
        self
    }

    /// Keeps features of images on disk, in `folder`. Features that don't fit in
    /// [`memory`](crate::FeatureSettings::memory) are then computed only once, and a second run with the same
    /// images and backbone computes none. There is one file per image; you may delete files at any time.
    ///
    /// Your own backbone must have [`tensors`](Backbone::tensors), because they distinguish its features from
    /// another backbone's. Without them, nothing is kept.
    pub fn features_in(mut self, folder: impl Into<PathBuf>) -> Self {
        self.context.features = Some(folder.into());
        self
    }

    /// Also keeps on disk, in `folder`, the distances of the run's images to the memory bank. The folder must
    /// exist, and may be that of [`features_in`](Self::features_in). A later run with the same normal images,
    /// for example one that you teach a defect, does not compute them again.
    pub fn distances_in(mut self, folder: impl Into<PathBuf>) -> Self {
        self.context.distances = Some(folder.into());
        self
    }

    /// Evaluates the trained model with `options`, and keeps in memory what
    /// [`Report::of_training`](crate::report::Report::of_training) needs. The report then takes no second pass
    /// over the test images.
    #[cfg(feature = "report")]
    pub fn for_report(mut self, options: EvaluationOptions) -> Self {
        self.context.report = Some(options);
        self
    }

    /// A trainer on the same devices with a changed context.
    pub(crate) fn changed(&self, change: impl FnOnce(&mut RunContext)) -> Self {
        let mut context = self.context.clone();
        change(&mut context);
        Self {
            context,
            devices: self.devices.clone(),
        }
    }

    /// The context of its runs.
    pub(crate) fn context(&self) -> &RunContext {
        &self.context
    }

    /// The device that computes everything except position flows.
    pub(crate) fn first_device(&self) -> DeviceSelection {
        self.devices.first().copied().unwrap_or_default()
    }

    /// The names of all devices, such as `cuda:0,cuda:1`.
    pub(crate) fn device_names(&self) -> String {
        let first = [self.first_device()];
        let all = match self.devices.is_empty() {
            true => first.iter(),
            false => self.devices.iter(),
        };
        let names: Vec<String> = all.map(ToString::to_string).collect();
        names.join(",")
    }

    /// Stops after the image or batch in which `stop` becomes true, with [`Error::Stopped`].
    pub fn stopped_by(mut self, stop: Arc<AtomicBool>) -> Self {
        self.context.stop = Some(stop);
        self
    }

    /// Trains on `dataset` and returns only the detector.
    ///
    /// # Errors
    /// Those of [`run`](Self::run).
    pub fn fit(&self, dataset: &Dataset) -> Result<Detector> {
        Ok(self.run(dataset)?.detector)
    }

    /// Trains on `dataset`: its normal training images and, for BGAD-FAS, the abnormal ones among its
    /// training samples. Evaluates on its test set as configured.
    ///
    /// # Errors
    /// A setting out of range, a device that is not compiled in, weights or masks that don't fit, no readable
    /// normal image, or a loss that is no longer finite. [`Error::Stopped`] if it was stopped. An unreadable
    /// image is not an error: it is left out with a warning.
    pub fn run(&self, dataset: &Dataset) -> Result<Training> {
        self.start(dataset, false)
    }

    /// Continues a run with the same settings and images from the newest checkpoint in the folder of
    /// [`checkpoints_in`](Self::checkpoints_in), or starts it if there is no checkpoint yet. On one CPU, the
    /// model is bit for bit that of a run that never stopped.
    ///
    /// # Errors
    /// Those of [`run`](Self::run); no folder of checkpoints, a checkpoint of another run, or no valid
    /// checkpoint. A damaged checkpoint is skipped with a warning if there is an older one.
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

    /// The settings with sizes of inputs and turned copies, and the granularity: if the settings name none, those that
    /// suit the normal training images.
    fn sized(
        &self,
        config: &CheckedConfig,
        granularity: Granularity,
        dataset: &Dataset,
        (opened, device): (&Opened, &Device),
    ) -> Result<(CheckedConfig, Granularity)> {
        let usual = config.input.size();
        let given = config.input.finer_size;
        if let Some(finer) = given.pixels().filter(|_| granularity == Granularity::Image) {
            let expected = "`off`, or granularity=both: whole images are scored on one input";
            return Err(Error::setting("input.finer_size", finer, expected));
        }
        let is_open = config.input.image_size.is_none()
            && given.pixels().is_none()
            && granularity != Granularity::Image;
        let both = config.granularity.is_none() && granularity == Granularity::Both;
        let whole = !matches!(config.input.fit, Fit::Tiles(_));
        let rotations = config.input.rotations;
        let normal = dataset.train.iter();
        let normal = normal.filter(|sample| !sample.label.is_abnormal());
        let normal: Vec<&Sample> = normal.collect();
        let settled = |found| {
            let wanted = match rotations {
                Rotations::Auto => found,
                given => given,
            };
            match turned_copies::have_room(normal.len(), wanted) {
                true => wanted,
                false => Rotations::Off,
            }
        };
        // Training flows on copies as well would take four times as long.
        let turned = rotations == Rotations::Auto
            && granularity != Granularity::Image
            && !config.schedule.trains(config.model)
            && turned_copies::have_room(normal.len(), Rotations::Half);
        if !(whole && (is_open || both || turned) && self.context.backbone.is_none()) {
            let config = config.clone().with_sizes(usual, given.pixels());
            return Ok((config.with_rotations(settled(Rotations::Off)), granularity));
        }
        // What images look like was measured at this size.
        let at_usual = config.clone().with_sizes(USUAL_SIZE, None);
        let extractor = Extractor::new(&at_usual, granularity, opened.backbone.clone(), device);
        let look = input_size::look(&extractor, &normal, turned)?;
        // Two sizes would take trained flows hours.
        let two = given == FinerSize::Auto && !config.schedule.trains(config.model);
        let (size, finer) = match look.sizes {
            _ if !is_open => (usual, given.pixels()),
            InputSizes::Larger(size) => (size, None),
            InputSizes::Two { coarse, finer } if two => (coarse, Some(finer)),
            _ => (usual, None),
        };
        // Without a background, a defect is a place, whether there are masks or not.
        let granularity = match both && look.no_background {
            true => Granularity::Pixel,
            false => granularity,
        };
        if both && look.no_background {
            self.context.tell(Progress::PositionsAlone);
        }
        if size > usual {
            self.context.tell(Progress::LargerInput { size, usual });
        }
        if let Some(finer) = finer.filter(|_| is_open) {
            self.context
                .tell(Progress::FinerInput { finer, usual: size });
        }
        let settled = settled(look.rotations);
        if rotations == Rotations::Auto && settled != Rotations::Off {
            self.context.tell(Progress::TurnedCopies(settled));
        }
        let config = config.clone().with_sizes(size, finer);
        Ok((config.with_rotations(settled), granularity))
    }

    fn start(&self, dataset: &Dataset, resume: bool) -> Result<Training> {
        let mut config = self.context.config.clone();
        let of_foregrounds = config.settle_foreground()?;
        let config = config.check()?;
        #[cfg(feature = "report")]
        self.context
            .report
            .map_or(Ok(()), |options| options.check())?;
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
            false => config.without_masks(),
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
        let opened_on = (&opened, &device);
        let (config, granularity) = self.sized(config, granularity, &dataset, opened_on)?;
        let config = &config;
        let devices = (device, others);
        let mut warnings = dataset.warnings.clone();
        warnings.extend(of_foregrounds);
        Run::new(&self.context, config, granularity, devices, warnings)
            .train(&dataset, opened, resume)
    }
}
