//! From an image of any size to the square inputs of a backbone, and back to its place. Uses `error`
//! and `config`.

pub(crate) mod preparation;
#[cfg(feature = "train")]
pub(crate) mod tiled_images;
mod tiling;
pub(crate) mod view;
#[cfg(feature = "train")]
mod view_mask;
