//! The folder of a run that is there whole or not at all.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use bgad_files::UNFINISHED;

use crate::error::{Error, Result};

/// Held while somebody writes to the folder.
const LOCK: &str = "lock";

/// A folder beside the place of a run, which is moved there when the run is complete. It is removed
/// unless it is kept; what a killed program has left is removed by the next one with the same place.
pub(super) struct UnfinishedRun {
    folder: PathBuf,
    place: PathBuf,
    /// Open as long as it is written to: a process that ends, however it does, holds nothing.
    lock: Option<File>,
}

impl UnfinishedRun {
    /// An empty folder that will become `place`.
    ///
    /// # Errors
    /// Where something lies at `place`, another program writes a run for it, or it can't be made.
    pub fn beside(place: &Path) -> Result<Self> {
        let place = std::path::absolute(place).map_err(Error::io(place))?;
        check_free(&place)?;
        let (Some(parent), Some(name)) = (place.parent(), place.file_name()) else {
            return Err(taken(&place, "no name of a folder"));
        };
        std::fs::create_dir_all(parent).map_err(Error::io(parent))?;
        let mut hidden = std::ffi::OsString::from(format!("{UNFINISHED}learn-"));
        hidden.push(name);
        let folder = parent.join(hidden);
        // Twice: once to clear away what a killed program left.
        for _ in 0..2 {
            std::fs::create_dir_all(&folder).map_err(Error::io(&folder))?;
            let lock = hold(&folder, &place)?;
            if entries(&folder)? == 1 {
                return Ok(Self {
                    folder,
                    place,
                    lock: Some(lock),
                });
            }
            std::fs::remove_dir_all(&folder).map_err(Error::io(&folder))?;
        }
        Err(taken(&place, "a place that another program writes to"))
    }

    /// Where to write.
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// Where it will lie, an absolute path.
    pub fn place(&self) -> &Path {
        &self.place
    }

    /// Where a file that was written to the folder will lie; other files stay where they are.
    pub fn moved(&self, file: &Path) -> PathBuf {
        match file.strip_prefix(&self.folder) {
            Ok(rest) => self.place.join(rest),
            Err(_) => file.to_owned(),
        }
    }

    /// Moves the complete folder to its place.
    ///
    /// # Errors
    /// When it can't be moved, as where something else has come to lie there.
    pub fn keep(mut self) -> Result<()> {
        check_free(&self.place)?;
        if self.place.is_dir() {
            std::fs::remove_dir(&self.place).map_err(Error::io(&self.place))?;
        }
        // Windows moves no folder in which a file is open.
        self.lock = None;
        bgad_files::remove(&self.folder.join(LOCK)).map_err(Error::io(&self.folder))?;
        std::fs::rename(&self.folder, &self.place).map_err(Error::io(&self.place))
    }
}

impl Drop for UnfinishedRun {
    fn drop(&mut self) {
        self.lock = None;
        // It is gone where it was kept.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn hold(folder: &Path, place: &Path) -> Result<File> {
    let path = folder.join(LOCK);
    let mut options = File::options();
    options.create(true).truncate(false).write(true);
    let file = options.open(&path).map_err(Error::io(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(taken(place, "a place that another program writes to"))
        }
        Err(TryLockError::Error(error)) => Err(Error::io(&path)(error)),
    }
}

fn check_free(place: &Path) -> Result<()> {
    match place.exists() {
        false => Ok(()),
        true if !place.is_dir() => Err(taken(place, "a file")),
        true if entries(place)? > 0 => Err(taken(place, "a folder that holds files")),
        true => Ok(()),
    }
}

fn entries(folder: &Path) -> Result<usize> {
    let entries = std::fs::read_dir(folder).map_err(Error::io(folder))?;
    Ok(entries.count())
}

fn taken(place: &Path, found: &str) -> Error {
    Error::input(
        "folder of the new run",
        format!("{} is {found}", place.display()),
        "a folder that is not there yet, or an empty one",
    )
}
