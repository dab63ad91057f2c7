//! Names derived from contents.

use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::error::{Result, ReviewError};

/// The number of bytes of a digest that are used: enough to distinguish any number of images.
const BYTES: usize = 8;

/// The first digits of the SHA-256 of `bytes`.
pub(crate) fn of(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    hexadecimal(&digest[..BYTES])
}

/// The same for a file.
pub(crate) fn of_file(path: &Path) -> Result<String> {
    Ok(of(&std::fs::read(path).map_err(ReviewError::io(path))?))
}

/// Two digits per byte.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
