//! Decoding of untrusted image files: checks beyond those of the decoders, and formats that they cannot read.

mod fault;
mod file_format;
#[cfg(feature = "jpeg")]
pub(crate) mod jpeg;
#[cfg(feature = "datasets")]
pub(crate) mod palette;
mod picture;
mod quiet;
mod size;
#[cfg(feature = "tiff")]
pub(crate) mod tiff;

pub(crate) use fault::Fault;
pub(crate) use file_format::Kind;
#[cfg(feature = "jpeg")]
pub(crate) use picture::jpeg_picture;
pub(crate) use picture::{LARGEST, MAX_MEBIBYTES, from_decoder, limits, tag};
pub(crate) use quiet::guarded;
