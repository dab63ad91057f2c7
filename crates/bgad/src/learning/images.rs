//! Image files of a run: checks that they exist, compares their contents and copies them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bgad_data::Sample;

use crate::error::{Error, Result};
use crate::storage::file_digest::file_sha256;

/// The folder in a run that holds the images it was taught.
pub(super) const TAUGHT: &str = "taught";

/// Checks that all training images of a run exist.
///
/// # Errors
/// [`Error::RunImagesMissing`] names the first missing one.
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

/// Size and digest of a file, for comparing contents.
pub(super) struct Known {
    bytes: u64,
    /// Its SHA-256.
    pub sha256: String,
}

impl Known {
    /// # Errors
    /// If the file can't be read.
    pub fn of(path: &Path) -> Result<Self> {
        Ok(Self {
            bytes: path.metadata().map_err(Error::io(path))?.len(),
            sha256: file_sha256(path).map_err(Error::io(path))?,
        })
    }

    /// Whether another file has the same content. `digests` caches digests, so each file is read at most once.
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

/// The normal sample that is the whole of a file with the content of a `known` one.
pub(super) fn normal<'s>(samples: &'s [Sample], known: &Known) -> Option<&'s Sample> {
    let mut digests = BTreeMap::new();
    let normal = samples.iter();
    let mut normal = normal.filter(|sample| !sample.label.is_abnormal() && sample.region.is_none());
    normal.find(|sample| known.is(&sample.path, &mut digests))
}

/// Removes from `samples` those whose file has the content of a `known` file, and returns them.
pub(super) fn take_out(samples: &mut Vec<Sample>, known: &[&Known]) -> Vec<Sample> {
    let mut digests = BTreeMap::new();
    let is_known = |sample: &mut Sample| {
        let mut known = known.iter();
        known.any(|known| known.is(&sample.path, &mut digests))
    };
    samples.extract_if(.., is_known).collect()
}

/// Copies a taught file into `run`, to a folder named after its digest, and returns the copy's path.
///
/// # Errors
/// If the file can't be read or the copy can't be written.
pub(super) fn copy(path: &Path, known: &Known, run: &Path) -> Result<PathBuf> {
    let folder = run
        .join(TAUGHT)
        .join(&known.sha256[..16.min(known.sha256.len())]);
    bgad_files::create_folder(&folder).map_err(Error::io(&folder))?;
    let copy = folder.join(path.file_name().unwrap_or_default());
    std::fs::copy(path, &copy).map_err(Error::io(path))?;
    Ok(copy)
}
