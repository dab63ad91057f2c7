//! Lists the images of a folder, by one rule for data sets, prediction, calibration and watching.

use std::path::{Path, PathBuf};

use crate::layout::files;
use crate::{Result, SkippedFile};

/// The images of a folder, and the files that were skipped.
#[non_exhaustive]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FolderImages {
    /// The images, sorted by name: a folder's own first, then those of its sub-folders.
    pub images: Vec<PathBuf>,
    /// Files that are not images by their names, broken links, and folders that are too deep.
    pub skipped: Vec<SkippedFile>,
}

/// Lists all images in a folder and below it, by the same rules as for data sets.
///
/// - An image is a file whose name ends in .png, .jpg, .jpeg, .bmp, .tif, .tiff or .webp, in upper or lower
///   case.
/// - Hidden files and folders, whose names begin with a dot, are skipped, including the companions
///   (`._1.png`) that macOS puts beside files on other systems' disks.
/// - Links to files and folders are followed, but no folder is read twice, and no folder that contains
///   `folder` is read.
/// - Folders are followed 32 levels deep.
///
/// # Errors
/// [`DataError::FolderMissing`](crate::DataError::FolderMissing), [`DataError::Io`](crate::DataError::Io).
pub fn images_of_folder(folder: &Path) -> Result<FolderImages> {
    let mut skipped = Vec::new();
    let images = files::images_below(folder, &mut skipped)?;
    Ok(FolderImages { images, skipped })
}
