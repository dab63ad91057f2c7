//! Files of one's own: with checksums, as JSON or as tensors, written by `bgad-files` whole or not at all.
//! Uses `error`.

pub(crate) mod digest;
#[cfg(feature = "train")]
pub(crate) mod file_digest;
#[cfg(feature = "train")]
pub(crate) mod json;
pub(crate) mod tensor_file;
mod tensor_format;
