//! Writes files atomically: a reader finds the whole file or none of it.
//!
//! A file is written to a temporary folder beside its destination and moved there when it is complete. If the
//! program is killed, it leaves only names that begin with [`UNFINISHED`].
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

/// Prefix of the names of incomplete files and folders.
pub const UNFINISHED: &str = ".bgad-";

/// Removes what a killed program left unfinished in `folder`. No other program may be writing there.
///
/// # Errors
/// If the folder can't be read or an entry can't be removed.
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

/// Writes a file atomically and durably: it survives a power cut whole or not at all.
///
/// # Errors
/// If it can't be written; an earlier file then stays as it was.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = Unfinished::beside(path)?;
    std::fs::write(unfinished.path(), bytes)?;
    unfinished.keep()
}

/// Writes a file atomically but not durably: a power cut may damage it, so use it for files that can be made
/// again.
///
/// # Errors
/// If it can't be written; an earlier file then stays as it was.
pub fn write_replaceable(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = Unfinished::beside(path)?;
    std::fs::write(unfinished.path(), bytes)?;
    unfinished.rename().map(|_| ())
}

/// A file that is being written and is not in its place yet. It is removed unless you call
/// [`Unfinished::keep`].
#[derive(Debug)]
pub struct Unfinished {
    // A folder, because a writer may first write under another name.
    room: TempDir,
    file: PathBuf,
    place: PathBuf,
    permissions: Permissions,
}

impl Unfinished {
    /// Creates an empty file that will become `place`.
    ///
    /// # Errors
    /// If it can't be created.
    pub fn beside(place: &Path) -> io::Result<Self> {
        let room = tempfile::Builder::new()
            .prefix(UNFINISHED)
            .tempdir_in(folder_of(place))?;
        let file = room.path().join("file");
        // An ordinary file's permissions; those of a temporary file are private.
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

    /// Moves the complete file to its place, durably.
    ///
    /// # Errors
    /// If it can't be moved; an earlier file then stays as it was.
    pub fn keep(self) -> io::Result<()> {
        let file = File::options().write(true).open(&self.file)?;
        file.set_permissions(self.permissions.clone())?;
        file.sync_all()?;
        let place = self.rename()?;
        // The new name is part of the folder. Not every system can flush a folder; the file is whole anyway.
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

/// Creates a folder and those above it, unless they exist.
///
/// # Errors
/// If one can't be created; says which of them is a file.
pub fn create_folder(path: &Path) -> io::Result<()> {
    std::fs::create_dir_all(path).map_err(|error| {
        let file = path.ancestors().find(|path| path.is_file());
        let Some(file) = file else {
            return error;
        };
        let file = match file == path {
            true => "this".to_owned(),
            false => file.display().to_string(),
        };
        let reason = format!("{file} is a file, not a folder; remove it or name another folder");
        io::Error::new(io::ErrorKind::NotADirectory, reason)
    })
}

/// Removes a file if it exists.
///
/// # Errors
/// If it exists and can't be removed.
pub fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
