//! From inputs to the vectors that flows see: backbones, what is made of their maps, and where that is
//! kept. Uses `error`, `device`, `storage`, `config`, `weights` and `input`.

pub(crate) mod backbone;
pub(crate) mod custom_backbone;
pub(crate) mod disk_cache;
pub(crate) mod extractor;
pub(crate) mod flow_inputs;
mod half_precision;
pub(crate) mod kept_features;
