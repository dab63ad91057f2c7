//! The SHA-256 of files.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};

use super::digest::hexadecimal;
use crate::error::{Error, Result};

/// The SHA-256 of a file, in hexadecimal.
///
/// # Errors
/// If the file can't be read.
pub fn file_sha256(path: &Path) -> io::Result<String> {
    Ok(hexadecimal(&file_digest(path)?))
}

fn file_digest(path: &Path) -> io::Result<[u8; 32]> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(hash.finalize().into()),
            Ok(count) => hash.update(&buffer[..count]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// A file's digest, once known.
type Known = Arc<Mutex<Option<[u8; 32]>>>;

/// The SHA-256 of files; each file is read once.
#[derive(Debug, Default)]
pub(crate) struct FileDigests {
    files: Mutex<BTreeMap<PathBuf, Known>>,
}

impl FileDigests {
    /// The digest of a file. Other threads that ask for it meanwhile wait.
    ///
    /// # Errors
    /// If the file can't be read; the next call tries again.
    pub fn of(&self, path: &Path) -> Result<[u8; 32]> {
        let known = {
            let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
            files.entry(path.to_owned()).or_default().clone()
        };
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        match *known {
            Some(digest) => Ok(digest),
            None => Ok(*known.insert(file_digest(path).map_err(Error::io(path))?)),
        }
    }
}
