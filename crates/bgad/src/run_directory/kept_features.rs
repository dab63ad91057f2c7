//! `features/`: features of a run's images and their distances to the memory bank, so that a run that goes on from it need not compute them.
//!
//! Files are named by all that they depend on and never changed, so that runs can share them.

use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::model::distance_memo;

/// How files of features end, and those of what was computed from them.
const SUFFIXES: [&str; 2] = ["features", distance_memo::SUFFIX];

/// How much is kept.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KeptFeatures {
    /// Files: one for each input of an image and one for its distances to normal ones, and the same
    /// for its mirror image where that counts.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
}

/// Puts all files of `from` into `to` as well, which is made where it is not there. On one disk both
/// folders then share them, and they take no further room.
pub(crate) fn share(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to).map_err(Error::io(to))?;
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

/// Takes all files out of the folder, and the folder where nothing else is in it.
pub(super) fn remove_all(folder: &Path) -> Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for file in files(folder)? {
        std::fs::remove_file(&file).map_err(Error::io(&file))?;
    }
    bgad_files::remove_unfinished(folder).map_err(Error::io(folder))?;
    // Somebody else's files may lie there.
    let _ = std::fs::remove_dir(folder);
    Ok(())
}

/// The files in a folder of features; none where it is not there.
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
