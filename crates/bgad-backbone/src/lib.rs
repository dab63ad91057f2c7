//! Frozen feature extractors: an image goes in, a pyramid of feature maps comes out.
//!
//! There are two backbones:
//!
//! - [`HostEfficientNet`]: EfficientNets in timm's `tf_` variants, from timm's weight files (`Weights`). The
//!   method was published with B6. Batch norms are folded into the convolutions, and nothing beyond stride 16
//!   is built.
//! - [`HostFilterBank`]: oriented linear filters, rectified and pooled. It needs no weights.
//!
//! Both compute on the CPU, on plain slices ([`HostBackbone`]). The feature `burn` adds `EfficientNet` and
//! `FilterBank`, which compute on tensors of any device (`Backbone`) and use the same code on the CPU. The
//! feature `weights` reads weight files, and `random` draws weights. All three are on by default.
//!
#![cfg_attr(feature = "burn", doc = "```")]
#![cfg_attr(not(feature = "burn"), doc = "```ignore")]
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

mod activation;
mod architecture;
mod architecture_name;
mod backbone;
#[cfg(feature = "burn")]
mod blocks;
mod byte_network;
#[cfg(feature = "weights")]
mod checkpoint;
mod collected;
#[cfg(feature = "burn")]
mod efficientnet;
mod error;
#[cfg(feature = "burn")]
mod filter_bank;
mod filter_channels;
mod filter_kernels;
#[cfg(feature = "weights")]
mod fold;
mod folded;
mod host;
mod host_efficientnet;
mod host_filter_bank;
#[cfg(feature = "burn")]
mod layers;
mod network;
mod padding;
mod plan;
mod planes;
mod published;
#[cfg(feature = "random")]
mod random;
mod scaling;
mod table;
#[cfg(feature = "burn")]
mod tensor_filter_bank;
#[cfg(feature = "burn")]
mod tensors;
#[cfg(feature = "weights")]
mod weights;

pub use architecture::Architecture;
pub use backbone::{FeatureMap, HostBackbone, Level, NamedTensor, Normalization};
pub use byte_network::ProductInputs;
#[cfg(feature = "burn")]
pub use efficientnet::EfficientNet;
pub use error::BackboneError;
#[cfg(feature = "burn")]
pub use filter_bank::FilterBank;
pub use host_efficientnet::HostEfficientNet;
pub use host_filter_bank::HostFilterBank;
#[cfg(feature = "burn")]
pub use tensors::{Backbone, FeaturePyramid, is_host};
#[cfg(feature = "weights")]
pub use weights::Weights;
