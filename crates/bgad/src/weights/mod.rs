//! ImageNet weights of backbones: timm's published ones by name, in the Hugging Face hub's cache.
//!
//! [`WeightsCache`] finds what is on this machine, whoever fetched it; with the feature `hub`
//! [`Hub`] fetches what is not. [`verify`] says whether a file is what it should be.
//!
//! ```no_run
//! use bgad::TrainerConfig;
//! use bgad::weights::{PublishedWeights, WeightsCache};
//!
//! # fn main() -> bgad::Result<()> {
//! let weights: PublishedWeights = "tf_efficientnet_b6".parse()?;
//! assert_eq!(weights.name(), "tf_efficientnet_b6.aa_in1k");
//! let file = WeightsCache::from_environment()?.get(weights)?;
//! let config = TrainerConfig::default().with(|config| {
//!     config.backbone.name = weights.name();
//!     config.backbone.weights = Some(file);
//! });
//! # Ok(())
//! # }
//! ```

mod cache;
#[cfg(feature = "hub")]
mod hub;
pub(crate) mod published;
pub(crate) mod verify;

pub use crate::error::WeightsError;
pub use cache::{WeightsCache, is_offline};
#[cfg(feature = "hub")]
pub use hub::{FetchProgress, Hub};
pub use published::PublishedWeights;
pub use verify::{Verified, verify};
