//! One training run: the schedule.

use std::time::Instant;

use bgad_data::Dataset;
use bgad_loss::SeparatingBoundary;
use burn::tensor::Device;

use super::checkpoints::{Checkpoints, Identity, Position};
use super::image_digest;
use super::outcome::{ScoredImage, Training};
use super::progress::{MetaEpoch, Progress, Seconds};
use super::run_context::RunContext;
use super::scale::{Scale, Shared};
use crate::config::checked::CheckedConfig;
use crate::config::choices::{BoundaryScope, EvaluateWhen, Granularity, ThresholdRule};
use crate::detector::thresholds::FEWEST_IMAGES;
use crate::device::host::read;
use crate::error::Result;
#[cfg(feature = "report")]
use crate::evaluation::evaluate::Examined;
use crate::evaluation::options::EvaluationOptions;
use crate::evaluation::result::Evaluation;
use crate::evaluation::test_set::TestSet;
use crate::features::backbone::Opened;
use crate::input::view::Views;
use crate::model::likelihoods::LogLikelihoodMaps;
use crate::scoring::image_likelihoods::{ImageLikelihoods, of_images};

/// The warning if there are too few images for a threshold.
const TOO_FEW: &str = "fewer than five normal images are too few for a threshold: the model gives scores and maps, \
                       but calls no image anomalous until you run `bgad calibrate` with more normal images";

/// The state of one run.
pub(crate) struct Run<'a> {
    pub(super) context: &'a RunContext,
    pub(super) config: &'a CheckedConfig,
    pub(super) granularity: Granularity,
    pub(super) device: Device,
    /// Devices that train position flows together with the first one.
    pub(super) others: Vec<Device>,
    pub(super) start: Instant,
    pub(super) seconds: Seconds,
    /// Time spent before an interruption.
    pub(super) before: Seconds,
    pub(super) checkpoints: Option<Checkpoints>,
    pub(super) warnings: Vec<String>,
    /// The warnings about the data set and its test images, which belong to an evaluation.
    pub(super) about_test: Vec<String>,
}

impl<'a> Run<'a> {
    pub fn new(
        context: &'a RunContext,
        config: &'a CheckedConfig,
        granularity: Granularity,
        (device, others): (Device, Vec<Device>),
        warnings: Vec<String>,
    ) -> Self {
        Self {
            context,
            config,
            granularity,
            device,
            others,
            start: Instant::now(),
            seconds: Seconds::default(),
            before: Seconds::default(),
            checkpoints: None,
            warnings,
            about_test: Vec::new(),
        }
    }

    /// Trains; with `resume`, from the newest checkpoint.
    pub fn train(mut self, dataset: &Dataset, opened: Opened, resume: bool) -> Result<Training> {
        for warning in &self.warnings {
            self.context.tell(Progress::Warning(warning.clone()));
        }
        let Opened { backbone, checksum } = opened;
        let store = self.store(&backbone, checksum.as_deref())?;
        let finer_config = self.config.finer();
        let (images, finer, test) = self.read_images(dataset, &store, finer_config.as_ref())?;
        store.check_stop()?;
        let others = self.others.clone();
        let device = self.device.clone();
        let shared = Shared {
            context: self.context,
            granularity: self.granularity,
            devices: (&device, &others),
            dataset,
            backbone: &backbone,
            checksum: checksum.as_deref(),
        };
        let mut scale = Scale::new(self.config, shared, images)?;
        if let Some((config, images)) = finer_config.as_ref().zip(finer) {
            scale.finer = Some(Box::new(Scale::new(config, shared, images)?));
        }
        let mut position = Position::default();
        let mut history = Vec::new();
        if let Some(folder) = &self.context.checkpoints {
            let identity = Identity {
                config: self.config.without_weights(),
                granularity: self.granularity,
                backbone_checksum: checksum.clone(),
                images: image_digest::of(scale.set.samples(), store.digests())?,
            };
            let found = self.open_checkpoints(folder, identity, resume, &mut scale.flows)?;
            (position, history) = found.unwrap_or_default();
        }
        if let Some(quantized) = &self.context.quantized {
            scale.take_quantized(quantized);
        }
        let mut evaluation = None;
        #[cfg(feature = "report")]
        let mut examined = None;
        let mut scores = Vec::new();
        let trains = self.config.schedule.trains(self.config.model);
        while position.meta_epoch < self.config.schedule.meta_epochs {
            let meta_epoch = position.meta_epoch;
            if trains {
                let Scale { set, flows, .. } = &mut scale;
                self.meta_epoch(position, set, flows, |run, position, flows| {
                    run.between_batches(position, &history, flows)
                })?;
            }
            let loss = scale.flows.take_loss(meta_epoch + 1)?;
            let mut last = !trains || meta_epoch + 1 == self.config.schedule.meta_epochs;
            let mut evaluate = false;
            let refresh = self.config.schedule.boundary == BoundaryScope::Set
                || self.config.schedule.stop_when_still.is_some();
            if self.evaluates(last, &test) || last || refresh {
                let start = Instant::now();
                let maps = scale.normal_maps()?;
                let images = of_images(&scale.set.normal_images, &maps);
                let known = self.known_apart(&scale)?;
                let known: Vec<_> = known.iter().map(ImageLikelihoods::of).collect();
                let (boundaries, normal) =
                    scale.detector.calibrate(&images, &known, meta_epoch + 1)?;
                let before = scale.flows.boundaries.replace(boundaries);
                last |= self.is_still(before.as_deref(), scale.flows.boundaries.as_deref())?;
                evaluate = self.evaluates(last, &test);
                if last {
                    let abnormal = match self.config.scoring.threshold {
                        ThresholdRule::BestF1 => scale.abnormal_likelihoods()?,
                        _ => Vec::new(),
                    };
                    let abnormal: Vec<_> = abnormal.iter().map(ImageLikelihoods::of).collect();
                    let abnormal = scale.detector.scores(&abnormal);
                    scale.detector.take_thresholds(&normal, &abnormal)?;
                    if self.granularity != Granularity::Image && scale.shows_defects() {
                        let outlined = scale.outlined()?;
                        scale.detector.outline(&normal, &outlined)?;
                    }
                    let held_out = normal.into_iter().map(|image| image.score);
                    scores = ScoredImage::all(&scale.set.normal_images, true, held_out);
                    if images.len() < FEWEST_IMAGES {
                        self.warn(TOO_FEW.to_owned());
                    }
                    scale.join_finer();
                }
                store.check_stop()?;
                // After the thresholds, because the decisions use them.
                if evaluate {
                    let of_test = test.log_likelihoods(&scale.detector)?;
                    let options = self.evaluation_options(last);
                    let description = &scale.detector.description;
                    let (mut found, scored) = test.evaluate(&of_test, description, &options)?;
                    found.warnings.clone_from(&self.about_test);
                    evaluation = Some(found);
                    #[cfg(not(feature = "report"))]
                    drop(scored);
                    #[cfg(feature = "report")]
                    if last && self.context.report.is_some() {
                        examined = Some((of_test, scored));
                    }
                } else {
                    evaluation = None;
                }
                if !last {
                    // A copy of all parameters, not needed until the next calibration.
                    scale.detector.set_flows(Vec::new())?;
                }
                self.seconds.evaluation += start.elapsed().as_secs_f64();
            }
            let record = record(
                meta_epoch + 1,
                loss,
                evaluation.as_ref().filter(|_| evaluate),
            );
            self.context.tell(Progress::MetaEpoch(record.clone()));
            history.push(record);
            position = Position {
                meta_epoch: meta_epoch + 1,
                ..Position::default()
            };
            if last {
                break;
            }
        }
        if let Some(Evaluation { results, .. }) = &evaluation {
            let results = results.iter().map(|result| result.score);
            scores.extend(ScoredImage::all(&test.images, false, results));
        }
        let mut detector = scale.detector;
        // Later predictions are of other images.
        detector.remember_distances_in(None);
        Ok(Training {
            detector,
            history,
            evaluation,
            scores,
            seconds: self.seconds(),
            warnings: self.warnings,
            #[cfg(feature = "report")]
            examined: examined.map(|(maps, scored)| Examined { test, maps, scored }),
        })
    }

    /// Abnormal training images, each by a model that does not know its own defects, if known defects are a part of
    /// scores of their own.
    fn known_apart(&self, scale: &Scale<'_>) -> Result<Vec<(Views, Vec<LogLikelihoodMaps>)>> {
        if self.granularity == Granularity::Pixel || !scale.knows_defects() {
            return Ok(Vec::new());
        }
        scale.each_without_its_own()
    }

    /// What an evaluation computes; more after the `last` meta-epoch if a report follows.
    #[cfg_attr(not(feature = "report"), allow(unused_variables))]
    fn evaluation_options(&self, last: bool) -> EvaluationOptions {
        #[cfg(feature = "report")]
        if let Some(options) = self.context.report
            && last
        {
            return options;
        }
        EvaluationOptions::default()
    }

    fn evaluates(&self, last: bool, test: &TestSet) -> bool {
        let asked = match self.config.schedule.evaluate {
            EvaluateWhen::Each => true,
            EvaluateWhen::Last => last,
            EvaluateWhen::Never => false,
        };
        asked && !test.images.is_empty()
    }

    /// Whether training ends because no boundary has moved since the last meta-epoch.
    fn is_still(
        &self,
        before: Option<&[SeparatingBoundary]>,
        now: Option<&[SeparatingBoundary]>,
    ) -> Result<bool> {
        let (Some(most), Some(before), Some(now)) =
            (self.config.schedule.stop_when_still, before, now)
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

    pub(super) fn warn(&mut self, warning: String) {
        self.context.tell(Progress::Warning(warning.clone()));
        self.warnings.push(warning);
    }

    /// The time spent so far, including before an interruption.
    pub(super) fn seconds(&self) -> Seconds {
        Seconds {
            features: self.before.features + self.seconds.features,
            flow: self.before.flow + self.seconds.flow,
            evaluation: self.before.evaluation + self.seconds.evaluation,
            total: self.before.total + self.start.elapsed().as_secs_f64(),
        }
    }
}

/// The report of a meta-epoch.
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
