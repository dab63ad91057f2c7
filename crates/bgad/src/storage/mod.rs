//! Files of one's own: written whole or not at all, with checksums, as JSON or as tensors. Uses
//! `error`.

pub(crate) mod digest;
#[cfg(feature = "train")]
pub(crate) mod json;
pub(crate) mod tensor_file;
mod tensor_format;
#[cfg(feature = "train")]
pub(crate) mod whole_file;
