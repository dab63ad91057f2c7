//! Atomic writes to the hub's cache.

use std::io;
use std::path::{Path, PathBuf};

use bgad::weights::{PublishedWeights, WeightsCache, file_sha256};

use crate::error::HubError;

/// The lock file of a blob.
pub(crate) fn lock_file(cache: &WeightsCache, weights: PublishedWeights, digest: &str) -> PathBuf {
    let repository = cache.repository(weights);
    let locks = cache.folder().join(".locks");
    let locks = locks.join(repository.file_name().unwrap_or_default());
    locks.join(format!("{digest}.lock"))
}

pub(crate) fn sha256(path: &Path) -> Result<String, HubError> {
    file_sha256(path).map_err(HubError::io(path))
}

/// Creates folders, and the folder of the lock.
pub(crate) fn make_folders(folders: &[&Path], lock: &Path) -> Result<(), HubError> {
    for folder in folders.iter().copied().chain(lock.parent()) {
        bgad_files::create_folder(folder).map_err(HubError::io(folder))?;
    }
    Ok(())
}

pub(crate) fn rename(from: &Path, to: &Path) -> Result<(), HubError> {
    std::fs::rename(from, to).map_err(HubError::io(to))
}

/// Writes a small file unless it already has this content.
pub(crate) fn write(folder: &Path, name: &str, text: &str) -> Result<(), HubError> {
    let path = folder.join(name);
    if std::fs::read_to_string(&path).is_ok_and(|found| found == text) {
        return Ok(());
    }
    bgad_files::create_folder(folder).map_err(HubError::io(folder))?;
    bgad_files::write_whole(&path, text.as_bytes()).map_err(HubError::io(&path))
}

/// Gives a blob its name in a snapshot.
pub(crate) fn link(blob: &Path, name: &str, file: &Path) -> Result<(), HubError> {
    let same = |file: &Path| Ok::<_, io::Error>(file.canonicalize()? == blob.canonicalize()?);
    if same(file).unwrap_or(false) {
        return Ok(());
    }
    let folder = file.parent().unwrap_or(Path::new("."));
    let target = Path::new("..").join("..").join("blobs").join(name);
    let made = tempfile::Builder::new()
        .prefix(bgad_files::UNFINISHED)
        .make_in(folder, |path| {
            // Not every system allows symbolic links.
            symbolic_link(&target, path)
                .or_else(|_| std::fs::hard_link(blob, path))
                .or_else(|_| std::fs::copy(blob, path).map(|_| ()))
        });
    let made = made.map_err(HubError::io(file))?;
    made.persist(file)
        .map_err(|error| HubError::io(file)(error.error))?;
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
