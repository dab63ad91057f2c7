//! Visual anomaly detection with explicit boundary guidance (BGAD): finds defects on images after
//! training on normal images and, optionally, a handful of abnormal ones.
//!
//! The method is that of *Explicit Boundary Guided Semi-Push-Pull Contrastive Learning for Better
//! Anomaly Detection* (arXiv 2207.01463): a frozen backbone gives a feature pyramid, one
//! conditional normalizing flow per level the likelihood of each feature, and a separating boundary
//! tells the likely from the unlikely. [`Model::Bgad`] learns from normal images alone,
//! [`Model::BgadFas`] from a few abnormal ones as well.
//!
//! ```
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
//! let config = TrainerConfig {
//!     image_size: 64,
//!     meta_epochs: 2,
//!     sub_epochs: 1,
//!     coupling_blocks: 2,
//!     ..TrainerConfig::default()
//! };
//! let detector = Trainer::new(config).fit(&dataset)?;
//! let prediction = detector.predict(&load_image(&dataset.test[0].path)?)?;
//! println!("score {}, anomalous: {}", prediction.score, prediction.anomalous);
//! # Ok(())
//! # }
//! ```
//!
//! The work is done by five crates that can be used on their own: `bgad-data`, `bgad-backbone`,
//! `bgad-flow`, `bgad-loss` and `bgad-metrics`.

/// The programs in the documents compile.
#[cfg(doctest)]
mod documents {
    #[doc = include_str!("../../../README.md")]
    struct Readme;
    #[doc = include_str!("../../../docs/deployment.md")]
    struct Deployment;
}

mod backbone;
mod baseline;
mod checkpoint;
mod choices;
mod config;
mod covariance;
mod custom_backbone;
mod detector;
mod device;
mod error;
mod evaluation;
mod false_positives;
mod feature_cache;
mod features;
mod fit;
mod flow_trainers;
mod flows;
mod image_score;
mod image_set;
mod images;
mod import;
mod inputs;
mod joined;
mod joint_score;
mod kept_features;
mod machine;
mod meta_epoch;
mod mirror;
mod model_file;
mod neighbors;
mod overlay;
mod packed;
mod pooled;
mod position_means;
mod precision;
mod random;
mod recalibration;
mod regions;
#[cfg(feature = "report")]
pub mod report;
mod run;
mod run_directory;
mod scaling;
mod schedule;
mod score_map;
mod scoring;
mod step;
mod step_device;
mod step_host;
mod stream;
mod tensor_file;
mod threshold;
mod trainer;
mod training_anomaly;
mod training_digest;
mod training_set;
mod training_state;
mod view;
pub mod weights;

pub use backbone::FILTER_BANK;
pub use bgad_backbone::{
    Backbone, BackboneError, FeaturePyramid, Level, NamedTensor, Normalization,
};
pub use bgad_data::{
    AnomalyCount, AnomalySelection, AvailableMasks, CutPaste, DataError, Dataset, FolderLayout,
    FolderNames, Foreground, Inspection, Label, Layout, Mask, MaskFiles, MaskLocation, Orientation,
    Region, RgbImage, Sample, SkippedFile, SplitFile, contact_sheet, load_image, load_image_with,
    subsets, synthetic,
};
pub use bgad_flow::{FlowError, FlowStart, SoftClamp};
pub use bgad_loss::{FocalWeights, LossError, MaximumLikelihood, Objective, Reduction};
pub use bgad_metrics::MetricError;
/// The tensor library that stands in this API: [`Device`], and the tensors of a [`Backbone`].
pub use burn;
pub use burn::tensor::Device;
pub use choices::{
    BoundaryScope, EvaluateWhen, FeatureMean, FeatureScaling, Granularity, MapBaseline, Mirror,
    Model, PooledLevels, Pooling, Preset, ThresholdRule,
};
pub use config::TrainerConfig;
pub use custom_backbone::RestoreError;
pub use detector::{Detector, ModelDescription, Prediction};
pub use device::{DeviceKind, DeviceSelection};
pub use error::{Error, Result};
pub use evaluation::{
    AUPRO_LIMIT, Confidence, Evaluation, EvaluationOptions, ImageResult, Intervals, PaperMetrics,
    TypeResult,
};
pub use fit::Fit;
pub use flows::{LogLikelihoodMap, LogLikelihoodMaps};
pub use image_score::ImageScore;
pub use import::ImportOptions;
pub use joint_score::{JointSpread, Spread};
pub use machine::Machine;
pub use model_file::FORMAT_VERSION;
pub use overlay::overlay;
pub use precision::FeaturePrecision;
pub use regions::DefectRegion;
pub use run_directory::{
    DatasetDescription, LoggedMetaEpoch, MetricsLog, RunDescription, RunDirectory,
};
pub use schedule::LearningRate;
pub use score_map::ScoreMap;
pub use scoring::{Aggregation, Calibration};
pub use trainer::{MetaEpoch, Progress, Seconds, Trainer, Training};
pub use training_anomaly::TrainingAnomaly;
