//! Decides what each sub-folder of a plain folder is for.

use std::path::{Path, PathBuf};

use super::files::{self, name};
use super::folder::{FolderLayout, MaskLocation};
use super::questions;
use super::split_normals::{RANDOM_STATE, TEST_FRACTION};
use crate::{DataError, LayoutError, Result};

const NORMAL: [&str; 3] = ["normal", "good", "ok"];
/// Whether a folder of this name holds normal images.
pub(super) fn is_normal(name: &str) -> bool {
    NORMAL.contains(&name.to_lowercase().as_str())
}

const MASKS: [&str; 3] = ["masks", "mask", "ground_truth"];

/// Names for sub-folders that [`FolderLayout::discover`] would not recognise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FolderNames {
    /// Folders of normal images; if empty, those with a usual name.
    pub normal: Vec<PathBuf>,
    /// Folders of abnormal images; if empty, all others.
    pub abnormal: Vec<PathBuf>,
    /// Where the masks are; if `None`, the folder with a usual name.
    pub masks: Option<MaskLocation>,
}

impl FolderNames {
    /// Whether no name is given.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl FolderLayout {
    /// Uses the sub-folders `normal`, `good` or `ok` for normal images, `masks`, `mask` or `ground_truth` for
    /// masks, and all others for abnormal images. Case does not matter.
    ///
    /// # Errors
    /// [`DataError::FolderMissing`], [`DataError::NoImages`], [`DataError::NoNormalImages`], and
    /// [`DataError::CategoryNeeded`] if the sub-folders are such data sets themselves.
    pub fn discover(folder: &Path) -> Result<Self> {
        Self::discover_named(folder, &FolderNames::default())
    }

    /// Like [`discover`](Self::discover), but uses the folders in `names` (relative to `folder`) instead of
    /// the usual ones.
    ///
    /// # Errors
    /// Those of [`discover`](Self::discover).
    pub fn discover_named(folder: &Path, names: &FolderNames) -> Result<Self> {
        let under = |paths: &[PathBuf]| paths.iter().map(|path| folder.join(path)).collect();
        let said_normal: Vec<PathBuf> = under(&names.normal);
        let said_masks = names.masks.clone().map(|masks| match masks {
            MaskLocation::Folder(path) => MaskLocation::Folder(folder.join(path)),
            beside => beside,
        });
        let is = |path: &Path, names: &[&str]| names.contains(&name(path).to_lowercase().as_str());
        let listing = files::list(folder)?;
        let (normal, others): (Vec<_>, Vec<_>) = listing.folders.into_iter().partition(|path| {
            let said = said_normal.iter().any(|normal| normal.starts_with(path));
            if said_normal.is_empty() {
                is(path, &NORMAL)
            } else {
                said
            }
        });
        let (masks, abnormal): (Vec<_>, Vec<_>) =
            others.into_iter().partition(|path| match &said_masks {
                Some(MaskLocation::Folder(masks)) => masks.starts_with(path),
                Some(MaskLocation::Beside(_)) => false,
                None => is(path, &MASKS),
            });
        let normal = if said_normal.is_empty() {
            normal
        } else {
            said_normal
        };
        if normal.is_empty() && folder.join("train").is_dir() {
            let expected = "a sub-folder 'normal', 'good' or 'ok'; with 'train' and 'test' the layout is mvtec".to_owned();
            return Err(DataError::NoNormalImages {
                folder: folder.to_owned(),
                expected,
            });
        }
        if normal.is_empty() {
            let holds_normal = |path: &PathBuf| {
                files::list(path)
                    .is_ok_and(|listing| listing.folders.iter().any(|path| is(path, &NORMAL)))
            };
            let found: Vec<String> = abnormal
                .iter()
                .filter(|path| holds_normal(path))
                .map(|path| name(path))
                .collect();
            if !found.is_empty() {
                return Err(DataError::CategoryNeeded {
                    folder: folder.to_owned(),
                    found,
                });
            }
            if files::images_below(folder, &mut Vec::new())?.is_empty() {
                return Err(DataError::NoImages {
                    folder: folder.to_owned(),
                });
            }
            let expected =
                "a sub-folder 'normal', 'good' or 'ok', or the names of those that hold them (--normal)".to_owned();
            return Err(DataError::NoNormalImages {
                folder: folder.to_owned(),
                expected,
            });
        }
        // No question about folders that the user named.
        if names.abnormal.is_empty() {
            ask(folder, &normal, &abnormal, &masks, said_masks.as_ref())?;
        }
        Ok(Self {
            name: files::dataset_name(folder),
            normal,
            abnormal: match names.abnormal.is_empty() {
                true => abnormal,
                false => under(&names.abnormal),
            },
            masks: said_masks.or(masks.into_iter().next().map(MaskLocation::Folder)),
            test_fraction: TEST_FRACTION,
            random_state: RANDOM_STATE,
        })
    }
}

/// Asks about files that may not be images of parts.
fn ask(
    folder: &Path,
    normal: &[PathBuf],
    abnormal: &[PathBuf],
    masks: &[PathBuf],
    said_masks: Option<&MaskLocation>,
) -> Result<()> {
    if said_masks.is_none()
        && let [first, second, ..] = masks
    {
        let (first, second) = (name(first), name(second));
        return Err(LayoutError::Question {
            folder: folder.to_owned(),
            found: format!("both '{first}' and '{second}' may hold the masks"),
            answers: format!(
                "choose with --mask-dir {first}, and name the folders of defects with --abnormal"
            ),
        }
        .into());
    }
    questions::about_types(folder, abnormal)?;
    // A missing folder is reported separately.
    if normal.iter().any(|folder| !folder.is_dir()) {
        return Ok(());
    }
    for images in normal.iter().chain(abnormal) {
        let found = files::images_below(images, &mut Vec::new())?;
        questions::about_folders_inside(images, &found)?;
        if said_masks.is_none() && masks.is_empty() {
            questions::about_masks_beside(images, &found)?;
        }
    }
    Ok(())
}
