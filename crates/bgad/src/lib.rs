//! Visual anomaly detection with explicit boundary guidance (BGAD): finds defects on images after
//! training on normal images and, optionally, a handful of abnormal ones.
//!
//! The method is that of *Explicit Boundary Guided Semi-Push-Pull Contrastive Learning for Better
//! Anomaly Detection* (arXiv 2207.01463): a frozen backbone gives a feature pyramid, one
//! conditional normalizing flow per level the likelihood of each feature, and a separating boundary
//! tells the likely from the unlikely. [`Model::Bgad`] learns from normal images alone,
//! [`Model::BgadFas`] from a few abnormal ones as well.
//!
//! The feature `train`, which every backend turns on, is all of that. A build without default features
//! but with `predict` only loads a model file, decodes an image and predicts, on the CPU and without
//! Burn, to the same bits; one without any feature does so from bytes and pixels.
//!
#![cfg_attr(feature = "train", doc = "```")]
#![cfg_attr(not(feature = "train"), doc = "```ignore")]
//! use bgad::synthetic::{self, SyntheticConfig};
//! use bgad::{Layout, Trainer, TrainerConfig, load_image};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let parts = SyntheticConfig {
//!     image_size: 64,
//!     train_images: 4,
//!     test_images: 2,
//!     abnormal_per_type: 1,
//!     ..SyntheticConfig::default()
//! };
//! synthetic::write(folder.path(), &parts)?;
//! let dataset = Layout::Mvtec.read(folder.path(), None)?;
//!
//! let config = TrainerConfig::default().with(|config| {
//!     config.input.image_size = 64;
//!     config.schedule.meta_epochs = 2;
//!     config.schedule.sub_epochs = 1;
//!     config.flow.coupling_blocks = 2;
//! });
//! let detector = Trainer::new(config).fit(&dataset)?;
//! let prediction = detector.predict(&load_image(&dataset.test[0].path)?)?;
//! println!("score {}, anomalous: {}", prediction.score, prediction.anomalous);
//! # Ok(())
//! # }
//! ```
//!
//! The work is done by five crates that can be used on their own: `bgad-data`, `bgad-backbone`,
//! `bgad-flow`, `bgad-loss` and `bgad-metrics`. The crate `bgad-hub` fetches published weights.

/// The programs in the documents compile.
#[cfg(all(doctest, feature = "train"))]
mod documents {
    #[doc = include_str!("../../../README.md")]
    struct Readme;
    #[doc = include_str!("../../../docs/deployment.md")]
    struct Deployment;
    #[doc = include_str!("../../../docs/teaching.md")]
    struct Teaching;
}

mod config;
mod detector;
mod device;
mod error;
#[cfg(feature = "train")]
mod evaluation;
mod features;
mod input;
#[cfg(feature = "train")]
mod learning;
mod model;
#[cfg(feature = "report")]
pub mod report;
#[cfg(feature = "train")]
mod run_directory;
mod scoring;
mod storage;
#[cfg(feature = "train")]
mod training;
#[cfg(feature = "train")]
pub mod weights;

#[cfg(feature = "train")]
pub use bgad_backbone::{Backbone, FeaturePyramid};
pub use bgad_backbone::{BackboneError, Level, NamedTensor, Normalization};
#[cfg(feature = "train")]
pub use bgad_data::{
    AnomalyCount, AnomalySelection, AvailableMasks, BitDepthInspection, Dataset, FolderImages,
    FolderLayout, FolderNames, Inspection, Layout, MaskDecision, MaskLocation, RecognisedLayout,
    SkippedFile, SplitFile, contact_sheet, images_of_folder, subsets, synthetic,
};
pub use bgad_data::{
    BitDepth, CutPaste, DataError, Foreground, ImageReading, Label, Mask, MaskFiles, MaskValues,
    Orientation, Region, RgbImage, Sample, load_image, load_image_as, load_image_with,
    path_from_text, path_to_text,
};
#[cfg(feature = "train")]
pub use bgad_flow::SoftClamp;
pub use bgad_flow::{FlowError, FlowStart};
pub use bgad_loss::{FocalWeights, LossError, MaximumLikelihood, Objective, Reduction};
pub use bgad_metrics::MetricError;
/// The tensor library that stands in this API: [`Device`], and the tensors of a [`Backbone`].
#[cfg(feature = "train")]
pub use burn;
pub use config::abnormal::AbnormalSettings;
pub use config::backbone::{BackboneSettings, FILTER_BANK};
pub use config::by_name::Setting;
pub use config::checked::CheckedConfig;
pub use config::choices::{
    Aggregation, BoundaryScope, EvaluateWhen, FeatureMean, FeatureScaling, Granularity,
    MapBaseline, Mirror, Model, PooledLevels, Pooling, Preset, ThresholdRule, TrainFlows,
};
pub use config::features::FeatureSettings;
pub use config::flow::FlowSettings;
pub use config::image_fit::Fit;
pub use config::image_score::ImageScore;
pub use config::input::InputSettings;
pub use config::memory_size::MemorySize;
pub use config::pooled::PooledSettings;
pub use config::precision::FeaturePrecision;
pub use config::schedule::ScheduleSettings;
pub use config::scoring::ScoringSettings;
pub use config::settings::TrainerConfig;
pub use detector::description::ModelDescription;
#[cfg(feature = "train")]
pub use detector::import::ImportOptions;
pub use detector::model_file::FORMAT_VERSION;
pub use detector::prediction::Prediction;
pub use detector::trained_model::Detector;
pub use detector::training_anomaly::TrainingAnomaly;
pub use device::Device;
pub use device::machine::Machine;
#[cfg(feature = "train")]
pub use device::selection::{DeviceKind, DeviceSelection};
pub use error::{Error, RestoreError, Result};
#[cfg(feature = "train")]
pub use evaluation::decisions::{Decisions, PixelDecisions};
#[cfg(feature = "train")]
pub use evaluation::options::{AUPRO_LIMIT, Confidence, EvaluationOptions};
#[cfg(feature = "train")]
pub use evaluation::result::{Evaluation, ImageResult, Intervals, PaperMetrics, TypeResult};
#[cfg(feature = "train")]
pub use learning::lesson::{DefectPlace, Lesson, MissedDefect};
#[cfg(feature = "train")]
pub use learning::outcome::{Change, FlippedImage, Learned, Mistake, TaughtImage};
pub use model::likelihoods::{LogLikelihoodMap, LogLikelihoodMaps};
#[cfg(feature = "train")]
#[doc(hidden)]
pub use run_directory::description::{DatasetDescription, RunDescription};
#[cfg(feature = "train")]
#[doc(hidden)]
pub use run_directory::directory::RunDirectory;
#[cfg(feature = "train")]
pub use run_directory::kept_features::KeptFeatures;
#[cfg(feature = "train")]
#[doc(hidden)]
pub use run_directory::metrics_log::{LoggedMetaEpoch, MetricsLog};
pub use scoring::calibration::Calibration;
#[doc(hidden)]
pub use scoring::fusion::{JointSpread, Spread};
pub use scoring::overlay::overlay;
pub use scoring::regions::DefectRegion;
pub use scoring::score_map::ScoreMap;
#[cfg(feature = "train")]
pub use training::learning_rate::LearningRate;
#[cfg(feature = "train")]
pub use training::outcome::{ScoredImage, Training};
#[cfg(feature = "train")]
pub use training::progress::{MetaEpoch, Progress, Seconds};
#[cfg(feature = "train")]
pub use training::trainer::Trainer;
