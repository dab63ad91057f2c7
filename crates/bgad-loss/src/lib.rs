//! The boundary-guided semi-push-pull loss: it trains any density model on many normal features and a few
//! abnormal ones. You give it log-likelihoods; it returns the loss. The loss is that of sections 3.2 and 3.3 of
//! *Explicit Boundary Guided Semi-Push-Pull Contrastive Learning for Better Anomaly Detection* (arXiv 2207.01463).
//!
//! Everything works on vectors `[features]` of per-dimension log-likelihoods `l = log p / d`. The boundary is
//! placed so that a small share of the normal features is below it. Normal features below the boundary are
//! pulled up. Abnormal features above the boundary minus a margin are pushed down. All others are left alone.
//!
//! [`Objective`] and its parts are plain settings. The feature `burn`, on by default, adds the functions that
//! compute losses.
//!
#![cfg_attr(feature = "burn", doc = "```")]
#![cfg_attr(not(feature = "burn"), doc = "```ignore")]
//! use bgad_loss::{LogLikelihoods, Objective, SeparatingBoundary};
//! use burn::tensor::{Device, Tensor};
//!
//! # fn main() -> Result<(), bgad_loss::LossError> {
//! let device = Device::flex();
//! let features = LogLikelihoods {
//!     normal: Some(Tensor::from_floats([-1.2, -0.9, -1.5, -3.0], &device)),
//!     abnormal: Some(Tensor::from_floats([-1.0, -9.0], &device)),
//! };
//! let objective = Objective::default();
//! let boundary = objective.batch_boundary(&features)?;
//! let terms = objective.bgad_fas(&features, boundary.as_ref());
//! // One abnormal feature is above the boundary minus the margin, so it is pushed down.
//! assert!(terms.abnormal.into_scalar::<f32>() > 0.0);
//! # Ok(())
//! # }
//! ```

mod bound;
#[cfg(feature = "burn")]
mod boundary;
mod error;
#[cfg(feature = "burn")]
mod focal;
#[cfg(feature = "burn")]
mod likelihood;
#[cfg(feature = "burn")]
mod log_likelihoods;
#[cfg(feature = "burn")]
mod objective;
#[cfg(feature = "burn")]
mod semi_push_pull;
mod settings;

pub use bound::error_bound;
#[cfg(feature = "burn")]
pub use boundary::{NORMALIZER, SeparatingBoundary};
pub use error::LossError;
#[cfg(feature = "burn")]
pub use log_likelihoods::LogLikelihoods;
#[cfg(feature = "burn")]
pub use objective::LossTerms;
#[cfg(feature = "burn")]
pub use semi_push_pull::{Violations, violations};
pub use settings::{FocalWeights, MaximumLikelihood, Objective, Reduction};
