//! Plain folders: the layout for people's own images.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::files::{self, name};
use super::mask_index::MaskIndex;
use super::{RANDOM_STATE, TEST_FRACTION, split_normals};
use crate::{DataError, Dataset, MaskFiles, Result, Sample, SkippedFile};

/// Where masks lie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaskLocation {
    /// In a folder that mirrors the abnormal ones; named as the images, with or without `_mask`, with
    /// any image extension.
    Folder(PathBuf),
    /// Beside the images: the image's name without extension, then this ending, for example `_mask.png`;
    /// `_mask` for any extension; or `.png` where the images are JPEG. Upper or lower case. Files with
    /// this ending are never images.
    Beside(String),
}

/// Sub-folders by name, where [`FolderLayout::discover`] would not know them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FolderNames {
    /// Folders of normal images; if there are none, those with a usual name.
    pub normal: Vec<PathBuf>,
    /// Folders of abnormal images; if there are none, all others.
    pub abnormal: Vec<PathBuf>,
    /// Where the masks are; if it is not said, the folder with a usual name.
    pub masks: Option<MaskLocation>,
}

impl FolderNames {
    /// Whether nothing was said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
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
        Self::discover_named(folder, &FolderNames::default())
    }

    /// As [`discover`](Self::discover), with the folders in `names` (relative to `folder`) in place of
    /// the usual ones.
    ///
    /// # Errors
    /// As [`discover`](Self::discover).
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

    /// Reads the names of the images and finds their masks.
    ///
    /// # Errors
    /// [`DataError::FolderMissing`], [`DataError::NoNormalImages`], [`DataError::Parameter`] for a
    /// `test_fraction` outside `[0, 1)` or an empty mask ending.
    pub fn read(&self) -> Result<Dataset> {
        if !(0.0..1.0).contains(&self.test_fraction) {
            return Err(DataError::Parameter {
                name: "test_fraction",
                found: self.test_fraction.to_string(),
                expected: "at least 0 and less than 1".to_owned(),
            });
        }
        if matches!(&self.masks, Some(MaskLocation::Beside(ending)) if ending.is_empty()) {
            return Err(DataError::Parameter {
                name: "mask suffix",
                found: "nothing".to_owned(),
                expected: "the ending of the masks' names, for example _mask.png".to_owned(),
            });
        }
        let mut skipped = Vec::new();
        let mut normal = Vec::new();
        for folder in &self.normal {
            normal.extend(
                self.images(folder, &mut skipped)?
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
            for path in self.images(folder, &mut skipped)? {
                let mask = self.mask_of(&path, folder, &mut masks);
                abnormal.push(Sample::abnormal(
                    path.clone(),
                    &defect_type(&path, folder),
                    mask,
                ));
            }
        }

        let root = self.root();
        let mut warnings = masks.warnings(&root, &abnormal);
        if abnormal.is_empty() {
            warnings.push(format!(
                "{}: 0 abnormal images; nothing can be evaluated",
                root.display()
            ));
        }
        warnings.extend(files::skipped_warnings(&skipped, &root));
        let dataset = Dataset {
            name: self.name.clone(),
            orphan_masks: masks.orphans(),
            ..files::described(&root, skipped, warnings)
        };
        Ok(split_normals(
            dataset,
            normal,
            abnormal,
            self.test_fraction,
            self.random_state,
        ))
    }

    /// The folder that holds all others.
    fn root(&self) -> PathBuf {
        let mut folders = self.normal.iter().chain(&self.abnormal);
        let parent = |folder: &PathBuf| folder.parent().map(Path::to_owned).unwrap_or_default();
        let mut root = folders.next().map(parent).unwrap_or_default();
        for folder in folders {
            while !folder.starts_with(&root) && root.pop() {}
        }
        root
    }

    /// The images of a folder, without masks beside them.
    fn images(&self, folder: &Path, skipped: &mut Vec<SkippedFile>) -> Result<Vec<PathBuf>> {
        let mut images = files::images_below(folder, skipped)?;
        if let Some(MaskLocation::Beside(ending)) = &self.masks {
            images.retain(|path| stem_before(path, ending).is_none());
        }
        Ok(images)
    }

    fn mask_index(&self) -> Result<MaskIndex> {
        match &self.masks {
            Some(MaskLocation::Folder(folder)) => MaskIndex::read(folder),
            Some(MaskLocation::Beside(ending)) => {
                let mut index = MaskIndex::default();
                for folder in &self.abnormal {
                    for path in files::images_below(folder, &mut Vec::new())? {
                        if let Some(stem) = stem_before(&path, ending) {
                            index.add(path, &stem);
                        }
                    }
                }
                Ok(index)
            }
            None => Ok(MaskIndex::default()),
        }
    }

    fn mask_of(&self, image: &Path, folder: &Path, masks: &mut MaskIndex) -> Option<MaskFiles> {
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
            Some(MaskLocation::Beside(_)) => masks.claim_beside(image),
            None => None,
        }
    }
}

/// What stands before `ending` in a file's name, if that is how it ends; an ending without a dot is
/// that of the name without its extension.
fn stem_before(path: &Path, ending: &str) -> Option<String> {
    let name = if ending.contains('.') {
        name(path)
    } else {
        files::stem(path)
    };
    let cut = name.len().checked_sub(ending.len())?;
    let tail = name.get(cut..)?;
    tail.eq_ignore_ascii_case(ending)
        .then(|| name[..cut].to_owned())
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
