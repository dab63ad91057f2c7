//! Files of the hub's cache, written so that a reader finds each whole or not at all.

use std::io;
use std::path::Path;

use crate::error::{Error, WeightsError};
use crate::storage::whole_file::write_whole;

/// Makes folders, and the one of the lock.
pub(super) fn make_folders(folders: &[&Path], lock: &Path) -> Result<(), WeightsError> {
    for folder in folders.iter().copied().chain(lock.parent()) {
        std::fs::create_dir_all(folder).map_err(WeightsError::io(folder))?;
    }
    Ok(())
}

pub(super) fn rename(from: &Path, to: &Path) -> Result<(), WeightsError> {
    std::fs::rename(from, to).map_err(WeightsError::io(to))
}

/// Writes a small file, unless it is there with this content.
pub(super) fn write(folder: &Path, name: &str, text: &str) -> Result<(), WeightsError> {
    let path = folder.join(name);
    if std::fs::read_to_string(&path).is_ok_and(|found| found == text) {
        return Ok(());
    }
    std::fs::create_dir_all(folder).map_err(WeightsError::io(folder))?;
    write_whole(&path, text.as_bytes()).map_err(|error| match error {
        Error::Io { path, source } => WeightsError::Io { path, source },
        other => WeightsError::io(&path)(io::Error::other(other)),
    })
}

/// Gives a blob its name in a snapshot.
pub(super) fn link(blob: &Path, name: &str, file: &Path) -> Result<(), WeightsError> {
    let same = |file: &Path| Ok::<_, io::Error>(file.canonicalize()? == blob.canonicalize()?);
    if same(file).unwrap_or(false) {
        return Ok(());
    }
    let folder = file.parent().unwrap_or(Path::new("."));
    let target = Path::new("..").join("..").join("blobs").join(name);
    let made = tempfile::Builder::new()
        .prefix(".bgad-")
        .make_in(folder, |path| {
            // Not every system lets everybody link.
            symbolic_link(&target, path)
                .or_else(|_| std::fs::hard_link(blob, path))
                .or_else(|_| std::fs::copy(blob, path).map(|_| ()))
        });
    let made = made.map_err(WeightsError::io(file))?;
    made.persist(file)
        .map_err(|error| WeightsError::io(file)(error.error))?;
    Ok(())
}

#[cfg(unix)]
fn symbolic_link(target: &Path, path: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, path)
}

#[cfg(windows)]
fn symbolic_link(target: &Path, path: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_file(target, path)
}

#[cfg(not(any(unix, windows)))]
fn symbolic_link(_target: &Path, _path: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
