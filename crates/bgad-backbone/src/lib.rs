//! Frozen feature extractors: an image goes in, a pyramid of feature maps comes out.
//!
//! Two backbones stand behind the [`Backbone`] trait:
//!
//! - [`EfficientNet`]: the convolutional networks the method was published with (B6 there), in
//!   timm's `tf_` variants, read from timm's weight files ([`Weights`]). Batch norms are folded into
//!   the convolutions when the weights are read, and nothing beyond stride 16 is built. On the CPU
//!   it runs on loops of its own, on other devices through Burn's operations.
//! - [`FilterBank`]: oriented linear filters, rectified and pooled. It needs no weights at all.
//!
//! ```
//! use bgad_backbone::{Backbone, FilterBank};
//! use burn::tensor::{Device, Tensor};
//!
//! # fn main() {
//! let device = Device::flex();
//! let backbone = FilterBank::new(&device);
//! let images = Tensor::<4>::zeros([1, 3, 64, 64], &device);
//! let pyramid = backbone.extract(images);
//! assert_eq!(pyramid.levels()[0].dims()[2..], [16, 16]);
//! assert_eq!(pyramid.levels()[2].dims()[2..], [4, 4]);
//! # }
//! ```
//!
//! Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks" (2019) and
//! "EfficientNetV2: Smaller Models and Faster Training" (2021).

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod architecture;
mod architecture_name;
mod backbone;
mod blocks;
mod checkpoint;
mod collected;
mod efficientnet;
mod error;
mod filter_bank;
mod filter_kernels;
mod fold;
mod host;
mod layers;
mod padding;
mod plan;
mod published;
mod random;
mod scaling;
mod table;
mod weights;

pub use architecture::Architecture;
pub use backbone::{Backbone, FeaturePyramid, Level, NamedTensor, Normalization};
pub use efficientnet::EfficientNet;
pub use error::BackboneError;
pub use filter_bank::FilterBank;
pub use weights::Weights;
