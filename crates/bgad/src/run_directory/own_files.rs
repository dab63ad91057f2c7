//! Files in a run's folder, which move with it.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// The absolute path of a file that need not exist.
pub(super) fn absolute(path: &Path) -> Result<PathBuf> {
    let path = match path.as_os_str().is_empty() {
        true => Path::new("."),
        false => path,
    };
    std::path::absolute(path).map_err(Error::io(path))
}

/// The path of a file after the folder `from` was moved to `to`.
pub(super) fn moved(path: &Path, from: &Path, to: &Path) -> PathBuf {
    match path.strip_prefix(from) {
        Ok(rest) => to.join(rest),
        Err(_) => path.to_owned(),
    }
}
