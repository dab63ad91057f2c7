//! The images named on a command line.

use std::collections::BTreeMap;
use std::io::BufRead as _;
use std::path::{Path, PathBuf};

use bgad::{FolderImages, images_of_folder, path_from_text};

use crate::failure::Failure;
use crate::progress::warning;

/// All images: a file stands for itself, whatever its name; a folder is read with all its sub-folders, by the
/// rules for data sets; `-` is a list of paths on standard input, one per line.
pub fn list(named: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut all = Vec::new();
    for path in named {
        if path == Path::new("-") {
            for line in std::io::stdin().lock().split(b'\n') {
                let line = line.map_err(|source| Failure::File {
                    path: path.clone(),
                    source,
                })?;
                all.extend(listed(&line));
            }
        } else if path.is_dir() {
            let found = images_of_folder(path)?;
            if found.images.is_empty() {
                return Err(bgad::DataError::NoImages {
                    folder: path.clone(),
                }
                .into());
            }
            warn_of_skipped(path, &found);
            all.extend(found.images);
        } else {
            all.push(path.clone());
        }
    }
    Ok(all)
}

/// Warns about the files that were skipped, once per reason.
fn warn_of_skipped(folder: &Path, found: &FolderImages) {
    let mut reasons: BTreeMap<&str, (usize, &Path)> = BTreeMap::new();
    for file in &found.skipped {
        reasons.entry(&file.reason).or_insert((0, &file.path)).0 += 1;
    }
    for (reason, (number, first)) in reasons {
        warning(&format!(
            "{}: {number} skipped ({reason}); the first is {}",
            folder.display(),
            first.display()
        ));
    }
}

/// The path on a line: its bytes as they are, or, if no such file exists, the name as this program writes it,
/// with bytes that are not UTF-8 escaped.
fn listed(line: &[u8]) -> Option<PathBuf> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.is_empty() {
        return None;
    }
    let path = verbatim(line);
    if path.exists() {
        return Some(path);
    }
    let escaped = std::str::from_utf8(line).map(path_from_text);
    Some(escaped.ok().filter(|path| path.exists()).unwrap_or(path))
}

#[cfg(unix)]
fn verbatim(line: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt as _;
    PathBuf::from(std::ffi::OsStr::from_bytes(line))
}

#[cfg(not(unix))]
fn verbatim(line: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(line).into_owned())
}
