//! A lock file, compatible with `huggingface_hub`: one process fetches a file while the others wait.

use std::fs::{File, TryLockError};
use std::path::Path;

use crate::error::HubError;
use crate::progress::FetchProgress;

/// Waits until no other process holds the lock, then holds it until dropped. The file stays; the system
/// releases the lock when the process ends, however it ends.
pub(crate) fn hold(path: &Path, progress: &mut dyn FnMut(FetchProgress)) -> Result<File, HubError> {
    let mut told = false;
    loop {
        let mut options = File::options();
        options.create(true).truncate(false).write(true);
        let file = options.open(path).map_err(HubError::io(path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                if !told {
                    progress(FetchProgress::Waiting {
                        lock: path.to_owned(),
                    });
                    told = true;
                }
                file.lock().map_err(HubError::io(path))?;
            }
            Err(TryLockError::Error(error)) => return Err(HubError::io(path)(error)),
        }
        if is_named(&file) {
            return Ok(file);
        }
    }
}

/// Whether the file still has a name. Python's lock deletes its file, and a lock on a deleted file excludes
/// nobody.
fn is_named(file: &File) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        file.metadata().is_ok_and(|metadata| metadata.nlink() > 0)
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        true
    }
}
