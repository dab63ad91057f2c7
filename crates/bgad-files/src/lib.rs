//! Files that are there whole or not at all.
//!
//! A file is written in a folder of its own beside its place, and moved there when it is complete. What
//! a killed program leaves begins with [`UNFINISHED`].
//!
//! ```
//! # fn main() -> std::io::Result<()> {
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("settings.toml");
//! bgad_files::write_whole(&path, b"seed = 1\n")?;
//! assert_eq!(std::fs::read(&path)?, b"seed = 1\n");
//! // Until it is kept, the earlier file stays.
//! let unfinished = bgad_files::Unfinished::beside(&path)?;
//! std::fs::write(unfinished.path(), b"seed = ")?;
//! drop(unfinished);
//! assert_eq!(std::fs::read(&path)?, b"seed = 1\n");
//! assert_eq!(std::fs::read_dir(folder.path())?.count(), 1);
//! # Ok(())
//! # }
//! ```

use std::fs::{File, Permissions};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// How the names of files and folders begin that are not complete yet.
pub const UNFINISHED: &str = ".bgad-";

/// Removes what a killed program left unfinished in `folder`, which no other program may be writing to.
///
/// # Errors
/// When the folder can't be read or something can't be removed.
pub fn remove_unfinished(folder: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            continue;
        }
        let path = entry.path();
        match entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            true => std::fs::remove_dir_all(&path)?,
            false => std::fs::remove_file(&path)?,
        }
    }
    Ok(())
}

/// Writes a file so that it is there whole or not at all, also when the power goes.
///
/// # Errors
/// When it can't be written; an earlier file then stays as it was.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = Unfinished::beside(path)?;
    std::fs::write(unfinished.path(), bytes)?;
    unfinished.keep()
}

/// Writes a file so that a reader sees all of it or nothing. After a power cut it may be damaged, so use
/// it for what can be made again.
///
/// # Errors
/// When it can't be written; an earlier file then stays as it was.
pub fn write_replaceable(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = Unfinished::beside(path)?;
    std::fs::write(unfinished.path(), bytes)?;
    unfinished.rename().map(|_| ())
}

/// A file that is being written and is not at its place yet. It is removed unless it is kept.
#[derive(Debug)]
pub struct Unfinished {
    // A folder, because a writer may itself write to another name first.
    room: TempDir,
    file: PathBuf,
    place: PathBuf,
    permissions: Permissions,
}

impl Unfinished {
    /// An empty file that will become `place`.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn beside(place: &Path) -> io::Result<Self> {
        let room = tempfile::Builder::new()
            .prefix(UNFINISHED)
            .tempdir_in(folder_of(place))?;
        let file = room.path().join("file");
        // An ordinary file's permissions; a writer's own temporary file is private.
        let permissions = File::create(&file)?.metadata()?.permissions();
        Ok(Self {
            room,
            file,
            place: place.to_owned(),
            permissions,
        })
    }

    /// Where to write.
    pub fn path(&self) -> &Path {
        &self.file
    }

    /// Moves the complete file to its place, where it stays also when the power goes.
    ///
    /// # Errors
    /// When it can't be moved; an earlier file then stays as it was.
    pub fn keep(self) -> io::Result<()> {
        let file = File::options().write(true).open(&self.file)?;
        file.set_permissions(self.permissions.clone())?;
        file.sync_all()?;
        let place = self.rename()?;
        // The new name is part of the folder. Not every system can flush one; the file is whole anyway.
        if let Ok(folder) = File::open(folder_of(&place)) {
            let _ = folder.sync_all();
        }
        Ok(())
    }

    fn rename(self) -> io::Result<PathBuf> {
        std::fs::rename(&self.file, &self.place)?;
        drop(self.room);
        Ok(self.place)
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Removes a file where it is there.
///
/// # Errors
/// When it is there and can't be removed.
pub fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
