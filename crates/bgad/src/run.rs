//! One training run: the schedule of section 4 of the method.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bgad_backbone::Backbone;
use bgad_data::Dataset;
use bgad_loss::SeparatingBoundary;
use burn::tensor::Device;
use rand::Rng;
use rand::seq::SliceRandom;

use crate::Result;
use crate::backbone::Opened;
use crate::config::{
    BoundaryScope, EvaluateWhen, FeatureScaling, Granularity, Model, TrainerConfig,
};
use crate::detector::{Detector, ModelDescription};
use crate::evaluation::{Evaluation, EvaluationOptions, TestSet, anomaly_name, log_likelihoods};
use crate::features::Extractor;
use crate::flows::ScaledFlow;
use crate::inputs::Inputs;
use crate::pooled::{PooledTrainers, SubEpoch};
use crate::random::{self, Purpose};
use crate::schedule::LearningRate;
use crate::scoring::Calibration;
use crate::step::{LevelTrainer, StepSettings};
use crate::trainer::{MetaEpoch, Progress, Seconds, Trainer, Training};
use crate::training_set::{BatchImage, Item, KeptFeatures, TrainingSet};

/// Positions that a level's scaling is taken from, about: far more than it has channels.
const SCALING_ROWS: usize = 32_768;

/// One run's state.
pub(crate) struct Run<'a> {
    trainer: &'a Trainer,
    config: &'a TrainerConfig,
    granularity: Granularity,
    device: Device,
    start: Instant,
    seconds: Seconds,
    warnings: Vec<String>,
}

impl<'a> Run<'a> {
    pub fn new(
        trainer: &'a Trainer,
        granularity: Granularity,
        device: Device,
        warnings: Vec<String>,
    ) -> Self {
        Self {
            trainer,
            config: &trainer.config,
            granularity,
            device,
            start: Instant::now(),
            seconds: Seconds::default(),
            warnings,
        }
    }

    pub fn train(mut self, dataset: &Dataset, opened: Opened) -> Result<Training> {
        for warning in &self.warnings {
            self.trainer.tell(Progress::Warning(warning.clone()));
        }
        let Opened { backbone, checksum } = opened;
        let inputs = Inputs::new(self.config, self.granularity);
        let extractor = Extractor {
            backbone: backbone.clone(),
            image_size: self.config.image_size,
            inputs,
            mirror: self.config.mirror,
            device: self.device.clone(),
        };
        let (set, test) = self.read_images(dataset, &extractor)?;
        let inputs = inputs.list(backbone.levels());
        let mut trainers = Vec::new();
        for (index, input) in inputs.iter().enumerate().filter(|(_, i)| !i.is_pooled()) {
            let rows = match self.config.feature_scaling {
                FeatureScaling::None => Vec::new(),
                _ => set.normal_rows((index, input), SCALING_ROWS, |_| true, &extractor)?,
            };
            let trainer = LevelTrainer::new(self.config, input, (index, 0), &rows, &self.device)?;
            trainers.push(trainer);
        }
        let mut pooled = PooledTrainers::new(self.config, &inputs, &set, &extractor, &self.device)?;
        let flows = trainers
            .iter()
            .map(LevelTrainer::flow)
            .chain(pooled.flows());
        let flows = flows.collect::<Result<_>>()?;
        let mut detector = self.detector(dataset, &set, backbone.clone(), checksum, flows)?;
        let mut history = Vec::new();
        let mut evaluation = None;
        let mut boundaries: Option<Vec<SeparatingBoundary>> = None;
        for meta_epoch in 0..self.config.meta_epochs {
            let loss = self.meta_epoch(
                meta_epoch,
                &set,
                &extractor,
                (&mut trainers, &mut pooled),
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
                let flows = trainers
                    .iter()
                    .map(LevelTrainer::flow)
                    .chain(pooled.flows());
                detector.set_flows(flows.collect::<Result<_>>()?)?;
                let mut maps = log_likelihoods(&set.normal, &detector)?;
                pooled.hold_out(&mut maps, &set, &extractor, &self.device)?;
                boundaries = Some(detector.calibrate(&maps, meta_epoch + 1)?);
                if evaluate {
                    let size = detector.map_size();
                    let calibration = &detector.description.calibration;
                    let of_test = test.log_likelihoods(&detector)?;
                    evaluation = Some(test.evaluate(
                        &of_test,
                        calibration,
                        size,
                        &EvaluationOptions::default(),
                    )?);
                } else {
                    evaluation = None;
                }
                if last {
                    detector.take_thresholds(&set, &maps)?;
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
            (self.granularity, self.config),
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
        flows: Vec<ScaledFlow>,
    ) -> Result<Detector> {
        let description = ModelDescription {
            config: self.config.clone(),
            granularity: self.granularity,
            backbone_checksum: checksum,
            calibration: Calibration::new(self.config.aggregation, self.config.image_score),
            threshold: 0.0,
            pixel_threshold: None,
            normal_scores: Vec::new(),
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
        (trainers, pooled): (&mut [LevelTrainer], &mut PooledTrainers<'_>),
        boundaries: Option<&[SeparatingBoundary]>,
    ) -> Result<Option<f64>> {
        let config = self.config;
        let extractor = &extractor.unmirrored();
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
            let (placed, mut others): (Vec<_>, Vec<_>) = items
                .into_iter()
                .partition(|item| !trainers.is_empty() && set.is_placed(item));
            let (batches, remainder) = self.batches(placed, &mut shuffle);
            others.extend(remainder);
            for (index, items) in batches.iter().enumerate() {
                let start = Instant::now();
                let images = set.batch(items, epoch, config, extractor)?;
                let loaded = start.elapsed();
                let batch: Vec<&BatchImage> = images.iter().collect();
                let rate = schedule.at(meta_epoch, sub_epoch, index, batches.len());
                for (level, trainer) in trainers.iter_mut().enumerate() {
                    let settings = StepSettings {
                        config,
                        first,
                        rate,
                        boundary: boundaries.map(|all| &all[level]),
                    };
                    trainer.train(&batch, &settings, &mut places)?;
                }
                for (item, image) in items.iter().zip(&images) {
                    pooled.take(item, image);
                }
                self.spent(loaded, start.elapsed());
                self.tell_batch(meta_epoch, sub_epoch, (index, batches.len()), rate);
            }
            let start = Instant::now();
            if !pooled.is_empty() {
                for items in others.chunks(config.batch_size) {
                    let images = set.batch(items, epoch, config, extractor)?;
                    for (item, image) in items.iter().zip(&images) {
                        pooled.take(item, image);
                    }
                }
            }
            let loaded = start.elapsed();
            let rate = |index, count| schedule.at(meta_epoch, sub_epoch, index, count);
            let of_sub_epoch = SubEpoch {
                epoch,
                first,
                rate: &rate,
            };
            let alone = trainers.is_empty();
            pooled.train(&of_sub_epoch, boundaries, |index, count| {
                if alone {
                    let rate = rate(index, count);
                    self.tell_batch(meta_epoch, sub_epoch, (index, count), rate);
                }
            })?;
            self.spent(loaded, start.elapsed());
        }
        let mut losses = pooled.take_losses(meta_epoch + 1)?;
        for trainer in trainers {
            losses.extend(trainer.take_loss(meta_epoch + 1)?);
        }
        let count = losses.len() as f64;
        Ok((!losses.is_empty()).then(|| losses.iter().sum::<f64>() / count))
    }

    /// Shuffles `items` into batches, and what remains; fewer items than a batch are one.
    fn batches(&self, mut items: Vec<Item>, rng: &mut impl Rng) -> (Vec<Vec<Item>>, Vec<Item>) {
        let size = self.config.batch_size.min(items.len()).max(1);
        items.shuffle(rng);
        let batches = items.chunks_exact(size);
        let remainder = batches.remainder().to_vec();
        (batches.map(<[Item]>::to_vec).collect(), remainder)
    }

    /// Tells of a batch, taking this sub-epoch's number of batches for all sub-epochs'.
    fn tell_batch(
        &self,
        meta_epoch: usize,
        sub_epoch: usize,
        (batch, batches): (usize, usize),
        learning_rate: f64,
    ) {
        let sub_epochs = self.config.sub_epochs;
        self.trainer.tell(Progress::Batch {
            meta_epoch: meta_epoch + 1,
            done: (meta_epoch * sub_epochs + sub_epoch) * batches + batch + 1,
            total: self.config.meta_epochs * sub_epochs * batches,
            learning_rate,
        });
    }

    fn spent(&mut self, loaded: Duration, all: Duration) {
        self.seconds.features += loaded.as_secs_f64();
        self.seconds.flow += (all - loaded).as_secs_f64();
    }
}
