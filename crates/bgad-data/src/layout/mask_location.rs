//! Where the masks of a data set are.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Where masks are stored.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaskLocation {
    /// In a folder that mirrors the abnormal ones. Masks have the names of their images, with or without
    /// `_mask`, with any image extension.
    Folder(PathBuf),
    /// Beside the images. A mask's name is its image's name without extension, followed by this ending, for
    /// example `_mask.png`, or `.png` if the images are JPEG; `_mask` matches any extension. Case does not
    /// matter. Files with this ending are never images.
    Beside(String),
    /// In folders of this name inside those of images: `dent/masks/1.png` is the mask of `dent/1.png` or
    /// `dent/images/1.png`. Files in these folders are never images.
    Inside(String),
}
