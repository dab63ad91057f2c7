//! `features/`: features of a run's images and their distances to the memory bank, so that a run taught from
//! it need not compute them.
//!
//! A file's name depends on all its inputs and its content never changes, so runs can share files.

use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::model::distance_memo;

/// Extensions of feature files and of distance files.
const SUFFIXES: [&str; 2] = ["features", distance_memo::SUFFIX];

/// How much is kept.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KeptFeatures {
    /// Number of files: one per input of an image and one for its distances, and the same for its mirror
    /// image if it is used.
    pub files: usize,
    /// Their size in bytes.
    pub bytes: u64,
}

/// Makes all files of `from` available in `to`, which is created if needed. On one disk both folders share
/// the files, which then need no more space.
pub(crate) fn share(from: &Path, to: &Path) -> Result<()> {
    bgad_files::create_folder(to).map_err(Error::io(to))?;
    for file in files(from)? {
        let Some(name) = file.file_name() else {
            continue;
        };
        let place = to.join(name);
        std::fs::hard_link(&file, &place)
            .or_else(|_| std::fs::copy(&file, &place).map(drop))
            .map_err(Error::io(&place))?;
    }
    Ok(())
}

pub(super) fn size(folder: &Path) -> Result<KeptFeatures> {
    let mut kept = KeptFeatures::default();
    for file in files(folder)? {
        kept.files += 1;
        kept.bytes += file.metadata().map_err(Error::io(&file))?.len();
    }
    Ok(kept)
}

/// Removes all files from the folder, and the folder if it is then empty.
pub(super) fn remove_all(folder: &Path) -> Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for file in files(folder)? {
        std::fs::remove_file(&file).map_err(Error::io(&file))?;
    }
    bgad_files::remove_unfinished(folder).map_err(Error::io(folder))?;
    // There may be other files in it.
    let _ = std::fs::remove_dir(folder);
    Ok(())
}

/// The files in a folder of features; empty if the folder does not exist.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::io(folder)(error)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(Error::io(folder))?.path();
        let end = path.extension().unwrap_or_default();
        if SUFFIXES.iter().any(|suffix| end == *suffix) {
            files.push(path);
        }
    }
    Ok(files)
}
