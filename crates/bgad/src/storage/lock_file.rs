//! Files that a program locks while it writes to their folder.

use std::fs::{File, TryLockError};
use std::path::Path;

use crate::error::{Error, Result};

/// Creates the file if needed and locks it until it is dropped; `None` if another program holds it. The operating system
/// releases the lock however the program ends.
///
/// # Errors
/// [`Error::Io`] if the file can't be created, or its file system knows no locks.
pub(crate) fn hold(path: &Path) -> Result<Option<File>> {
    let mut options = File::options();
    options.create(true).truncate(false).write(true);
    let file = options.open(path).map_err(Error::io(path))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(Error::io(path)(error)),
    }
}
