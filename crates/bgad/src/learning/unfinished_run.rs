//! A run's folder that appears only when it is complete.

use std::fs::File;
use std::path::{Path, PathBuf};

use bgad_files::UNFINISHED;

use crate::error::{Error, Result};
use crate::storage::lock_file;

/// The file that a program locks while it writes to the folder.
const LOCK: &str = "lock";

/// A hidden folder beside a run's place. [`keep`](Self::keep) moves it there; dropping it removes it. If the
/// program is killed, the next one for the same place removes what is left.
pub(super) struct UnfinishedRun {
    folder: PathBuf,
    place: PathBuf,
    /// Open while this program writes. The operating system releases the lock however the program ends.
    lock: Option<File>,
}

impl UnfinishedRun {
    /// Creates an empty folder that will become `place`.
    ///
    /// # Errors
    /// If `place` is a file or a folder with files, if another program is writing a run for it, or if the
    /// folder can't be created.
    pub fn beside(place: &Path) -> Result<Self> {
        let place = std::path::absolute(place).map_err(Error::io(place))?;
        check_free(&place)?;
        let (Some(parent), Some(name)) = (place.parent(), place.file_name()) else {
            return Err(taken(&place, "not the name of a folder"));
        };
        bgad_files::create_folder(parent).map_err(Error::io(parent))?;
        let mut hidden = std::ffi::OsString::from(format!("{UNFINISHED}learn-"));
        hidden.push(name);
        let folder = parent.join(hidden);
        // The first pass may only remove what a killed program left.
        for _ in 0..2 {
            bgad_files::create_folder(&folder).map_err(Error::io(&folder))?;
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

    /// The folder to write to.
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// The absolute path that the folder will be moved to.
    pub fn place(&self) -> &Path {
        &self.place
    }

    /// The path that a file in this folder will have after the move; the path itself for other files.
    pub fn moved(&self, file: &Path) -> PathBuf {
        match file.strip_prefix(&self.folder) {
            Ok(rest) => self.place.join(rest),
            Err(_) => file.to_owned(),
        }
    }

    /// Moves the complete folder to its place.
    ///
    /// # Errors
    /// If it can't be moved, for example because there is a run at its place by now.
    pub fn keep(mut self) -> Result<()> {
        check_free(&self.place)?;
        if self.place.is_dir() {
            std::fs::remove_dir(&self.place).map_err(Error::io(&self.place))?;
        }
        // Windows can't move a folder that contains an open file.
        self.lock = None;
        bgad_files::remove(&self.folder.join(LOCK)).map_err(Error::io(&self.folder))?;
        std::fs::rename(&self.folder, &self.place).map_err(Error::io(&self.place))
    }
}

impl Drop for UnfinishedRun {
    fn drop(&mut self) {
        self.lock = None;
        // After `keep` there is nothing to remove.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn hold(folder: &Path, place: &Path) -> Result<File> {
    let held = lock_file::hold(&folder.join(LOCK))?;
    held.ok_or_else(|| taken(place, "a place that another program writes to"))
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
        "a folder that does not exist yet, or an empty one",
    )
}
