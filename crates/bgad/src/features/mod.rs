//! Feature extraction: backbones, the vectors made from their maps, and where features are stored. Uses
//! `error`, `device`, `storage`, `config`, `weights` and `input`.

#[cfg(feature = "train")]
pub(crate) mod accumulator;
#[cfg(feature = "train")]
pub(crate) mod backbone;
pub(crate) mod built_in;
#[cfg(feature = "train")]
pub(crate) mod custom_backbone;
#[cfg(feature = "train")]
mod disk_cache;
pub(crate) mod extractor;
pub(crate) mod flow_inputs;
#[cfg(feature = "train")]
mod half_precision;
pub(crate) mod image_features;
pub(crate) mod neighborhoods;
mod rows;
#[cfg(feature = "train")]
pub(crate) mod store;
#[cfg(feature = "train")]
pub(crate) mod stored_images;
#[cfg(feature = "train")]
mod tensor_inputs;
