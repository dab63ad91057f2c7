//! The images named on a command line.

use std::collections::{BTreeMap, BTreeSet};
use std::io::BufRead as _;
use std::path::{Path, PathBuf};

use bgad::{
    BitDepth, BitDepthInspection, FolderImages, holds_results, images_of_folder, path_from_text,
};

use crate::failure::Failure;
use crate::progress::warning;

/// All images: a file is itself an image, whatever its name; a folder is read with all its sub-folders, by the
/// rules for data sets; `-` is a list of paths on standard input, one per line. What the program wrote is left
/// out.
pub fn list(named: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut all = Vec::new();
    for path in named {
        if path == Path::new("-") {
            for (number, line) in std::io::stdin().lock().split(b'\n').enumerate() {
                let line = line.map_err(|source| Failure::File {
                    path: path.clone(),
                    source,
                })?;
                // Some programs start their output with a byte-order mark.
                let mark = Some("\u{feff}".as_bytes()).filter(|_| number == 0);
                let line = mark
                    .and_then(|mark| line.strip_prefix(mark))
                    .unwrap_or(&line);
                all.extend(listed(line));
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
            all.push(found(path.clone()));
        }
    }
    without_results(all)
}

/// Leaves out what the program wrote, such as heat maps that `find` lists together with images.
fn without_results(images: Vec<PathBuf>) -> Result<Vec<PathBuf>, Failure> {
    let all = images.len();
    let mut folders: BTreeMap<PathBuf, bool> = BTreeMap::new();
    let mut is_result = |path: &PathBuf| {
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        *folders
            .entry(folder)
            .or_insert_with_key(|folder| holds_results(folder))
    };
    let (results, images): (Vec<PathBuf>, Vec<PathBuf>) =
        images.into_iter().partition(|path| is_result(path));
    let Some(first) = results.first() else {
        return Ok(images);
    };
    if images.is_empty() {
        let folder = first.parent().unwrap_or(Path::new("")).to_owned();
        return Err(bgad::DataError::ResultsFolder { folder }.into());
    }
    warning(&format!(
        "{} of {all} images left out, because bgad wrote them; the first is {}",
        results.len(),
        first.display()
    ));
    Ok(images)
}

/// Leaves out images with the content of an earlier one, with a warning: a copy says nothing about the scores of
/// further images. Unreadable images stay.
pub fn without_copies(images: Vec<PathBuf>) -> Vec<PathBuf> {
    let all = images.len();
    let mut seen = BTreeSet::new();
    let is_first = |path: &PathBuf| {
        let digest = bgad::weights::file_sha256(path);
        digest.map_or(true, |digest| seen.insert(digest))
    };
    let kept: Vec<PathBuf> = images.into_iter().filter(is_first).collect();
    if kept.len() < all {
        warning(&format!(
            "{} of {all} images are copies of others and left out",
            all - kept.len()
        ));
    }
    kept
}

/// Warns if the model reads 16-bit images too bright or too dark. Looks at a few of them, because each is decoded
/// for it.
pub fn warn_of_depth(images: &[PathBuf], of_model: Option<BitDepth>) {
    const FEW: usize = 16;
    let step = images.len().div_ceil(FEW).max(1);
    let few: Vec<PathBuf> = images.iter().step_by(step).cloned().collect();
    let found = BitDepthInspection::of(&few);
    if let Some(text) = found.and_then(|found| found.misread_by(of_model)) {
        warning(&text);
    }
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

/// The path on a line.
fn listed(line: &[u8]) -> Option<PathBuf> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.is_empty() {
        return None;
    }
    Some(found(verbatim(line)))
}

/// The path itself or, if there is no such file, the path that this program writes as this name.
fn found(path: PathBuf) -> PathBuf {
    if path.exists() {
        return path;
    }
    let escaped = path.to_str().map(path_from_text);
    escaped.filter(|path| path.exists()).unwrap_or(path)
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
