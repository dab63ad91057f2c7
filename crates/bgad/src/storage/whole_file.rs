//! Files that are there whole or not at all.

use std::path::Path;

use crate::error::{Error, Result};

/// How the folders are called that files are written in until they are whole.
const UNFINISHED: &str = ".bgad-";

/// Takes away what a killed program left unfinished in `folder`, which must be its own.
pub(crate) fn remove_unfinished(folder: &Path) -> Result<()> {
    for entry in std::fs::read_dir(folder).map_err(Error::io(folder))? {
        let entry = entry.map_err(Error::io(folder))?;
        if !entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            continue;
        }
        let path = entry.path();
        let removed = match entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            true => std::fs::remove_dir_all(&path),
            false => std::fs::remove_file(&path),
        };
        removed.map_err(Error::io(&path))?;
    }
    Ok(())
}

/// Writes a file so that it is there whole or not at all, also when the power goes.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    write_whole_with(path, |to| {
        std::fs::write(to, bytes).map_err(Error::io(path))
    })
}

/// The same for a file that `write` writes at the path that it is given.
pub(crate) fn write_whole_with(path: &Path, write: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    replace(path, write, |file| file.sync_all())?;
    // The new name is part of the folder. Not every system can flush one; the file is whole anyway.
    if let Ok(folder) = std::fs::File::open(folder_of(path)) {
        let _ = folder.sync_all();
    }
    Ok(())
}

/// Writes a file so that whoever looks sees all of it or nothing. After a power cut it may be damaged:
/// for what can be made again.
///
/// # Errors
/// [`Error::Io`] names the file.
pub fn write_replaceable(path: &Path, bytes: &[u8]) -> Result<()> {
    let write = |to: &Path| std::fs::write(to, bytes).map_err(Error::io(path));
    replace(path, write, |_| Ok(()))
}

/// Writes a file in a folder of its own and moves it to its place.
fn replace(
    path: &Path,
    write: impl FnOnce(&Path) -> Result<()>,
    flush: impl FnOnce(&std::fs::File) -> std::io::Result<()>,
) -> Result<()> {
    // A folder, because a writer may itself write to another name first.
    let room = tempfile::Builder::new()
        .prefix(UNFINISHED)
        .tempdir_in(folder_of(path));
    let room = room.map_err(Error::io(path))?;
    let unfinished = room.path().join("file");
    // An ordinary file's permissions; a writer's own temporary file is private.
    let ordinary = std::fs::File::create(&unfinished).and_then(|file| file.metadata());
    let permissions = ordinary.map_err(Error::io(path))?.permissions();
    write(&unfinished)?;
    let written = std::fs::OpenOptions::new().write(true).open(&unfinished);
    let kept = written.and_then(|file| {
        file.set_permissions(permissions)?;
        flush(&file)?;
        std::fs::rename(&unfinished, path)
    });
    kept.map_err(Error::io(path))
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Takes a file away where it is there.
pub(crate) fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io(path)(error)),
        _ => Ok(()),
    }
}
