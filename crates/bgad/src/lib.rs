//! Visual anomaly detection with explicit boundary guidance (BGAD): trains on normal images and,
//! optionally, a handful of abnormal ones, and finds defects on new images.
//!
//! The method is that of *Explicit Boundary Guided Semi-Push-Pull Contrastive Learning for Better
//! Anomaly Detection* (arXiv 2207.01463). A frozen backbone computes a feature pyramid, one
//! conditional normalizing flow per level computes each feature's likelihood, and a separating
//! boundary divides likely from unlikely features. [`Model::Bgad`] learns from normal images alone,
//! [`Model::BgadFas`] also from a few abnormal ones.
//!
//! The whole loop, from a data set to a prediction:
//!
#![cfg_attr(feature = "train", doc = "```")]
#![cfg_attr(not(feature = "train"), doc = "```ignore")]
//! use bgad::synthetic::{self, SyntheticConfig};
//! use bgad::{Detector, Device, Layout, Trainer, TrainerConfig, load_image};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Draw some images in MVTec AD's layout. `Layout::Folder` reads your own.
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
//! // Train with the default settings, except for a smaller input.
//! let config = TrainerConfig::default().with(|config| config.input.image_size = Some(64));
//! let mut detector = Trainer::new(config).fit(&dataset)?;
//!
//! // Measure how well it finds the defects of the test images.
//! let evaluation = detector.evaluate(&dataset)?;
//! println!("image AUROC {:?}, AUPRO {:?}", evaluation.image_auroc, evaluation.aupro);
//!
//! // Choose the threshold on normal images that were not trained on.
//! let normal = dataset.test.iter().filter(|sample| !sample.label.is_abnormal());
//! detector.recalibrate(normal.map(|sample| Ok(sample.load_image()?)), 0.4)?;
//!
//! // One file contains everything that a prediction needs.
//! let file = folder.path().join("parts.bgad");
//! detector.save(&file)?;
//! let detector = Detector::load(&file, &Device::flex())?;
//! let prediction = detector.predict(&load_image(&dataset.test[2].path)?)?;
//! println!("score {}, anomalous: {}", prediction.score, prediction.anomalous);
//! for region in &prediction.regions {
//!     println!("{} x {} pixels at {}, {}", region.width, region.height, region.left, region.top);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! | feature | adds |
//! |---|---|
//! | `flex` (default) | training and evaluation on the CPU |
//! | `ndarray` | the CPU through ndarray, for comparison |
//! | `wgpu`, `vulkan`, `cuda` | GPUs |
//! | `report` | an HTML report of an evaluation |
//! | `predict` | without default features: loads a model, decodes PNG, JPEG and BMP, and predicts on the CPU, without Burn and with the same scores |
//! | `tiff`, `webp` | more image formats for `predict` |
//!
//! Without any feature, the crate predicts from a model file's bytes and decoded pixels. Every backend turns
//! on `train`, which is everything except prediction.
//!
//! # Other crates
//!
//! These crates do the work and can be used on their own: `bgad-data` (data sets, images, CutPaste),
//! `bgad-backbone` (feature extractors), `bgad-flow` (the flow), `bgad-loss` (the objective) and
//! `bgad-metrics` (metrics). `bgad-hub` fetches published weights.

/// The programs in the documents compile.
#[cfg(all(doctest, feature = "train"))]
mod documents {
    #[doc = include_str!("../../../README.md")]
    struct Readme;
    #[doc = include_str!("../../../docs/library.md")]
    struct Library;
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
#[cfg(feature = "train")]
mod quantization;
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
    FolderLayout, FolderNames, Inspection, Layout, LayoutOptions, MaskDecision, MaskLocation,
    RecognisedLayout, SkippedFile, SplitFile, contact_sheet, holds_results, images_of_folder,
    mark_results, subsets, synthetic,
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
/// The tensor library used in this API: [`Device`], and the tensors of a [`Backbone`].
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
pub use config::finer_size::FinerSize;
pub use config::flow::FlowSettings;
pub use config::image_fit::Fit;
pub use config::image_score::ImageScore;
pub use config::input::InputSettings;
pub use config::memory_size::MemorySize;
pub use config::pooled::PooledSettings;
pub use config::precision::FeaturePrecision;
pub use config::rotations::Rotations;
pub use config::schedule::ScheduleSettings;
pub use config::scoring::ScoringSettings;
pub use config::settings::TrainerConfig;
pub use detector::description::{ModelDescription, Quantization};
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
pub use model::likelihoods::{FinerMaps, LogLikelihoodMap, LogLikelihoodMaps, PositionMap};
#[cfg(feature = "train")]
#[doc(hidden)]
pub use run_directory::description::{DatasetDescription, RunDescription};
#[cfg(feature = "train")]
#[doc(hidden)]
pub use run_directory::directory::{HeldFolder, RunDirectory};
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
