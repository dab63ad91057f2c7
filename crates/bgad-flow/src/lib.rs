//! Conditional normalizing flows for density estimation: the model of section 3.1 of *Explicit
//! Boundary Guided Semi-Push-Pull Contrastive Learning for Better Anomaly Detection*
//! (arXiv 2207.01463).
//!
//! A [`Flow`] maps vectors `x` of dimension `d`, each with an optional condition `c`, to latent
//! vectors `z` through a chain of [`CouplingBlock`]s, invertibly, and gives the exact
//! log-likelihood under a standard normal prior:
//!
//! `log p(x | c) = -d/2 · ln(2π) - ½ · |z|² + Σ log|det J|`
//!
//! Nothing here knows of images; positions become conditions through [`PositionalEncoding`].
//!
//! ```
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

mod coupling;
mod error;
mod flow;
mod freia;
mod host;
mod position;
mod rotation;

pub use coupling::{CouplingBlock, GLOBAL_SCALE_FACTOR};
pub use error::FlowError;
pub use flow::{Flow, FlowConfig, FlowOutput, FlowStart};
pub use freia::{SoftClamp, from_freia};
pub use host::{Conditions, HostAdam, HostFlow, PreparedFlow, Workspace};
pub use position::PositionalEncoding;
pub use rotation::random_rotation;
