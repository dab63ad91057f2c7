//! The images of a folder: one rule for data sets, prediction, calibration and watching.

use std::path::{Path, PathBuf};

use crate::layout::files;
use crate::{Result, SkippedFile};

/// The images of a folder and the files that are none.
#[non_exhaustive]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FolderImages {
    /// The images: a folder's own first, then those of its sub-folders, sorted by name.
    pub images: Vec<PathBuf>,
    /// Files that are no images by their name, links to nothing, and folders that are too deep.
    pub skipped: Vec<SkippedFile>,
}

/// All images in a folder and below it, by the rules that data sets are read by.
///
/// - An image is a file whose name ends in .png, .jpg, .jpeg, .bmp, .tif, .tiff or .webp, upper or lower
///   case.
/// - Hidden files and folders, whose names begin with a dot, are passed over, and with them the
///   companions (`._1.png`) that macOS puts beside files on other systems' disks.
/// - Links are followed, to files and to folders, but no folder is read twice, and none around `folder`.
/// - Folders are followed 32 deep.
///
/// # Errors
/// [`DataError::FolderMissing`](crate::DataError::FolderMissing), [`DataError::Io`](crate::DataError::Io).
pub fn images_of_folder(folder: &Path) -> Result<FolderImages> {
    let mut skipped = Vec::new();
    let images = files::images_below(folder, &mut skipped)?;
    Ok(FolderImages { images, skipped })
}
