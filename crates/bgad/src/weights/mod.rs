//! ImageNet weights of backbones: timm's published ones by name, in the Hugging Face hub's cache.
//!
//! [`WeightsCache`] finds weights that are on this machine, whoever fetched them; the crate `bgad-hub`
//! fetches the others. [`verify`] checks a file.
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
pub(crate) mod published;
pub(crate) mod verify;

pub use crate::error::WeightsError;
#[doc(hidden)]
pub use crate::storage::file_digest::file_sha256;
#[doc(hidden)]
pub use cache::is_hexadecimal;
pub use cache::{WeightsCache, is_offline};
pub use published::PublishedWeights;
#[doc(hidden)]
pub use verify::is_sha256;
pub use verify::{Verified, verify};
