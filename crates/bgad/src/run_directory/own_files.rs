//! Files that lie in a run's folder, and move with it.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// The absolute path of a file that need not be there.
pub(super) fn absolute(path: &Path) -> Result<PathBuf> {
    let path = match path.as_os_str().is_empty() {
        true => Path::new("."),
        false => path,
    };
    std::path::absolute(path).map_err(Error::io(path))
}

/// Where a file lies after the folder `from` became `to`.
pub(super) fn moved(path: &Path, from: &Path, to: &Path) -> PathBuf {
    match path.strip_prefix(from) {
        Ok(rest) => to.join(rest),
        Err(_) => path.to_owned(),
    }
}
