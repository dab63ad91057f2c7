//! Names that are made of what they name.

use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::error::{Result, ReviewError};

/// Digits of a digest that are kept: enough to tell any number of images apart.
const BYTES: usize = 8;

/// The first digits of the SHA-256 of `bytes`.
pub(crate) fn of(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    hexadecimal(&digest[..BYTES])
}

/// The same of a file.
pub(crate) fn of_file(path: &Path) -> Result<String> {
    Ok(of(&std::fs::read(path).map_err(ReviewError::io(path))?))
}

/// Two digits a byte.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
