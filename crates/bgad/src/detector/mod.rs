//! A trained model that scores images: prediction, thresholds, its file, and import. Uses the rooms up to
//! `scoring`.

pub(crate) mod description;
#[cfg(feature = "train")]
pub(crate) mod import;
#[cfg(feature = "train")]
pub(crate) mod known_anomalies;
#[cfg(feature = "train")]
mod learned_tensors;
pub(crate) mod model_file;
pub(crate) mod prediction;
mod read_tensors;
mod recalibration;
mod stream;
pub(crate) mod thresholds;
pub(crate) mod trained_model;
pub(crate) mod training_anomaly;
