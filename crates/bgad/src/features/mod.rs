//! From inputs to the vectors that flows see: backbones, what is made of their maps, and where that is
//! kept. Uses `error`, `device`, `storage`, `config`, `weights` and `input`.

#[cfg(feature = "train")]
pub(crate) mod backbone;
pub(crate) mod built_in;
#[cfg(feature = "train")]
pub(crate) mod custom_backbone;
#[cfg(feature = "train")]
pub(crate) mod disk_cache;
pub(crate) mod extractor;
#[cfg(feature = "train")]
mod file_features;
pub(crate) mod flow_inputs;
#[cfg(feature = "train")]
mod half_precision;
pub(crate) mod image_features;
#[cfg(feature = "train")]
pub(crate) mod kept_features;
mod rows;
#[cfg(feature = "train")]
mod tensor_inputs;
