//! Plain folders: the layout for people's own images.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::files::{self, name};
use super::mask_index::MaskIndex;
use super::{RANDOM_STATE, TEST_FRACTION, split_normals};
use crate::{DataError, Dataset, Result, Sample};

/// Where masks lie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaskLocation {
    /// In a folder that mirrors the abnormal ones; named as the images, with or without `_mask`, with
    /// any image extension.
    Folder(PathBuf),
    /// Beside the images: the image's name without extension, then this ending, for example `_mask.png`;
    /// or `.png` where the images are JPEG. Files with this ending are never images.
    Beside(String),
}

/// Folders of normal and abnormal images.
///
/// An abnormal folder is one defect type by its own name; one with a general name (`abnormal`, `bad`,
/// `defect` and the like) has a type per sub-folder. A share of the normal images tests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FolderLayout {
    /// Name of the data set.
    pub name: String,
    /// Folders of normal images; sub-folders are included.
    pub normal: Vec<PathBuf>,
    /// Folders of abnormal images; may be none.
    pub abnormal: Vec<PathBuf>,
    /// Where the masks are, if there are any.
    pub masks: Option<MaskLocation>,
    /// The share of the normal images that tests, in `[0, 1)`.
    pub test_fraction: f64,
    /// Seed of the split, as scikit-learn's `random_state`.
    pub random_state: u32,
}

const NORMAL: [&str; 3] = ["normal", "good", "ok"];
const MASKS: [&str; 3] = ["masks", "mask", "ground_truth"];
/// Names that say no more than that something is wrong.
const GENERAL: [&str; 13] = [
    "abnormal",
    "abnormals",
    "anomaly",
    "anomalies",
    "anomalous",
    "bad",
    "defect",
    "defects",
    "defective",
    "faulty",
    "ko",
    "ng",
    "not_good",
];

impl FolderLayout {
    /// Takes the sub-folders `normal`, `good` or `ok` for normal images, `masks`, `mask` or `ground_truth`
    /// for masks, and all others for abnormal images; upper or lower case.
    ///
    /// # Errors
    /// [`DataError::FolderMissing`], [`DataError::NoImages`], [`DataError::CategoryNeeded`] where the
    /// sub-folders are such data sets themselves, [`DataError::NoNormalImages`].
    pub fn discover(folder: &Path) -> Result<Self> {
        let is = |path: &Path, names: &[&str]| names.contains(&name(path).to_lowercase().as_str());
        let listing = files::list(folder)?;
        let (normal, others): (Vec<_>, Vec<_>) = listing
            .folders
            .into_iter()
            .partition(|path| is(path, &NORMAL));
        let (masks, abnormal): (Vec<_>, Vec<_>) =
            others.into_iter().partition(|path| is(path, &MASKS));
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
            if files::images_below(folder, &mut 0)?.is_empty() {
                return Err(DataError::NoImages {
                    folder: folder.to_owned(),
                });
            }
            let expected = "a sub-folder 'normal', 'good' or 'ok'".to_owned();
            return Err(DataError::NoNormalImages {
                folder: folder.to_owned(),
                expected,
            });
        }
        Ok(Self {
            name: files::dataset_name(folder),
            normal,
            abnormal,
            masks: masks.into_iter().next().map(MaskLocation::Folder),
            test_fraction: TEST_FRACTION,
            random_state: RANDOM_STATE,
        })
    }

    /// Reads the names of the images and finds their masks.
    ///
    /// # Errors
    /// [`DataError::FolderMissing`], [`DataError::NoNormalImages`], [`DataError::Parameter`] for a
    /// `test_fraction` outside `[0, 1)`.
    pub fn read(&self) -> Result<Dataset> {
        if !(0.0..1.0).contains(&self.test_fraction) {
            return Err(DataError::Parameter {
                name: "test_fraction",
                found: self.test_fraction.to_string(),
                expected: "at least 0 and less than 1".to_owned(),
            });
        }
        let mut others = 0;
        let mut normal = Vec::new();
        for folder in &self.normal {
            normal.extend(
                self.images(folder, &mut others)?
                    .into_iter()
                    .map(Sample::normal),
            );
        }
        if normal.is_empty() {
            let folder = self.normal.first().cloned().unwrap_or_default();
            let expected = "the folders of normal images".to_owned();
            return Err(DataError::NoNormalImages { folder, expected });
        }

        let mut masks = self.mask_index()?;
        let mut abnormal = Vec::new();
        for folder in &self.abnormal {
            for path in self.images(folder, &mut others)? {
                let mask = self.mask_of(&path, folder, &mut masks);
                abnormal.push(Sample::abnormal(
                    path.clone(),
                    &defect_type(&path, folder),
                    mask,
                ));
            }
        }

        let root = self
            .normal
            .first()
            .and_then(|folder| folder.parent())
            .map(Path::to_owned)
            .unwrap_or_default();
        let mut warnings = masks.warnings(&root, &abnormal);
        if abnormal.is_empty() {
            warnings.push(format!(
                "{}: 0 abnormal images; nothing can be evaluated",
                root.display()
            ));
        }
        warnings.extend(files::skipped_warning(others, &root));
        let name = self.name.clone();
        Ok(split_normals(
            name,
            normal,
            abnormal,
            self.test_fraction,
            self.random_state,
            warnings,
        ))
    }

    /// The images of a folder, without masks beside them.
    fn images(&self, folder: &Path, others: &mut usize) -> Result<Vec<PathBuf>> {
        let mut images = files::images_below(folder, others)?;
        if let Some(MaskLocation::Beside(ending)) = &self.masks {
            images.retain(|path| !name(path).ends_with(ending.as_str()));
        }
        Ok(images)
    }

    fn mask_index(&self) -> Result<MaskIndex> {
        match &self.masks {
            Some(MaskLocation::Folder(folder)) => MaskIndex::read(folder),
            Some(MaskLocation::Beside(ending)) => {
                let mut index = MaskIndex::default();
                for path in self
                    .abnormal
                    .iter()
                    .map(|folder| files::images_below(folder, &mut 0))
                {
                    path?
                        .into_iter()
                        .filter(|path| name(path).ends_with(ending.as_str()))
                        .for_each(|p| index.add(p));
                }
                Ok(index)
            }
            None => Ok(MaskIndex::default()),
        }
    }

    fn mask_of(&self, image: &Path, folder: &Path, masks: &mut MaskIndex) -> Option<PathBuf> {
        match &self.masks {
            Some(MaskLocation::Folder(_)) => {
                let below = image
                    .strip_prefix(folder)
                    .ok()
                    .and_then(Path::parent)
                    .unwrap_or(Path::new(""));
                masks.claim(
                    &[&Path::new(&name(folder)).join(below), below],
                    &files::stem(image),
                )
            }
            Some(MaskLocation::Beside(ending)) => {
                masks.claim_path(&image.with_file_name(format!("{}{ending}", files::stem(image))))
            }
            None => None,
        }
    }
}

/// The folder's own name, or under a general name that of the sub-folder.
fn defect_type(image: &Path, folder: &Path) -> String {
    let own = name(folder);
    if !GENERAL.contains(&own.to_lowercase().as_str()) {
        return own;
    }
    let below = image
        .strip_prefix(folder)
        .ok()
        .and_then(Path::parent)
        .and_then(|path| path.iter().next());
    below.map_or(own, |part| part.to_string_lossy().into_owned())
}
