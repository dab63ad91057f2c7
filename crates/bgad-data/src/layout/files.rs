//! Listing of folders.

use std::collections::{BTreeSet, HashSet};
use std::ffi::{OsStr, OsString};
use std::path::{Component, Path, PathBuf};

use crate::results_folder::{holds_results, is_of_program};
use crate::text::count;
use crate::{DataError, Dataset, Result, SkippedFile, names};

/// Image extensions in lower case; masks are searched in this order.
pub(crate) const EXTENSIONS: [&str; 7] = ["png", "bmp", "tif", "tiff", "jpg", "jpeg", "webp"];

/// Folders deeper than this are not followed.
const MAX_DEPTH: usize = 32;

/// Why a folder that the program wrote is skipped.
const OF_PROGRAM: &str = "a folder that bgad wrote";

/// Files and folders directly in a folder, sorted by name, without hidden ones.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    pub images: Vec<PathBuf>,
    /// The folders that may hold images of parts.
    pub folders: Vec<PathBuf>,
    /// The folders that the program wrote, such as those of heat maps.
    pub results: Vec<PathBuf>,
    /// Files that are not images by extension, and broken links.
    pub skipped: Vec<SkippedFile>,
}

/// Lists a folder of images of parts.
pub(crate) fn list(folder: &Path) -> Result<Listing> {
    match holds_results(folder) {
        true => Err(results(folder)),
        false => listed(folder),
    }
}

fn results(folder: &Path) -> DataError {
    DataError::ResultsFolder {
        folder: folder.to_owned(),
    }
}

/// Lists a folder, whatever it is for.
fn listed(folder: &Path) -> Result<Listing> {
    if !folder.is_dir() {
        return Err(DataError::FolderMissing {
            folder: folder.to_owned(),
        });
    }
    let io_error = |reason| DataError::Io {
        path: folder.to_owned(),
        reason,
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(io_error)? {
        paths.push(entry.map_err(io_error)?.path());
    }
    paths.sort();
    let mut listing = Listing::default();
    for path in paths {
        if name(&path).starts_with('.') {
            continue;
        }
        if path.is_dir() {
            match is_of_program(&path) {
                true => listing.results.push(path),
                false => listing.folders.push(path),
            }
        } else if !path.exists() {
            listing.skipped.push(skipped(path, "a broken link"));
        } else if !path.is_file() {
            // A pipe or device: reading it might never end.
            listing.skipped.push(skipped(path, "not a file"));
        } else if is_image(&path) {
            listing.images.push(path);
        } else {
            listing
                .skipped
                .push(skipped(path, "not an image by its name"));
        }
    }
    Ok(listing)
}

/// The sub-folder with this name, in any case.
pub(super) fn inner(folder: &Path, wanted: &str) -> PathBuf {
    let exact = folder.join(wanted);
    if exact.is_dir() {
        return exact;
    }
    let folders = list(folder).map(|listing| listing.folders);
    let mut folders = folders.into_iter().flatten();
    folders
        .find(|path| name(path).eq_ignore_ascii_case(wanted))
        .unwrap_or(exact)
}

/// A file that is not a sample, and why.
pub(super) fn skipped(path: PathBuf, reason: &str) -> SkippedFile {
    SkippedFile {
        path,
        reason: reason.to_owned(),
    }
}

/// Lists all images in a folder and below it: each folder's own images first, then its sub-folders by name.
/// Adds the other files, and folders that the program wrote, to `skipped`.
///
/// Links are followed, but no folder is read twice. A folder linked from several places, or from below
/// itself, is read where it really lies, or else at its first link. A link to a folder that contains `folder`
/// is not followed, because what lies beside `folder` does not belong to the set.
pub(crate) fn images_below(folder: &Path, skipped: &mut Vec<SkippedFile>) -> Result<Vec<PathBuf>> {
    images_and_masks_below(folder, "", skipped)
}

/// Like [`images_below`], with the masks in folders called `masks`, whoever wrote them.
pub(super) fn images_and_masks_below(
    folder: &Path,
    masks: &str,
    skipped: &mut Vec<SkippedFile>,
) -> Result<Vec<PathBuf>> {
    if holds_results(folder) {
        return Err(results(folder));
    }
    let is_read = |inner: &Path| name(inner).eq_ignore_ascii_case(masks) || !is_of_program(inner);
    below(folder, skipped, is_read)
}

/// Like [`images_below`], for masks, which `bgad predict --masks` may have written.
pub(super) fn masks_below(folder: &Path, skipped: &mut Vec<SkippedFile>) -> Result<Vec<PathBuf>> {
    below(folder, skipped, |_: &Path| true)
}

fn below(
    folder: &Path,
    skipped: &mut Vec<SkippedFile>,
    is_read: impl Fn(&Path) -> bool,
) -> Result<Vec<PathBuf>> {
    let io_error = |path: &Path, reason| DataError::Io {
        path: path.to_owned(),
        reason,
    };
    let mut images = Vec::new();
    let mut visited = HashSet::new();
    let mut root = None;
    let mut waiting = vec![folder.to_owned()];
    let mut links = BTreeSet::new();
    // Real folders first, so that they are read rather than the links to them.
    while let Some(next) = waiting.pop().or_else(|| links.pop_first()) {
        // `list` reports a missing folder.
        if next.is_dir() {
            let real = next
                .canonicalize()
                .map_err(|reason| io_error(&next, reason))?;
            let root = root.get_or_insert_with(|| real.clone());
            let around = root.starts_with(&real) && *root != real;
            if around || !visited.insert(real) {
                continue;
            }
        }
        let listing = match listed(&next) {
            // What one folder hides should not cost the others.
            Err(DataError::Io { path, reason }) if next != folder => {
                skipped.push(self::skipped(
                    path,
                    &format!("a folder that can't be read: {reason}"),
                ));
                continue;
            }
            listing => listing?,
        };
        images.extend(listing.images);
        skipped.extend(listing.skipped);
        for inner in listing.folders.into_iter().chain(listing.results) {
            if !is_read(&inner) {
                skipped.push(self::skipped(inner, OF_PROGRAM));
                continue;
            }
            let depth = inner.components().count() - folder.components().count();
            if depth > MAX_DEPTH {
                let reason = format!("a folder nested deeper than {MAX_DEPTH} levels");
                skipped.push(self::skipped(inner, &reason));
            } else if inner.is_symlink() {
                links.insert(inner);
            } else {
                waiting.push(inner);
            }
        }
    }
    images.sort_by_cached_key(|path| order(path));
    skipped.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(images)
}

/// Sorts a folder's own files before its sub-folders.
fn order(path: &Path) -> Vec<(bool, OsString)> {
    let mut parts: Vec<(bool, OsString)> = path
        .components()
        .map(|part| (true, part.as_os_str().to_owned()))
        .collect();
    if let Some(file) = parts.last_mut() {
        file.0 = false;
    }
    parts
}

/// The last component of a path as text; different names give different text.
pub(super) fn name(path: &Path) -> String {
    path.file_name().map(text).unwrap_or_default()
}

fn text(name: &OsStr) -> String {
    names::path_to_text(Path::new(name))
}

/// The name without its extension.
pub(super) fn stem(path: &Path) -> String {
    path.file_stem().map(text).unwrap_or_default()
}

/// The extension, lower case.
pub(super) fn extension(path: &Path) -> String {
    path.extension()
        .map(|extension| extension.to_string_lossy().to_lowercase())
        .unwrap_or_default()
}

fn is_image(path: &Path) -> bool {
    EXTENSIONS.contains(&extension(path).as_str())
}

/// A name for the data set in `folder`.
pub(super) fn dataset_name(folder: &Path) -> String {
    match folder.canonicalize() {
        Ok(full) => name(&full),
        Err(_) => name(folder),
    }
}

/// Whether `path` stays below the folder it is joined to.
pub(super) fn stays_inside(path: &Path) -> bool {
    path.components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
        && path
            .components()
            .any(|part| matches!(part, Component::Normal(_)))
}

/// The folder itself, or the folder of its category.
pub(super) fn category_folder(folder: &Path, category: Option<&str>) -> Result<PathBuf> {
    let listing = list(folder)?;
    let Some(category) = category else {
        return Ok(folder.to_owned());
    };
    listing
        .folders
        .iter()
        .find(|folder| name(folder) == category)
        .cloned()
        .ok_or_else(|| DataError::CategoryMissing {
            folder: folder.to_owned(),
            category: category.to_owned(),
            found: listing.folders.iter().map(|folder| name(folder)).collect(),
        })
}

/// Warnings about skipped files, one per reason.
pub(super) fn skipped_warnings(skipped: &[SkippedFile], folder: &Path) -> Vec<String> {
    let mut reasons: Vec<(&str, usize)> = Vec::new();
    for file in skipped {
        match reasons
            .iter_mut()
            .find(|(reason, _)| *reason == file.reason)
        {
            Some((_, number)) => *number += 1,
            None => reasons.push((&file.reason, 1)),
        }
    }
    reasons
        .into_iter()
        .map(|(reason, number)| {
            let what = count(number, "file");
            format!("{}: {what} skipped: {reason}", folder.display())
        })
        .collect()
}

/// A data set without samples: its name, folder and skipped files.
pub(super) fn described(
    folder: &Path,
    skipped: Vec<SkippedFile>,
    warnings: Vec<String>,
) -> Dataset {
    Dataset {
        name: dataset_name(folder),
        root: folder.to_owned(),
        skipped,
        warnings,
        ..Dataset::default()
    }
}
