//! One training run: the schedule.

use std::sync::Arc;
use std::time::Instant;

use bgad_backbone::Backbone;
use bgad_data::Dataset;
use bgad_loss::SeparatingBoundary;
use burn::tensor::Device;

use super::checkpoints::{Checkpoints, Identity, Position};
use super::flow_ensemble::FlowTrainers;
use super::mirror::HoldOut;
use super::outcome::{ScoredImage, Training};
use super::progress::{MetaEpoch, Progress, Seconds};
use super::run_context::RunContext;
use super::training_set::TrainingSet;
use super::{image_digest, mirror};
use crate::config::checked::CheckedConfig;
use crate::config::choices::{BoundaryScope, EvaluateWhen, Granularity, Mirror, ThresholdRule};
use crate::detector::description::ModelDescription;
use crate::detector::thresholds::FEWEST_IMAGES;
use crate::detector::trained_model::Detector;
use crate::device::host::read;
use crate::error::Result;
#[cfg(feature = "report")]
use crate::evaluation::evaluate::Examined;
use crate::evaluation::options::EvaluationOptions;
use crate::evaluation::result::Evaluation;
use crate::evaluation::test_set::TestSet;
use crate::features::backbone::Opened;
use crate::features::flow_inputs::FlowInputs;
use crate::input::view::Views;
use crate::model::context_sample::ContextSample;
use crate::model::discriminant::Discriminant;
use crate::model::held_out::HeldOut;
use crate::model::known_defects::{KnownDefects, NormalPositions, ShownDefect};
use crate::model::likelihoods::LogLikelihoodMaps;
use crate::model::second_pass::second_pass;
use crate::scoring::calibration::Calibration;
use crate::scoring::image_likelihoods::{ImageLikelihoods, of_images};
use crate::scoring::tail::Tail;
use crate::scoring::weights::Weights;

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
        let (set, mut statistics, test) = self.read_images(dataset, &store)?;
        store.check_stop()?;
        let inputs = store.flow_inputs();
        let gaussians = HeldOut::new(self.config, &statistics, &inputs, &self.device)?;
        let mut flows = FlowTrainers::new(
            self.config,
            &inputs,
            &set,
            &mut statistics,
            (&self.device, &self.others),
        )?;
        let mut position = Position::default();
        let mut history = Vec::new();
        if let Some(folder) = &self.context.checkpoints {
            let identity = Identity {
                config: self.config.without_weights(),
                granularity: self.granularity,
                backbone_checksum: checksum.clone(),
                images: image_digest::of(set.samples(), store.digests())?,
            };
            let found = self.open_checkpoints(folder, identity, resume, &mut flows)?;
            (position, history) = found.unwrap_or_default();
        }
        let mut detector = self.detector(dataset, &set, backbone.clone(), checksum)?;
        detector.neighbors = statistics.neighbors();
        let calibration = &mut detector.description.calibration;
        calibration.fineness = Weights::fineness(statistics.coherence());
        detector.bank = statistics.take_bank();
        let mut shown = Vec::new();
        store.check_stop()?;
        if let Some(bank) = &detector.bank {
            let seed = self.config.seed;
            let wanted = (seed, self.config.memory_bank.contexts);
            let contexts = ContextSample::new(bank, self.granularity, wanted, set.normal.len());
            let (weight, projection) = statistics.alignment(seed).unzip();
            let normal = (&set.normal, &set.folds);
            (detector.contexts, detector.gaussians) =
                second_pass(bank, normal, contexts, projection)?;
            let weight = weight.filter(|_| detector.gaussians.is_some());
            detector.description.calibration.alignment = weight.unwrap_or(0.0);
        }
        if let Some(bank) = &detector.bank
            && self.config.memory_bank.discriminant
        {
            shown = set.defects(bank)?;
            let defects: Vec<Vec<f64>> = shown.iter().map(|defect| defect.mean.clone()).collect();
            detector.discriminant = Discriminant::new(bank, &set.folds, &defects);
            detector.known_defects = KnownDefects::new(&shown, bank.inputs().dimension());
            // Tiles of one image are not independent.
            let images = set.abnormal_images.len().min(defects.len());
            let weight = Discriminant::weight(images);
            let calibration = &mut detector.description.calibration;
            calibration.defects_weight = weight;
            if detector.known_defects.is_some() {
                let normal = NormalPositions::sample(bank, &set.normal, &set.folds)?;
                let surprisals = |normal: Vec<f32>, mut values: Vec<f32>| {
                    Tail::of(normal)?.surprisals(&mut values);
                    Some(values)
                };
                calibration.likeness_weight = KnownDefects::weight(&shown, &normal, surprisals);
            }
        }
        if let Some(quantized) = &self.context.quantized {
            if let Some(bank) = &mut detector.bank {
                bank.round_to_bytes();
            }
            if let Some(contexts) = &mut detector.contexts {
                contexts.round_to_bytes();
            }
            if let Some(gaussians) = &mut detector.gaussians {
                gaussians.round_to_bytes();
            }
            detector.discriminant.clone_from(&quantized.discriminant);
            let known = quantized.known_defects.as_ref().zip(detector.bank.as_ref());
            let known = known.map(|(vectors, bank)| KnownDefects::of_vectors(vectors, bank));
            detector.known_defects = known;
            let calibration = &mut detector.description.calibration;
            calibration.defects_weight = quantized.defects_weight;
            calibration.likeness_weight = quantized.likeness_weight;
            calibration.recurrence = quantized.recurrence;
            detector.description.quantization = Some(quantized.quantization.clone());
        }
        detector.remember_distances_in(self.context.distances.as_deref());
        drop(statistics);
        let mut evaluation = None;
        #[cfg(feature = "report")]
        let mut examined = None;
        let mut scores = Vec::new();
        let trains = self.config.schedule.trains(self.config.model);
        while position.meta_epoch < self.config.schedule.meta_epochs {
            let meta_epoch = position.meta_epoch;
            if trains {
                self.meta_epoch(position, &set, &mut flows, |run, position, flows| {
                    run.between_batches(position, &history, flows)
                })?;
            }
            let loss = flows.take_loss(meta_epoch + 1)?;
            let mut last = !trains || meta_epoch + 1 == self.config.schedule.meta_epochs;
            let mut evaluate = false;
            let refresh = self.config.schedule.boundary == BoundaryScope::Set
                || self.config.schedule.stop_when_still.is_some();
            if self.evaluates(last, &test) || last || refresh {
                let start = Instant::now();
                detector.set_flows(flows.current()?)?;
                let hold_out = HoldOut {
                    set: &set,
                    gaussians: &gaussians,
                    pooled: &flows.pooled,
                };
                let maps = mirror::normal_maps(&mut detector, &hold_out)?;
                let images = of_images(&set.normal_images, &maps);
                let known = self.known_apart(&set, &detector, &shown)?;
                let known: Vec<_> = known.iter().map(ImageLikelihoods::of).collect();
                let (boundaries, normal) = detector.calibrate(&images, &known, meta_epoch + 1)?;
                let before = flows.boundaries.replace(boundaries);
                last |= self.is_still(before.as_deref(), flows.boundaries.as_deref())?;
                evaluate = self.evaluates(last, &test);
                if last {
                    let abnormal = match self.config.scoring.threshold {
                        ThresholdRule::BestF1 => set.abnormal_likelihoods(&detector)?,
                        _ => Vec::new(),
                    };
                    let abnormal: Vec<_> = abnormal.iter().map(ImageLikelihoods::of).collect();
                    let abnormal = detector.scores(&abnormal);
                    detector.take_thresholds(&normal, &abnormal)?;
                    if self.granularity != Granularity::Image && !shown.is_empty() {
                        let outlined = set.outlined(&detector, &shown)?;
                        detector.outline(&normal, &outlined)?;
                    }
                    let held_out = normal.into_iter().map(|image| image.score);
                    scores = ScoredImage::all(&set.normal_images, true, held_out);
                    if images.len() < FEWEST_IMAGES {
                        self.warn(TOO_FEW.to_owned());
                    }
                }
                store.check_stop()?;
                // After the thresholds, because the decisions use them.
                if evaluate {
                    let of_test = test.log_likelihoods(&detector)?;
                    let options = self.evaluation_options(last);
                    let description = &detector.description;
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
                    detector.set_flows(Vec::new())?;
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
    fn known_apart(
        &self,
        set: &TrainingSet,
        detector: &Detector,
        shown: &[ShownDefect],
    ) -> Result<Vec<(Views, Vec<LogLikelihoodMaps>)>> {
        if self.granularity == Granularity::Pixel || detector.known_defects.is_none() {
            return Ok(Vec::new());
        }
        set.each_without_its_own(detector, shown)
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

    /// The detector without flows; training sets them, the calibration and the threshold.
    fn detector(
        &self,
        dataset: &Dataset,
        set: &TrainingSet,
        backbone: Arc<dyn Backbone>,
        checksum: Option<String>,
    ) -> Result<Detector> {
        let inputs = FlowInputs::new(self.config, self.granularity).list(backbone.levels());
        let dimensions = inputs.iter().map(|input| input.dimension);
        let description = ModelDescription {
            training_anomalies: set.anomalies()?,
            config: self.config.clone(),
            granularity: self.granularity,
            backbone_checksum: checksum,
            calibration: Calibration::new(
                self.config.scoring.aggregation,
                self.config.scoring.image_score,
            )
            .with_map_baseline(self.config.scoring.map_baseline)
            .with_dimensions(dimensions.collect())
            .with_whole_images(self.granularity == Granularity::Both),
            mirrored: self.config.scoring.mirror == Mirror::On,
            threshold: 0.0,
            pixel_threshold: None,
            outlines_known_defects: false,
            normal_scores: Vec::new(),
            calibrated: false,
            promised_rate: None,
            boundaries: Vec::new(),
            dataset: dataset.name.clone(),
            quantization: None,
        };
        Detector::new(description, backbone, Vec::new(), &self.device)
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
