//! Training: the schedule of section 4 of the method.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bgad_backbone::Backbone;
use bgad_data::Dataset;
use bgad_flow::Flow;
use bgad_loss::SeparatingBoundary;
use burn::tensor::Device;
use rand::Rng;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use crate::backbone::{self, Opened};
use crate::config::{BoundaryScope, EvaluateWhen, Granularity, Model, TrainerConfig};
use crate::detector::{Detector, ModelDescription};
use crate::evaluation::{
    Evaluation, EvaluationOptions, PaperMetrics, TestSet, anomaly_name, log_likelihoods,
};
use crate::features::Extractor;
use crate::flows::{self, Places};
use crate::random::{self, Purpose};
use crate::schedule::LearningRate;
use crate::scoring::Calibration;
use crate::step::{LevelTrainer, StepSettings};
use crate::training_set::{Item, KeptFeatures, TrainingSet};
use crate::{DeviceKind, Result};

/// One meta-epoch of a run; metrics are none where they can't be had or were not asked for.
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
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
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
    config: TrainerConfig,
    device: DeviceKind,
    observer: Option<Observer>,
}

impl Trainer {
    /// A trainer on the CPU; the settings are checked when it starts.
    pub fn new(config: TrainerConfig) -> Self {
        Self {
            config,
            device: DeviceKind::default(),
            observer: None,
        }
    }

    /// Trains on another device.
    pub fn on(mut self, device: DeviceKind) -> Self {
        self.device = device;
        self
    }

    /// Tells `observer` how the run goes; it is called from several threads.
    pub fn observed_by(mut self, observer: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.observer = Some(Box::new(observer));
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
    /// left out with a warning.
    pub fn run(&self, dataset: &Dataset) -> Result<Training> {
        self.config.check()?;
        let device = self.device.open()?;
        dataset.verify()?;
        let granularity = self
            .config
            .granularity
            .unwrap_or(match dataset.has_masks() {
                true => Granularity::Pixel,
                false => Granularity::Image,
            });
        let config = &self.config;
        let weights = config.weights.as_deref();
        let opened = backbone::open(&config.backbone, weights, &config.strides, &device)?;
        Run {
            trainer: self,
            config,
            granularity,
            device,
            start: Instant::now(),
            seconds: Seconds::default(),
            warnings: dataset.warnings.clone(),
        }
        .train(dataset, opened)
    }

    fn tell(&self, progress: Progress) {
        if let Some(observer) = &self.observer {
            observer(progress);
        }
    }
}

/// One run's state.
struct Run<'a> {
    trainer: &'a Trainer,
    config: &'a TrainerConfig,
    granularity: Granularity,
    device: Device,
    start: Instant,
    seconds: Seconds,
    warnings: Vec<String>,
}

impl Run<'_> {
    fn train(mut self, dataset: &Dataset, opened: Opened) -> Result<Training> {
        for warning in &self.warnings {
            self.trainer.tell(Progress::Warning(warning.clone()));
        }
        let Opened { backbone, checksum } = opened;
        let extractor = Extractor {
            backbone: backbone.clone(),
            image_size: self.config.image_size,
            granularity: self.granularity,
            pooling: self.config.pooling,
            device: self.device.clone(),
        };
        let (set, test) = self.read_images(dataset, &extractor)?;
        let levels = backbone.levels();
        let flows = flows::init(self.config, self.granularity, levels, &self.device)?;
        let places = levels
            .iter()
            .map(|level| Places::new(self.config, self.granularity, *level))
            .collect::<Result<Vec<_>>>()?;
        let mut trainers = Vec::with_capacity(levels.len());
        for (level, (flow, places)) in flows.iter().zip(&places).enumerate() {
            let stride = levels[level].stride;
            trainers.push(LevelTrainer::new(
                flow,
                places,
                level,
                stride,
                &self.device,
            )?);
        }

        let mut detector = self.detector(dataset, &set, backbone.clone(), checksum, flows)?;
        let mut history = Vec::new();
        let mut evaluation = None;
        let mut boundaries: Option<Vec<SeparatingBoundary>> = None;
        for meta_epoch in 0..self.config.meta_epochs {
            let loss = self.meta_epoch(
                meta_epoch,
                &set,
                &extractor,
                &mut trainers,
                boundaries.as_deref(),
            )?;
            let last = meta_epoch + 1 == self.config.meta_epochs;
            let evaluate = match self.config.evaluate {
                EvaluateWhen::Each => true,
                EvaluateWhen::Last => last,
                EvaluateWhen::Never => false,
            } && test.images.len() > 0;
            let refresh = self.config.boundary == BoundaryScope::Set;
            if evaluate || last || refresh {
                let start = Instant::now();
                let flows = trainers.iter().map(LevelTrainer::flow);
                detector.set_flows(flows.collect::<Result<_>>()?)?;
                let maps = log_likelihoods(&set.normal, &detector)?;
                boundaries = Some(detector.calibrate(&maps, meta_epoch + 1)?);
                if evaluate {
                    let size = detector.map_size();
                    let calibration = &detector.description.calibration;
                    let of_test = test.log_likelihoods(&detector)?;
                    evaluation = Some(test.evaluate(
                        &of_test,
                        calibration,
                        self.granularity,
                        size,
                        &EvaluationOptions::default(),
                    )?);
                } else {
                    evaluation = None;
                }
                if last {
                    detector.description.threshold = detector.threshold(&set, &maps)?;
                }
                self.seconds.evaluation += start.elapsed().as_secs_f64();
            }
            let metric = |get: fn(&Evaluation) -> Option<f64>| {
                evaluation.as_ref().filter(|_| evaluate).and_then(get)
            };
            let record = MetaEpoch {
                meta_epoch: meta_epoch + 1,
                loss,
                image_auroc: metric(|e| e.image_auroc),
                pixel_auroc: metric(|e| e.pixel_auroc),
                aupro: metric(|e| e.aupro),
                paper_protocol: evaluation
                    .as_ref()
                    .filter(|_| evaluate)
                    .map(|e| e.paper_protocol)
                    .unwrap_or_default(),
            };
            self.trainer.tell(Progress::MetaEpoch(record.clone()));
            history.push(record);
        }
        self.seconds.total = self.start.elapsed().as_secs_f64();
        Ok(Training {
            detector,
            history,
            evaluation,
            seconds: self.seconds,
            warnings: self.warnings,
        })
    }
    /// Reads all images once: training images first, whose features are worth keeping most.
    fn read_images(
        &mut self,
        dataset: &Dataset,
        extractor: &Extractor,
    ) -> Result<(TrainingSet, TestSet)> {
        let start = Instant::now();
        let mut budget = self.config.feature_memory;
        let mut warnings = Vec::new();
        let tested = match self.config.evaluate {
            EvaluateWhen::Never => Vec::new(),
            _ => dataset.test.clone(),
        };
        let total = dataset.train.len() + tested.len();
        let count = AtomicUsize::new(0);
        let done = || {
            let done = count.fetch_add(1, Ordering::Relaxed) + 1;
            self.trainer.tell(Progress::Features { done, total });
        };
        let set = TrainingSet::read(
            dataset,
            self.config.model == Model::BgadFas,
            extractor,
            &mut budget,
            &mut warnings,
            done,
        )?;
        let images = KeptFeatures::read(tested, extractor, &mut budget, &mut warnings, done);
        let test = TestSet::new(images, self.config.image_size, &mut warnings)?;
        for warning in &warnings {
            self.trainer.tell(Progress::Warning(warning.clone()));
        }
        self.warnings.extend(warnings);
        self.seconds.features += start.elapsed().as_secs_f64();
        Ok((set, test))
    }

    /// The untrained detector; calibration and threshold are set while training goes on.
    fn detector(
        &self,
        dataset: &Dataset,
        set: &TrainingSet,
        backbone: Arc<dyn Backbone>,
        checksum: Option<String>,
        flows: Vec<Flow>,
    ) -> Result<Detector> {
        let description = ModelDescription {
            config: self.config.clone(),
            granularity: self.granularity,
            backbone_checksum: checksum,
            calibration: Calibration {
                level_maxima: vec![0.0; flows.len()],
                sum_maximum: 0.0,
            },
            threshold: 0.0,
            boundaries: Vec::new(),
            dataset: dataset.name.clone(),
            training_anomalies: set.abnormal.samples.iter().map(anomaly_name).collect(),
        };
        Detector::new(description, backbone, flows, &self.device)
    }

    /// Trains for one meta-epoch; the mean loss of all steps of all levels.
    fn meta_epoch(
        &mut self,
        meta_epoch: usize,
        set: &TrainingSet,
        extractor: &Extractor,
        trainers: &mut [LevelTrainer],
        boundaries: Option<&[SeparatingBoundary]>,
    ) -> Result<Option<f64>> {
        let config = self.config;
        let first = meta_epoch == 0;
        let mixed = config.model == Model::BgadFas && !first;
        let schedule = LearningRate {
            peak: config.learning_rate,
            meta_epochs: config.meta_epochs,
            sub_epochs: config.sub_epochs,
        };
        for sub_epoch in 0..config.sub_epochs {
            let epoch = (meta_epoch * config.sub_epochs + sub_epoch) as u64;
            let mut shuffle = random::generator(config.seed, Purpose::Images, epoch);
            let mut places = random::generator(config.seed, Purpose::Positions, epoch);
            let items = set.items(mixed, config.abnormal_repeats, config.paste);
            let batches = self.batches(items, &mut shuffle);
            for (index, items) in batches.iter().enumerate() {
                let start = Instant::now();
                let images = set.batch(items, epoch, config, extractor)?;
                let loaded = start.elapsed();
                let rate = schedule.at(meta_epoch, sub_epoch, index, batches.len());
                for (level, trainer) in trainers.iter_mut().enumerate() {
                    let settings = StepSettings {
                        config,
                        granularity: self.granularity,
                        first,
                        rate,
                        boundary: boundaries.map(|all| &all[level]),
                    };
                    trainer.train(&images, &settings, &mut places)?;
                }
                self.spent(loaded, start.elapsed());
                let (done, total) = self.position(epoch, index, batches.len());
                self.trainer.tell(Progress::Batch {
                    meta_epoch: meta_epoch + 1,
                    done,
                    total,
                    learning_rate: rate,
                });
            }
        }
        let mut losses = Vec::new();
        for trainer in trainers {
            losses.extend(trainer.take_loss(meta_epoch + 1)?);
        }
        let count = losses.len() as f64;
        Ok((!losses.is_empty()).then(|| losses.iter().sum::<f64>() / count))
    }

    /// Shuffles `items` into batches and drops the remainder; fewer items than a batch are one. At
    /// image granularity the epoch goes on, shuffled anew, until it has
    /// its share of the configured steps.
    fn batches(&self, mut items: Vec<Item>, rng: &mut impl Rng) -> Vec<Vec<Item>> {
        let size = self.config.batch_size.min(items.len()).max(1);
        let least = match self.granularity {
            Granularity::Pixel => 1,
            Granularity::Image => {
                let epochs = self.config.meta_epochs * self.config.sub_epochs;
                self.config.image_steps.div_ceil(epochs)
            }
        };
        let mut batches = Vec::new();
        while batches.len() < least {
            items.shuffle(rng);
            batches.extend(items.chunks_exact(size).map(<[Item]>::to_vec));
        }
        batches
    }

    fn spent(&mut self, loaded: Duration, all: Duration) {
        self.seconds.features += loaded.as_secs_f64();
        self.seconds.flow += (all - loaded).as_secs_f64();
    }

    /// Batches done and in all, taking this epoch's number for all epochs'.
    fn position(&self, epoch: u64, batch: usize, batches: usize) -> (usize, usize) {
        let epochs = self.config.meta_epochs * self.config.sub_epochs;
        (epoch as usize * batches + batch + 1, epochs * batches)
    }
}
