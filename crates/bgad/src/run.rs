//! One training run: the schedule of section 4 of the method.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use bgad_backbone::Backbone;
use bgad_data::Dataset;
use bgad_loss::SeparatingBoundary;
use burn::tensor::Device;

use crate::backbone::Opened;
use crate::checkpoint::{self, Checkpoints, Identity, Position};
use crate::choices::{BoundaryScope, EvaluateWhen, Granularity, Mirror, Model};
use crate::config::TrainerConfig;
use crate::detector::{Detector, ModelDescription};
use crate::evaluation::{Evaluation, EvaluationOptions, TestSet};
use crate::feature_cache::FeatureCache;
use crate::features::Extractor;
use crate::flow_trainers::FlowTrainers;
use crate::flows::read;
use crate::inputs::Inputs;
use crate::precision::FeaturePrecision;
use crate::scoring::Calibration;
use crate::trainer::{MetaEpoch, Progress, Seconds, Trainer, Training};
use crate::training_anomaly::TrainingAnomaly;
use crate::training_set::TrainingSet;
use crate::{Error, Result, image_set, mirror, training_digest};

/// One run's state.
pub(crate) struct Run<'a> {
    pub(crate) trainer: &'a Trainer,
    pub(crate) config: &'a TrainerConfig,
    granularity: Granularity,
    device: Device,
    /// Devices that train flows of positions beside the first.
    others: Vec<Device>,
    start: Instant,
    pub(crate) seconds: Seconds,
    /// What was spent before an interruption.
    before: Seconds,
    checkpoints: Option<Checkpoints>,
    warnings: Vec<String>,
}

impl<'a> Run<'a> {
    pub fn new(
        trainer: &'a Trainer,
        granularity: Granularity,
        (device, others): (Device, Vec<Device>),
        warnings: Vec<String>,
    ) -> Self {
        Self {
            trainer,
            config: &trainer.config,
            granularity,
            device,
            others,
            start: Instant::now(),
            seconds: Seconds::default(),
            before: Seconds::default(),
            checkpoints: None,
            warnings,
        }
    }

    /// Trains; with `resume` from where the newest checkpoint stands.
    pub fn train(mut self, dataset: &Dataset, opened: Opened, resume: bool) -> Result<Training> {
        for warning in &self.warnings {
            self.trainer.tell(Progress::Warning(warning.clone()));
        }
        let Opened { backbone, checksum } = opened;
        let inputs = Inputs::new(self.config, self.granularity);
        let mut extractor = Extractor {
            backbone: backbone.clone(),
            image_size: self.config.image_size,
            fit: self.config.fit,
            inputs,
            mirror: match self.config.mirror {
                Mirror::Off => false,
                Mirror::On => true,
                Mirror::Auto => mirror::is_open(self.config, self.granularity),
            },
            precision: self.config.feature_precision,
            packed: self.config.training_precision == FeaturePrecision::F16,
            cache: None,
            device: self.device.clone(),
        };
        if let Some(folder) = &self.trainer.features
            && (checksum.is_some() || self.trainer.backbone.is_none())
        {
            let cache = FeatureCache::open(folder, &extractor, checksum.as_deref())?;
            extractor.cache = Some(Arc::new(cache));
        }
        let (set, test) = self.read_images(dataset, &extractor)?;
        let inputs = inputs.list(backbone.levels());
        let mut flows = FlowTrainers::new(
            self.config,
            &inputs,
            &set,
            &extractor,
            (&self.device, &self.others),
        )?;
        let mut position = Position::default();
        let mut history = Vec::new();
        if let Some(folder) = &self.trainer.checkpoints {
            let identity = Identity {
                config: self.config.clone(),
                granularity: self.granularity,
                backbone_checksum: checksum.clone(),
                images: training_digest::of(set.samples())?,
            };
            if !resume {
                checkpoint::remove_all(folder)?;
            }
            let checkpoints = Checkpoints::open(folder, identity)?;
            if let (Some(found), wrong) = checkpoints.newest()? {
                wrong
                    .into_iter()
                    .for_each(|error| self.warn(error.to_string()));
                let restored = flows.restore(found.state()?, &self.device);
                restored.map_err(|e| checkpoint::damaged(&found.path, e.to_string()))?;
                position = found.description.position;
                history = found.description.history;
                self.before = found.description.seconds;
                self.trainer.tell(Progress::Resumed {
                    meta_epoch: position.meta_epoch + 1,
                    history: history.clone(),
                });
            }
            self.checkpoints = Some(checkpoints);
        }
        let mut detector = self.detector(dataset, &set, backbone.clone(), checksum)?;
        if self.config.pooled_neighbors {
            detector.neighbors = set.neighbors(&inputs, &extractor)?;
        }
        let mut evaluation = None;
        while position.meta_epoch < self.config.meta_epochs {
            let meta_epoch = position.meta_epoch;
            self.meta_epoch(
                position,
                &set,
                &extractor,
                &mut flows,
                |run, position, flows| run.between_batches(position, &history, flows),
            )?;
            let loss = flows.take_loss(meta_epoch + 1)?;
            let mut last = meta_epoch + 1 == self.config.meta_epochs;
            let mut evaluate = false;
            let refresh =
                self.config.boundary == BoundaryScope::Set || self.config.stop_when_still.is_some();
            if self.evaluates(last, &test) || last || refresh {
                let start = Instant::now();
                detector.set_flows(flows.current()?)?;
                let maps = mirror::normal_maps(&mut detector, &set, &flows.pooled, &extractor)?;
                let images = image_set::of_images(&set.normal_images, &maps);
                let boundaries = detector.calibrate(&images, meta_epoch + 1)?;
                let before = flows.boundaries.replace(boundaries);
                last |= self.is_still(before.as_deref(), flows.boundaries.as_deref())?;
                evaluate = self.evaluates(last, &test);
                if evaluate {
                    let calibration = &detector.description.calibration;
                    let of_test = test.log_likelihoods(&detector)?;
                    evaluation = Some(test.evaluate(
                        &of_test,
                        calibration,
                        &EvaluationOptions::default(),
                    )?);
                } else {
                    evaluation = None;
                }
                if last {
                    detector.take_thresholds(&set, &images)?;
                } else {
                    // Not needed before the next time, and a copy of all parameters.
                    detector.set_flows(Vec::new())?;
                }
                self.seconds.evaluation += start.elapsed().as_secs_f64();
            }
            let record = record(
                meta_epoch + 1,
                loss,
                evaluation.as_ref().filter(|_| evaluate),
            );
            self.trainer.tell(Progress::MetaEpoch(record.clone()));
            history.push(record);
            position = Position {
                meta_epoch: meta_epoch + 1,
                ..Position::default()
            };
            if last {
                break;
            }
        }
        Ok(Training {
            detector,
            history,
            evaluation,
            seconds: self.seconds(),
            warnings: self.warnings,
        })
    }

    fn evaluates(&self, last: bool, test: &TestSet) -> bool {
        let asked = match self.config.evaluate {
            EvaluateWhen::Each => true,
            EvaluateWhen::Last => last,
            EvaluateWhen::Never => false,
        };
        asked && !test.images.is_empty()
    }

    /// Whether training is to end because no boundary has moved since the last meta-epoch.
    fn is_still(
        &self,
        before: Option<&[SeparatingBoundary]>,
        now: Option<&[SeparatingBoundary]>,
    ) -> Result<bool> {
        let (Some(most), Some(before), Some(now)) = (self.config.stop_when_still, before, now)
        else {
            return Ok(false);
        };
        for (before, now) in before.iter().zip(now) {
            let moved = read(now.normal.clone() - before.normal.clone())?;
            if !moved.iter().all(|moved| moved.abs() <= most) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Keeps a checkpoint where one is due, and stops where that is asked for.
    fn between_batches(
        &mut self,
        position: Position,
        history: &[MetaEpoch],
        flows: &FlowTrainers<'_>,
    ) -> Result<()> {
        let stop = self.trainer.is_stopped();
        let over = position.sub_epoch == self.config.sub_epochs;
        let seconds = self.seconds();
        let Some(checkpoints) = &mut self.checkpoints else {
            return match stop {
                true => Err(Error::Stopped { checkpoint: None }),
                false => Ok(()),
            };
        };
        if !(stop || over || checkpoints.is_due()) {
            return Ok(());
        }
        let written = checkpoints.write(position, history, seconds, flows.state()?);
        match (written, stop) {
            (Ok(path), true) => Err(Error::Stopped {
                checkpoint: Some(path),
            }),
            (Err(error), true) => Err(error),
            (Ok(_), false) => Ok(()),
            // A full disk should not end a night of training; it may have room again in the end.
            (Err(error), false) => {
                self.warn(format!("no checkpoint could be written: {error}"));
                Ok(())
            }
        }
    }

    fn warn(&mut self, warning: String) {
        self.trainer.tell(Progress::Warning(warning.clone()));
        self.warnings.push(warning);
    }

    /// Where the time went until now, before an interruption as well.
    fn seconds(&self) -> Seconds {
        Seconds {
            features: self.before.features + self.seconds.features,
            flow: self.before.flow + self.seconds.flow,
            evaluation: self.before.evaluation + self.seconds.evaluation,
            total: self.before.total + self.start.elapsed().as_secs_f64(),
        }
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
        let test = TestSet::read(
            &tested,
            &extractor.unpacked(),
            &mut budget,
            &mut warnings,
            done,
        )?;
        let beyond = set.normal.beyond_memory() + set.abnormal.beyond_memory();
        if beyond > 0 && extractor.cache.is_none() {
            warnings.push(format!(
                "features of {beyond} training images don't fit in feature_memory and are computed \
                 in each epoch; a folder for them (--feature-cache) saves that"
            ));
        }
        for warning in &warnings {
            self.trainer.tell(Progress::Warning(warning.clone()));
        }
        self.warnings.extend(warnings);
        if let Some(failure) = extractor
            .cache
            .as_ref()
            .and_then(|cache| cache.take_failure())
        {
            self.warn(format!("features could not be kept: {failure}"));
        }
        self.seconds.features += start.elapsed().as_secs_f64();
        Ok((set, test))
    }

    /// The detector without flows; they, calibration and threshold are set while training goes on.
    fn detector(
        &self,
        dataset: &Dataset,
        set: &TrainingSet,
        backbone: Arc<dyn Backbone>,
        checksum: Option<String>,
    ) -> Result<Detector> {
        let inputs = Inputs::new(self.config, self.granularity).list(backbone.levels());
        let dimensions = inputs.iter().map(|input| input.dimension);
        let anomalies = set.abnormal_images.iter().map(TrainingAnomaly::of);
        let description = ModelDescription {
            training_anomalies: anomalies.collect::<Result<_>>()?,
            config: self.config.clone(),
            granularity: self.granularity,
            backbone_checksum: checksum,
            calibration: Calibration::new(self.config.aggregation, self.config.image_score)
                .with_map_baseline(self.config.map_baseline)
                .with_dimensions(dimensions.collect()),
            mirrored: self.config.mirror == Mirror::On,
            threshold: 0.0,
            pixel_threshold: None,
            normal_scores: Vec::new(),
            boundaries: Vec::new(),
            dataset: dataset.name.clone(),
        };
        Detector::new(description, backbone, Vec::new(), &self.device)
    }
}

/// What is told of a meta-epoch.
fn record(meta_epoch: usize, loss: Option<f64>, evaluation: Option<&Evaluation>) -> MetaEpoch {
    MetaEpoch {
        meta_epoch,
        loss,
        image_auroc: evaluation.and_then(|e| e.image_auroc),
        pixel_auroc: evaluation.and_then(|e| e.pixel_auroc),
        aupro: evaluation.and_then(|e| e.aupro),
        paper_protocol: evaluation.map(|e| e.paper_protocol).unwrap_or_default(),
    }
}
