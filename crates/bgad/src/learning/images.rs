//! Files of images: whether they are there, and whether two hold the same.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bgad_data::Sample;

use crate::error::{Error, Result};
use crate::storage::file_digest::file_sha256;

/// The folder of a run in which images that it was taught lie.
pub(super) const TAUGHT: &str = "taught";

/// Checks that all of a run's training images are there.
///
/// # Errors
/// [`Error::RunImagesMissing`] names the first that is not.
pub(super) fn check_there(run: &Path, samples: &[Sample]) -> Result<()> {
    let mut missing: Vec<&Path> = samples
        .iter()
        .map(|sample| sample.path.as_path())
        .filter(|path| !path.is_file())
        .collect();
    missing.dedup();
    match missing.first() {
        None => Ok(()),
        Some(first) => Err(Error::RunImagesMissing {
            run: run.to_owned(),
            missing: missing.len(),
            first: (*first).to_owned(),
        }),
    }
}

/// A file that is compared with others by its content.
pub(super) struct Known {
    bytes: u64,
    /// Its SHA-256.
    pub sha256: String,
}

impl Known {
    /// # Errors
    /// When the file can't be read.
    pub fn of(path: &Path) -> Result<Self> {
        Ok(Self {
            bytes: path.metadata().map_err(Error::io(path))?.len(),
            sha256: file_sha256(path).map_err(Error::io(path))?,
        })
    }

    /// Whether another file holds the same; of its files each is read once at most.
    fn is(&self, path: &Path, digests: &mut BTreeMap<PathBuf, Option<String>>) -> bool {
        if path.metadata().map(|file| file.len()).ok() != Some(self.bytes) {
            return false;
        }
        let digest = digests
            .entry(path.to_owned())
            .or_insert_with(|| file_sha256(path).ok());
        digest.as_ref() == Some(&self.sha256)
    }
}

/// Takes all samples of one of the `known` files out of `samples`.
pub(super) fn take_out(samples: &mut Vec<Sample>, known: &[Known]) -> Vec<Sample> {
    let mut digests = BTreeMap::new();
    let is_known = |sample: &mut Sample| {
        let mut known = known.iter();
        known.any(|known| known.is(&sample.path, &mut digests))
    };
    samples.extract_if(.., is_known).collect()
}

/// Copies a file that a run was taught to its folder among those of `run`, where it is known by its
/// content. Gives the copy's path.
///
/// # Errors
/// When it can't be read or written.
pub(super) fn copy(path: &Path, known: &Known, run: &Path) -> Result<PathBuf> {
    let folder = run
        .join(TAUGHT)
        .join(&known.sha256[..16.min(known.sha256.len())]);
    std::fs::create_dir_all(&folder).map_err(Error::io(&folder))?;
    let copy = folder.join(path.file_name().unwrap_or_default());
    std::fs::copy(path, &copy).map_err(Error::io(path))?;
    Ok(copy)
}
