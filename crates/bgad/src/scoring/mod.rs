//! From log-likelihoods to scores, maps, regions and decisions. Uses the rooms up to `model`.

mod aggregation;
pub(crate) mod baseline;
mod box_means;
mod calibrated_scores;
pub(crate) mod calibration;
mod calibration_constants;
pub(crate) mod edges;
pub(crate) mod evidence;
pub(crate) mod false_positives;
pub(crate) mod fusion;
mod halos;
pub(crate) mod hot_spots;
pub(crate) mod image_likelihoods;
mod image_score;
mod maps;
pub(crate) mod overlay;
pub(crate) mod regions;
pub(crate) mod score_map;
mod stitching;
mod surroundings;
pub(crate) mod tail;
pub(crate) mod threshold;
#[cfg(feature = "train")]
pub(crate) mod training_threshold;
pub(crate) mod weights;
