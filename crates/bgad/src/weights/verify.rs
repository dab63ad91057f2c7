//! Checks weights files.

use std::path::Path;

use bgad_backbone::{Architecture, EfficientNet, Weights};

use super::cache::is_hexadecimal;
use crate::device::selection::DeviceKind;
use crate::error::{Result, WeightsError};
use crate::storage::file_digest::file_sha256;

/// What is known about a valid weights file.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// SHA-256 of the file.
    pub sha256: String,
    /// Whether the SHA-256 was known beforehand: from the caller, or from the file's name in the hub's cache,
    /// which the hub announced.
    pub expected: bool,
    /// The backbones that the weights fit, by timm's names.
    pub backbones: Vec<&'static str>,
}

/// Checks a weights file: its SHA-256 must match `expected` and, in the hub's cache, the blob's name; the
/// file must contain finite weights for at least one backbone.
///
/// # Errors
/// [`WeightsError::Damaged`] if a SHA-256 differs, [`WeightsError::FitsNothing`] if the weights match no
/// backbone, and [`Error::Backbone`](crate::Error::Backbone) if they can't be read.
pub fn verify(path: &Path, expected: Option<&str>) -> Result<Verified> {
    let sha256 = file_sha256(path).map_err(WeightsError::io(path))?;
    let stated = [expected.map(str::to_lowercase), stated(path)];
    for stated in stated.iter().flatten() {
        compare(path, &sha256, stated)?;
    }
    let weights = Weights::open(path)?;
    let device = DeviceKind::default().open()?;
    let fits = |architecture: &Architecture| {
        EfficientNet::load(*architecture, &[4, 8, 16], &weights, &device).map(|_| ())
    };
    let architectures = Architecture::ALL.iter();
    let mut backbones: Vec<&str> = architectures
        .filter(|architecture| fits(architecture).is_ok())
        .map(|architecture| architecture.name())
        .collect();
    // A lite network has the same layers as its full version without squeeze-excite, so full weights fit it
    // too.
    let is_lite = |name: &&str| name.starts_with("tf_efficientnet_lite");
    if !backbones.iter().all(is_lite) {
        backbones.retain(|name| !is_lite(name));
    }
    match backbones.is_empty() {
        true => Err(WeightsError::FitsNothing {
            path: path.to_owned(),
        }
        .into()),
        false => Ok(Verified {
            sha256,
            expected: stated.iter().any(Option::is_some),
            backbones,
        }),
    }
}

/// Returns an error if a cached file does not have the SHA-256 that the hub announced.
pub(crate) fn check_against_cache(path: &Path, sha256: &str) -> Result<(), WeightsError> {
    match stated(path) {
        Some(stated) => compare(path, sha256, &stated),
        None => Ok(()),
    }
}

fn compare(path: &Path, found: &str, expected: &str) -> Result<(), WeightsError> {
    match found == expected {
        true => Ok(()),
        false => Err(WeightsError::Damaged {
            path: path.to_owned(),
            found: found.to_owned(),
            expected: expected.to_owned(),
        }),
    }
}

/// The SHA-256 in a cached file's name.
fn stated(path: &Path) -> Option<String> {
    let blob = path.canonicalize().ok()?;
    let name = blob.file_name()?.to_str()?;
    let in_cache = blob.parent()?.file_name()? == "blobs";
    (in_cache && is_sha256(name)).then(|| name.to_owned())
}

/// Whether a text is a SHA-256 in hexadecimal.
pub fn is_sha256(text: &str) -> bool {
    text.len() == 64 && is_hexadecimal(text)
}
