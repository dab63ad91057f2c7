//! Listing of folders.

use std::path::{Component, Path, PathBuf};

use crate::{DataError, Result};

/// Extensions of images, lower case; masks are looked for in this order.
pub(super) const EXTENSIONS: [&str; 7] = ["png", "bmp", "tif", "tiff", "jpg", "jpeg", "webp"];

/// Folders nested deeper than this are not followed; links can make them endless.
const MAX_DEPTH: usize = 8;

/// Files and folders directly in a folder, sorted by name, hidden ones left out.
#[derive(Debug, Default)]
pub(super) struct Listing {
    pub images: Vec<PathBuf>,
    pub folders: Vec<PathBuf>,
    /// Files that are no images by their extension.
    pub others: usize,
}

pub(super) fn list(folder: &Path) -> Result<Listing> {
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
            listing.folders.push(path);
        } else if is_image(&path) {
            listing.images.push(path);
        } else {
            listing.others += 1;
        }
    }
    Ok(listing)
}

/// All images in a folder and below, each folder's own images first, then its sub-folders by name.
/// Adds the number of other files to `others`.
pub(super) fn images_below(folder: &Path, others: &mut usize) -> Result<Vec<PathBuf>> {
    let mut images = Vec::new();
    collect(folder, MAX_DEPTH, &mut images, others)?;
    Ok(images)
}

fn collect(
    folder: &Path,
    depth: usize,
    images: &mut Vec<PathBuf>,
    others: &mut usize,
) -> Result<()> {
    let listing = list(folder)?;
    images.extend(listing.images);
    *others += listing.others;
    if depth > 0 {
        for folder in listing.folders {
            collect(&folder, depth - 1, images, others)?;
        }
    }
    Ok(())
}

/// The last component of a path as text.
pub(super) fn name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// The name without its extension.
pub(super) fn stem(path: &Path) -> String {
    path.file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default()
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

/// The folder itself, or that of its category.
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

/// The sentence about skipped files, if there were any.
pub(super) fn skipped_warning(others: usize, folder: &Path) -> Option<String> {
    (others > 0).then(|| {
        format!(
            "{}: {} skipped, no image by {} name",
            folder.display(),
            count(others, "file"),
            its(others)
        )
    })
}

/// `1 file`, `2 files`.
pub(super) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

fn its(number: usize) -> &'static str {
    if number == 1 { "its" } else { "their" }
}
