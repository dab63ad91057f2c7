//! Files of one's own: written whole or not at all, with checksums, as JSON or as tensors. Uses
//! `error`.

pub(crate) mod digest;
pub(crate) mod json;
pub(crate) mod tensor_file;
pub(crate) mod whole_file;
