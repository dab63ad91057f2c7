//! What is learned from normal features: flows, the whitening before them, and nearest neighbours. Uses the
//! rooms up to `features`.

#[cfg(feature = "train")]
mod alignment;
pub(crate) mod bank_rows;
#[cfg(feature = "train")]
mod bank_sample;
mod byte_rows;
#[cfg(feature = "train")]
mod coherence;
#[cfg(feature = "train")]
pub(crate) mod context_sample;
pub(crate) mod contexts;
pub(crate) mod covariance;
#[cfg(feature = "train")]
mod covering_rows;
#[cfg(not(feature = "train"))]
mod cpu_flow;
#[cfg(feature = "train")]
pub(crate) mod defect_positions;
pub(crate) mod discriminant;
#[cfg(feature = "train")]
pub(crate) mod distance_memo;
mod fixed_layer;
#[cfg(feature = "train")]
pub(crate) mod folds;
#[cfg(feature = "train")]
mod gaussian_sums;
#[cfg(feature = "train")]
pub(crate) mod held_out;
mod host_flow;
pub(crate) mod image_maps;
mod kept_tensors;
pub(crate) mod known_defects;
#[cfg(feature = "train")]
pub(crate) mod level_flow;
pub(crate) mod likelihoods;
pub(crate) mod memory_bank;
pub(crate) mod mirrored;
pub(crate) mod neighbors;
#[cfg(feature = "train")]
pub(crate) mod normal_statistics;
#[cfg(feature = "train")]
mod owned_rows;
pub(crate) mod places;
pub(crate) mod position_gaussians;
pub(crate) mod position_means;
mod resting_flow;
#[cfg(feature = "train")]
pub(crate) mod second_pass;
#[cfg(feature = "train")]
mod spaced_rows;
mod standardized_rows;
#[cfg(feature = "train")]
pub(crate) mod whitening;
mod wide_means;

#[cfg(not(feature = "train"))]
pub(crate) use cpu_flow::LevelFlow;
#[cfg(feature = "train")]
pub(crate) use level_flow::LevelFlow;
