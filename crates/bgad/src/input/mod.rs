//! Converts an image of any size to square backbone inputs, and positions back to the image. Uses `error` and
//! `config`.

pub(crate) mod preparation;
#[cfg(feature = "train")]
pub(crate) mod tiled_images;
mod tiling;
pub(crate) mod view;
#[cfg(feature = "train")]
mod view_mask;
