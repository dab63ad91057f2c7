//! What a run learns from inputs of one size.

use std::path::Path;
use std::sync::Arc;

use bgad_backbone::Backbone;
use bgad_data::Dataset;
use burn::tensor::Device;

use super::flow_ensemble::FlowTrainers;
use super::mirror::{self, HoldOut};
use super::run_context::{LearnedDefects, QuantizedModel, RunContext};
use super::training_set::TrainingSet;
use crate::config::checked::CheckedConfig;
use crate::config::choices::{Granularity, Mirror};
use crate::detector::description::ModelDescription;
use crate::detector::trained_model::Detector;
use crate::error::{Error, Result};
use crate::features::flow_inputs::FlowInputs;
use crate::input::view::Views;
use crate::model::context_sample::ContextSample;
use crate::model::discriminant::Discriminant;
use crate::model::held_out::HeldOut;
use crate::model::known_defects::{KnownDefects, NormalPositions, ShownDefect};
use crate::model::likelihoods::{FinerMaps, LogLikelihoodMaps};
use crate::model::normal_statistics::NormalStatistics;
use crate::model::second_pass::second_pass;
use crate::scoring::calibration::Calibration;
use crate::scoring::tail::Tail;
use crate::scoring::weights::Weights;

/// Training images and the statistics of the normal ones, at one size of inputs.
pub(super) type ReadImages = (TrainingSet, NormalStatistics);

/// What a run learns from inputs of one size: flows, and a detector that has everything but these.
pub(super) struct Scale<'a> {
    pub set: TrainingSet,
    gaussians: HeldOut,
    pub flows: FlowTrainers<'a>,
    pub detector: Detector,
    /// The defects of abnormal training images.
    pub shown: Vec<ShownDefect>,
    /// The same for the finer inputs, if there are any.
    pub finer: Option<Box<Self>>,
}

/// What both sizes of inputs share.
#[derive(Clone, Copy)]
pub(super) struct Shared<'a> {
    pub context: &'a RunContext,
    pub granularity: Granularity,
    /// The first device, and those that share its work.
    pub devices: (&'a Device, &'a [Device]),
    pub dataset: &'a Dataset,
    pub backbone: &'a Arc<dyn Backbone>,
    /// The checksum of the backbone's weights.
    pub checksum: Option<&'a str>,
}

impl<'a> Scale<'a> {
    /// Learns everything that closed forms give.
    pub fn new(
        config: &'a CheckedConfig,
        shared: Shared<'_>,
        (set, mut statistics): ReadImages,
    ) -> Result<Self> {
        let (device, _) = shared.devices;
        let inputs = set.normal.store().flow_inputs();
        let gaussians = HeldOut::new(config, &statistics, &inputs, device)?;
        let flows = FlowTrainers::new(config, &inputs, &set, &mut statistics, shared.devices)?;
        let detector = detector(config, shared, &set)?;
        let mut scale = Self {
            set,
            gaussians,
            flows,
            detector,
            shown: Vec::new(),
            finer: None,
        };
        scale.learn(config, shared, statistics)?;
        Ok(scale)
    }

    /// Adds to the detector what is learned besides flows.
    fn learn(
        &mut self,
        config: &CheckedConfig,
        shared: Shared<'_>,
        mut statistics: NormalStatistics,
    ) -> Result<()> {
        let Self {
            set,
            detector,
            shown,
            ..
        } = self;
        detector.neighbors = statistics.neighbors();
        let calibration = &mut detector.description.calibration;
        calibration.fineness = Weights::fineness(statistics.coherence());
        detector.bank = statistics.take_bank();
        set.normal.store().check_stop()?;
        if let Some(bank) = &detector.bank {
            let seed = config.seed;
            let wanted = (seed, config.memory_bank.contexts);
            let contexts = ContextSample::new(bank, shared.granularity, wanted, set.normal.len());
            let (weight, projection) = statistics.alignment(seed).unzip();
            let normal = (&set.normal, &set.folds);
            (detector.contexts, detector.gaussians) =
                second_pass(bank, normal, contexts, projection)?;
            let weight = weight.filter(|_| detector.gaussians.is_some());
            detector.description.calibration.alignment = weight.unwrap_or(0.0);
        }
        if let Some(bank) = &detector.bank
            && config.memory_bank.discriminant
        {
            *shown = set.defects(bank)?;
            let defects: Vec<Vec<f64>> = shown.iter().map(|defect| defect.mean.clone()).collect();
            detector.discriminant = Discriminant::new(bank, &set.folds, &defects);
            detector.known_defects = KnownDefects::new(shown.iter(), bank.inputs().dimension());
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
                calibration.likeness_weight = KnownDefects::weight(shown, &normal, surprisals);
            }
        }
        detector.remember_distances_in(shared.context.distances.as_deref());
        Ok(())
    }

    /// Rounds everything to bytes. Takes what the model in single precision learned from abnormal images.
    pub fn take_quantized(&mut self, model: &QuantizedModel) {
        self.take_defects(&model.defects);
        if let Some((finer, defects)) = self.finer.as_mut().zip(model.finer.as_ref()) {
            finer.take_defects(defects);
        }
        let quantization = model.quantization.clone();
        self.detector.description.quantization = Some(quantization);
    }

    fn take_defects(&mut self, learned: &LearnedDefects) {
        let detector = &mut self.detector;
        if let Some(bank) = &mut detector.bank {
            bank.round_to_bytes();
        }
        if let Some(contexts) = &mut detector.contexts {
            contexts.round_to_bytes();
        }
        if let Some(gaussians) = &mut detector.gaussians {
            gaussians.round_to_bytes();
        }
        detector.discriminant.clone_from(&learned.discriminant);
        let known = learned.known_defects.as_ref().zip(detector.bank.as_ref());
        let known = known.map(|(vectors, bank)| KnownDefects::of_vectors(vectors, bank));
        detector.known_defects = known;
        let calibration = &mut detector.description.calibration;
        calibration.defects_weight = learned.defects_weight;
        calibration.likeness_weight = learned.likeness_weight;
        calibration.recurrence = learned.recurrence;
    }

    /// The log-likelihoods of the normal training images by the flows as they are now, held out if there are folds.
    pub fn normal_maps(&mut self) -> Result<Vec<LogLikelihoodMaps>> {
        self.detector.set_flows(self.flows.current()?)?;
        let hold_out = HoldOut {
            set: &self.set,
            gaussians: &self.gaussians,
            pooled: &self.flows.pooled,
        };
        let mut maps = mirror::normal_maps(&mut self.detector, &hold_out)?;
        let Some(finer) = &mut self.finer else {
            return Ok(maps);
        };
        let of_finer = finer.normal_maps()?;
        if finer.set.normal.samples != self.set.normal.samples {
            let found = "files that changed while they were read";
            return Err(Error::input("training images", found, "files that stay"));
        }
        let images = finer.set.normal_images.iter();
        for ((maps, of_finer), image) in maps.iter_mut().zip(of_finer).zip(images) {
            attach(maps, image.views.clone(), of_finer);
        }
        let constants = finer.detector.description.calibration.clone();
        self.detector.description.calibration.finer = Some(Box::new(constants));
        Ok(maps)
    }

    /// Whether abnormal training images show defects on one of the inputs; thin ones may be lost on the usual one.
    pub fn shows_defects(&self) -> bool {
        let finer = self.finer.as_ref();
        !self.shown.is_empty() || finer.is_some_and(|finer| finer.shows_defects())
    }

    /// Whether scores of one of the inputs use known defects.
    pub fn knows_defects(&self) -> bool {
        let finer = self.finer.as_ref();
        self.detector.known_defects.is_some() || finer.is_some_and(|finer| finer.knows_defects())
    }

    /// Whether this image shows a defect on one of the inputs.
    pub fn is_shown(&self, image: &Path) -> bool {
        let finer = self.finer.as_ref();
        let shown = self.shown.iter().any(|defect| defect.image == image);
        shown || finer.is_some_and(|finer| finer.is_shown(image))
    }

    /// The views of each abnormal image and the log-likelihoods of all its inputs, including those that show
    /// no defect.
    pub fn abnormal_likelihoods(&self) -> Result<Vec<(Views, Vec<LogLikelihoodMaps>)>> {
        let mut images = self.set.abnormal_likelihoods(&self.detector)?;
        if let Some(finer) = &self.finer {
            let of_finer = finer.abnormal_likelihoods()?;
            for ((_, inputs), (views, of_finer)) in images.iter_mut().zip(of_finer) {
                attach_first(inputs, views, of_finer);
            }
        }
        Ok(images)
    }

    /// Gives the detector what the finer scale learned. Nothing is learned afterwards.
    pub fn join_finer(&mut self) {
        if let Some(finer) = self.finer.take() {
            self.detector.finer = Some(Box::new(finer.detector));
        }
    }
}

/// Adds those of the finer input to an image's log-likelihoods.
pub(super) fn attach(maps: &mut LogLikelihoodMaps, views: Views, of_finer: LogLikelihoodMaps) {
    maps.finer = Some(Box::new(FinerMaps {
        views,
        maps: of_finer,
    }));
}

/// The same for an image that is a single input.
pub(super) fn attach_first(
    inputs: &mut [LogLikelihoodMaps],
    views: Views,
    of_finer: Vec<LogLikelihoodMaps>,
) {
    if let (Some(maps), Some(of_finer)) = (inputs.first_mut(), of_finer.into_iter().next()) {
        attach(maps, views, of_finer);
    }
}

/// The detector without anything learned; training sets its parts, the calibration and the thresholds.
fn detector(config: &CheckedConfig, shared: Shared<'_>, set: &TrainingSet) -> Result<Detector> {
    let granularity = shared.granularity;
    let inputs = FlowInputs::new(config, granularity).list(shared.backbone.levels());
    let dimensions = inputs.iter().map(|input| input.dimension);
    let description = ModelDescription {
        training_anomalies: set.anomalies()?,
        config: config.clone(),
        granularity,
        backbone_checksum: shared.checksum.map(str::to_owned),
        calibration: Calibration::new(config.scoring.aggregation, config.scoring.image_score)
            .with_map_baseline(config.scoring.map_baseline)
            .with_dimensions(dimensions.collect())
            .with_whole_images(granularity == Granularity::Both),
        mirrored: config.scoring.mirror == Mirror::On,
        threshold: 0.0,
        pixel_threshold: None,
        outlines_known_defects: false,
        normal_scores: Vec::new(),
        calibrated: false,
        promised_rate: None,
        boundaries: Vec::new(),
        dataset: shared.dataset.name.clone(),
        quantization: None,
    };
    let (device, _) = shared.devices;
    Detector::new(description, shared.backbone.clone(), Vec::new(), device)
}
