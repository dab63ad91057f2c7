//! The settings of a training run.

use std::path::PathBuf;

use bgad_data::{CutPaste, Orientation};
use bgad_flow::FlowStart;
use bgad_loss::Objective;
use serde::{Deserialize, Serialize};

use super::choices::{
    Aggregation, BoundaryScope, EvaluateWhen, FeatureMean, FeatureScaling, Granularity,
    MapBaseline, Mirror, Model, PooledLevels, Pooling, Preset, ThresholdRule,
};
use super::image_fit::Fit;
use super::image_score::ImageScore;
use super::precision::FeaturePrecision;
use crate::error::{Error, Result};

/// The name of the backbone that needs no weights.
pub const FILTER_BANK: &str = "filter-bank";

/// All settings of a run.
///
/// [`Default`] is the improved method, [`TrainerConfig::paper`] the published one, as far as
/// neither needs a backbone with weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainerConfig {
    /// BGAD or BGAD-FAS.
    pub model: Model,
    /// `filter-bank`, or an EfficientNet by timm's name; a backbone of the program's own says its name
    /// here ([`Trainer::with_backbone`](crate::Trainer::with_backbone)).
    pub backbone: String,
    /// The backbone's weights; the model file holds what is needed of them, not this path.
    #[serde(skip_serializing)]
    pub weights: Option<PathBuf>,
    /// The strides of the feature pyramid's levels, of 4, 8 and 16; those that a backbone of the
    /// program's own has.
    pub strides: Vec<usize>,
    /// The images' width and height after resizing, in pixels.
    pub image_size: u32,
    /// How images that are not square become inputs of that size.
    pub fit: Fit,
    /// Whether images are turned as their orientation tags say.
    pub orientation: Orientation,
    /// One sample per position or per image; none: per image where the data set has no masks.
    pub granularity: Option<Granularity>,
    /// Pooling at image granularity.
    pub pooling: Pooling,
    /// One flow a level for pooled features, or one for all.
    pub pooled_levels: PooledLevels,
    /// At pixel granularity, flows of pooled features beside those of positions: an image's score
    /// then draws on both, and abnormal images without a mask teach the pooled ones alone.
    pub pooled_flows: bool,
    /// At how many folds of the normal training images flows of pooled features are trained besides,
    /// each without the images of one fold, so that scoring constants and threshold come from
    /// images that the flows have not seen; 0: from the training images as they are.
    pub pooled_folds: usize,
    /// Whether an image's score also draws on how far its pooled features lie from those of the
    /// nearest normal training image, where there are flows of pooled features.
    pub pooled_neighbors: bool,
    /// The number format in which features are kept.
    #[serde(skip_serializing_if = "FeaturePrecision::is_full")]
    pub feature_precision: FeaturePrecision,
    /// The number format in which features of training images wait for their batches, on the CPU:
    /// with 16 bits in half of the memory. Pasted images, test images and predictions are not
    /// rounded.
    pub training_precision: FeaturePrecision,
    /// What is done to features before the flows.
    pub feature_scaling: FeatureScaling,
    /// Which mean that is measured from, where there is a scaling and features have positions.
    pub feature_mean: FeatureMean,
    /// How the levels' log-likelihoods become one score map.
    pub aggregation: Aggregation,
    /// Whether the map keeps what all of it lies above or below those of normal images.
    pub map_baseline: MapBaseline,
    /// How a score map becomes an image's score.
    pub image_score: ImageScore,
    /// Whether log-likelihoods are averaged with those of the mirrored image: steadier where parts
    /// are symmetric, harmful where they are not, and twice the time of a prediction.
    pub mirror: Mirror,
    /// The flows before training.
    pub flow_start: FlowStart,
    /// Coupling blocks of each flow.
    pub coupling_blocks: usize,
    /// Dimension of the positional encoding.
    pub position_dimension: usize,
    /// Beta, tau, lambda, focal weights and the forms of the losses.
    pub objective: Objective,
    /// What the separating boundary is taken over.
    pub boundary: BoundaryScope,
    /// Meta-epochs; the first trains by maximum likelihood on normal images alone.
    pub meta_epochs: usize,
    /// Sub-epochs in each meta-epoch.
    pub sub_epochs: usize,
    /// Ends training after a meta-epoch in which no flow's boundary, over the whole training set,
    /// has moved by more than this (in per-dimension log-likelihood): less time for about the same
    /// model. None: all meta-epochs.
    pub stop_when_still: Option<f32>,
    /// Images in a batch.
    pub batch_size: usize,
    /// Features in a mini-batch, one optimizer step each.
    pub mini_batch_size: usize,
    /// Adam's learning rate at its peak.
    pub learning_rate: f64,
    /// How often each abnormal training image is shown per sub-epoch as it is, and again how often
    /// as a fresh CutPaste sample.
    pub abnormal_repeats: usize,
    /// RandAugmented CutPaste.
    pub cut_paste: CutPaste,
    /// Whether samples are pasted at all; without it the abnormal images are shown as they are
    /// instead, equally often.
    pub paste: bool,
    /// Optimizer steps of a whole run at image granularity, at least: an image is one sample there,
    /// so that an epoch has few, and sub-epochs go over the images as often as it takes.
    pub image_steps: usize,
    /// Where the decision threshold comes from.
    pub threshold: ThresholdRule,
    /// When to evaluate on the test set.
    pub evaluate: EvaluateWhen,
    /// Memory for features that are kept over epochs, in bytes; what does not fit is computed anew.
    pub feature_memory: u64,
    /// The seed of all that is random.
    pub seed: u64,
}

impl Default for TrainerConfig {
    fn default() -> Self {
        Self {
            feature_scaling: FeatureScaling::Whiten,
            feature_mean: FeatureMean::Position,
            aggregation: Aggregation::JointLogLikelihood,
            map_baseline: MapBaseline::Remove,
            image_score: ImageScore::Top(0.01),
            pooling: Pooling::MeanStdMax,
            flow_start: FlowStart::Identity,
            pooled_levels: PooledLevels::Joined,
            pooled_flows: true,
            pooled_folds: 5,
            pooled_neighbors: true,
            mirror: Mirror::Auto,
            image_steps: 200,
            ..Self::paper()
        }
    }
}

impl TrainerConfig {
    /// The published method: sections 1 to 6 of its description, nothing added.
    pub fn paper() -> Self {
        Self {
            model: Model::default(),
            backbone: FILTER_BANK.to_owned(),
            weights: None,
            strides: vec![4, 8, 16],
            image_size: 256,
            fit: Fit::Stretch,
            orientation: Orientation::Stored,
            granularity: None,
            pooling: Pooling::default(),
            pooled_levels: PooledLevels::Separate,
            pooled_flows: false,
            pooled_folds: 0,
            pooled_neighbors: false,
            feature_precision: FeaturePrecision::F32,
            training_precision: FeaturePrecision::F32,
            feature_scaling: FeatureScaling::None,
            feature_mean: FeatureMean::Level,
            aggregation: Aggregation::Likelihood,
            map_baseline: MapBaseline::Keep,
            image_score: ImageScore::Maximum,
            mirror: Mirror::Off,
            flow_start: FlowStart::Random,
            coupling_blocks: 8,
            position_dimension: 128,
            objective: Objective::default(),
            boundary: BoundaryScope::default(),
            meta_epochs: 25,
            sub_epochs: 8,
            stop_when_still: None,
            batch_size: 32,
            mini_batch_size: 4096,
            learning_rate: 2e-4,
            abnormal_repeats: 5,
            cut_paste: CutPaste::default(),
            paste: true,
            image_steps: 1000,
            threshold: ThresholdRule::FalsePositiveRate(0.01),
            evaluate: EvaluateWhen::default(),
            feature_memory: 4 << 30,
            seed: 0,
        }
    }

    /// The settings of `preset`.
    pub fn preset(preset: Preset) -> Self {
        match preset {
            Preset::Paper => Self::paper(),
            Preset::Default => Self::default(),
        }
    }

    /// Checks that every setting is within its range, before any work starts.
    ///
    /// # Errors
    /// The first one that is not.
    pub fn check(&self) -> Result<()> {
        self.objective.check()?;
        self.cut_paste.check()?;
        let at_least_one = [
            ("meta_epochs", self.meta_epochs),
            ("sub_epochs", self.sub_epochs),
            ("batch_size", self.batch_size),
            ("mini_batch_size", self.mini_batch_size),
            ("abnormal_repeats", self.abnormal_repeats),
            ("image_steps", self.image_steps),
            ("coupling_blocks", self.coupling_blocks),
        ];
        for (setting, value) in at_least_one {
            if value == 0 {
                return Err(Error::setting(setting, value, "at least 1"));
            }
        }
        if !(32..=2048).contains(&self.image_size) {
            let found = self.image_size;
            return Err(Error::setting("image_size", found, "32 to 2048 pixels"));
        }
        if !(self.learning_rate.is_finite() && self.learning_rate > 0.0) {
            let found = self.learning_rate;
            return Err(Error::setting("learning_rate", found, "a positive number"));
        }
        if let ThresholdRule::FalsePositiveRate(rate) = self.threshold
            && !(0.0..1.0).contains(&rate)
        {
            return Err(Error::setting(
                "threshold",
                rate,
                "a false-positive rate from 0 to below 1",
            ));
        }
        if let Some(most) = self.stop_when_still
            && !(most.is_finite() && most > 0.0)
        {
            let expected = "a positive change in log-likelihood, such as 0.01";
            return Err(Error::setting("stop_when_still", most, expected));
        }
        if self.training_precision == FeaturePrecision::Bf16 {
            let found = self.training_precision;
            return Err(Error::setting("training_precision", found, "f32 or f16"));
        }
        self.fit.check(self.image_size)?;
        self.image_score.check()?;
        if self.pooled_folds == 1 || self.pooled_folds > 20 {
            let found = self.pooled_folds;
            return Err(Error::setting("pooled_folds", found, "0, or 2 to 20 folds"));
        }
        bgad_flow::PositionalEncoding::new(self.position_dimension)?;
        Ok(())
    }
}
