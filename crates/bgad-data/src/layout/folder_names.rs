//! Decides what each sub-folder of a plain folder is for.

use std::path::{Path, PathBuf};

use super::files::{self, name};
use super::folder::FolderLayout;
use super::mask_location::MaskLocation;
use super::questions;
use super::split_normals::{RANDOM_STATE, TEST_FRACTION};
use super::usual_names::{is_no_type, is_normal};
use crate::{DataError, LayoutError, Result};

const MASKS: [&str; 3] = ["masks", "mask", "ground_truth"];

/// Names for sub-folders that a layout would not recognise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FolderNames {
    /// Folders of normal images; if empty, those with a usual name.
    pub normal: Vec<PathBuf>,
    /// Folders of abnormal images; if empty, all others.
    pub abnormal: Vec<PathBuf>,
    /// Where the masks are; if `None`, the folder with a usual name. A single folder that is not in the data
    /// set's folder is looked for inside the folders of images.
    pub masks: Option<MaskLocation>,
}

impl FolderNames {
    /// Whether no name is given.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Where the masks of the data set in `folder` are, if the user named the place.
    pub(super) fn masks_in(&self, folder: &Path) -> Result<Option<MaskLocation>> {
        let Some(MaskLocation::Folder(path)) = &self.masks else {
            return Ok(self.masks.clone());
        };
        let here = folder.join(path);
        if here.is_dir() {
            return Ok(Some(MaskLocation::Folder(here)));
        }
        let is_name = path.components().count() == 1;
        let inner = name(path);
        let lies_inside = |image: &PathBuf| {
            let below = image.strip_prefix(folder).ok().and_then(Path::parent);
            let mut parts = below.into_iter().flat_map(Path::iter).map(Path::new);
            parts.any(|part| name(part).eq_ignore_ascii_case(&inner))
        };
        let images = files::images_and_masks_below(folder, &inner, &mut Vec::new())?;
        match is_name && images.iter().any(lies_inside) {
            true => Ok(Some(MaskLocation::Inside(inner))),
            false => Err(DataError::FolderMissing { folder: here }),
        }
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
        let said_masks = names.masks_in(folder)?;
        let is = |path: &Path, names: &[&str]| names.contains(&name(path).to_lowercase().as_str());
        let listing = files::list(folder)?;
        let (normal, others): (Vec<_>, Vec<_>) = listing.folders.into_iter().partition(|path| {
            let said = said_normal.iter().any(|normal| normal.starts_with(path));
            if said_normal.is_empty() {
                is_normal(&name(path))
            } else {
                said
            }
        });
        let holds_masks = |path: &PathBuf| match &said_masks {
            Some(MaskLocation::Folder(masks)) => masks.starts_with(path),
            Some(_) => false,
            None => is(path, &MASKS),
        };
        let (mut masks, abnormal): (Vec<_>, Vec<_>) = others.into_iter().partition(holds_masks);
        // `bgad predict --masks` may have written them.
        masks.extend(listing.results.into_iter().filter(holds_masks));
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
                let inner = files::list(path).map(|listing| listing.folders);
                inner.is_ok_and(|folders| folders.iter().any(|path| is_normal(&name(path))))
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
        // A user who names the normal folders has seen the others.
        let (left_out, abnormal): (Vec<_>, Vec<_>) = abnormal
            .into_iter()
            .partition(|path| !names.normal.is_empty() && is_no_type(&name(path)));
        let is_said = said_masks.is_some();
        let first = masks.first().cloned();
        let layout = Self {
            name: files::dataset_name(folder),
            normal,
            abnormal: match names.abnormal.is_empty() {
                true => abnormal,
                false => under(&names.abnormal),
            },
            masks: said_masks.or(first.map(MaskLocation::Folder)),
            left_out: match names.abnormal.is_empty() {
                true => left_out,
                false => Vec::new(),
            },
            test_fraction: TEST_FRACTION,
            random_state: RANDOM_STATE,
        };
        // No question about folders that the user named.
        if names.abnormal.is_empty() {
            if let ([first, second, ..], false) = (masks.as_slice(), is_said) {
                return Err(two_of_masks(folder, &name(first), &name(second)).into());
            }
            ask(folder, &layout)?;
        }
        Ok(layout)
    }
}

fn two_of_masks(folder: &Path, first: &str, second: &str) -> LayoutError {
    LayoutError::Question {
        folder: folder.to_owned(),
        found: format!("both '{first}' and '{second}' may hold the masks"),
        answers: format!(
            "choose with --mask-dir {first}, and name the folders of defects with --abnormal"
        ),
    }
}

/// Asks about files that may not be images of parts.
fn ask(folder: &Path, layout: &FolderLayout) -> Result<()> {
    // A missing folder is reported separately.
    if layout.normal.iter().any(|folder| !folder.is_dir()) {
        return Ok(());
    }
    questions::about_types(folder, &layout.abnormal, &layout.normal)?;
    for images in layout.normal.iter().chain(&layout.abnormal) {
        let found = layout.parted(images, &mut Vec::new())?.images;
        questions::about_folders_inside(images, &found)?;
        if layout.masks.is_none() {
            questions::about_masks_beside(images, &found)?;
        }
    }
    Ok(())
}
