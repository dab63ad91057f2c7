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
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // A folder, because a writer may itself write to another name first.
    let room = tempfile::Builder::new()
        .prefix(UNFINISHED)
        .tempdir_in(folder);
    let room = room.map_err(Error::io(path))?;
    let unfinished = room.path().join("file");
    // An ordinary file's permissions; a writer's own temporary file is private.
    let ordinary = std::fs::File::create(&unfinished).and_then(|file| file.metadata());
    let permissions = ordinary.map_err(Error::io(path))?.permissions();
    write(&unfinished)?;
    let written = std::fs::OpenOptions::new().write(true).open(&unfinished);
    let kept = written.and_then(|file| {
        file.set_permissions(permissions)?;
        file.sync_all()?;
        std::fs::rename(&unfinished, path)
    });
    kept.map_err(Error::io(path))?;
    // The new name is part of the folder. Not every system can flush one; the file is whole anyway.
    if let Ok(folder) = std::fs::File::open(folder) {
        let _ = folder.sync_all();
    }
    Ok(())
}

/// Takes a file away where it is there.
pub(crate) fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io(path)(error)),
        _ => Ok(()),
    }
}
