//! Conditional normalizing flows: they learn the density of vectors and give exact log-likelihoods. The vectors
//! may be anything; bgad uses the flows on features of images. The model is that of section 3.1 of *Explicit
//! Boundary Guided Semi-Push-Pull Contrastive Learning for Better Anomaly Detection* (arXiv 2207.01463).
//!
//! A flow maps vectors `x` of dimension `d`, each with an optional condition `c`, to latent vectors `z` through a
//! chain of invertible coupling blocks. Under a standard normal prior, the log-likelihood is
//!
//! `log p(x | c) = -d/2 · ln(2π) - ½ · |z|² + Σ log|det J|`
//!
//! [`PositionalEncoding`] turns positions into conditions.
//!
//! [`HostFlow`] computes and trains on the CPU, on plain slices. The feature `burn`, on by default, adds
//! `Flow`, which does the same with tensors on any device. The feature `random`, also on by default, draws
//! the parameters of untrained flows; without both features, flows are made from given parameters.
//!
#![cfg_attr(feature = "burn", doc = "```")]
#![cfg_attr(not(feature = "burn"), doc = "```ignore")]
//! use bgad_flow::FlowConfig;
//! use burn::tensor::{Device, Distribution, Tensor};
//!
//! # fn main() -> Result<(), bgad_flow::FlowError> {
//! let device = Device::flex();
//! let flow = FlowConfig::new(6).with_blocks(4).init(7, &device)?;
//! let x = Tensor::<2>::random([10, 6], Distribution::Normal(0.0, 1.0), &device);
//! let output = flow.forward(x.clone(), None);
//! let restored = flow.inverse(output.latent.clone(), None);
//! assert!((restored - x).abs().max().into_scalar::<f32>() < 1e-4);
//! assert_eq!(output.log_likelihood().dims(), [10]);
//! # Ok(())
//! # }
//! ```

mod config;
#[cfg(feature = "burn")]
mod coupling;
mod error;
#[cfg(feature = "burn")]
mod flow;
#[cfg(feature = "burn")]
mod freia;
mod host;
mod parameter;
mod position;
#[cfg(feature = "random")]
mod random;
#[cfg(feature = "random")]
mod rotation;
#[cfg(feature = "burn")]
mod tensors;

pub use config::{FlowConfig, FlowStart};
#[cfg(feature = "burn")]
pub use coupling::CouplingBlock;
pub use error::FlowError;
#[cfg(feature = "burn")]
pub use flow::{Flow, FlowOutput};
#[cfg(feature = "burn")]
pub use freia::{SoftClamp, from_freia};
pub use host::{Conditions, HostAdam, HostFlow, PreparedFlow, Workspace};
pub use parameter::{GLOBAL_SCALE_FACTOR, Parameter};
pub use position::PositionalEncoding;
#[cfg(feature = "random")]
pub use rotation::random_rotation;
