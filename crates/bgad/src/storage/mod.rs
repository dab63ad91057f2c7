//! Our own files: checksummed tensor files and JSON files, written atomically with `bgad-files`. Uses
//! `error`.

pub(crate) mod digest;
#[cfg(feature = "train")]
pub(crate) mod file_digest;
#[cfg(feature = "train")]
pub(crate) mod json;
#[cfg(feature = "train")]
pub(crate) mod lock_file;
pub(crate) mod tensor_file;
mod tensor_format;
