//! The layout for your own images: plain folders.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::files::{self, name};
use super::mask_index::{MaskIndex, Seeker};
use super::split_normals::split_normals;
use crate::{DataError, Dataset, MaskFiles, Result, Sample, SkippedFile, names};

/// Where masks are stored.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaskLocation {
    /// In a folder that mirrors the abnormal ones. Masks have the names of their images, with or without
    /// `_mask`, with any image extension.
    Folder(PathBuf),
    /// Beside the images. A mask's name is its image's name without extension, followed by this ending, for
    /// example `_mask.png`; `_mask` matches any extension; use `.png` if the images are JPEG. Case does not
    /// matter. Files with this ending are never images.
    Beside(String),
}

/// Folders of normal and abnormal images.
///
/// An abnormal folder is one defect type, named after the folder. A folder with a general name (`abnormal`,
/// `bad`, `defect` and the like) has one type per sub-folder. A share of the normal images is used for
/// testing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FolderLayout {
    /// Name of the data set.
    pub name: String,
    /// Folders of normal images; sub-folders are included.
    pub normal: Vec<PathBuf>,
    /// Folders of abnormal images; may be empty.
    pub abnormal: Vec<PathBuf>,
    /// Where the masks are; `None` without masks.
    pub masks: Option<MaskLocation>,
    /// The share of the normal images used for testing, in `[0, 1)`.
    pub test_fraction: f64,
    /// Seed of the split; the same as scikit-learn's `random_state`.
    pub random_state: u32,
}

/// Names that say only that something is wrong.
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
    /// Lists the images and finds their masks; reads no pixels.
    ///
    /// # Errors
    /// [`DataError::FolderMissing`], [`DataError::NoNormalImages`], and [`DataError::Parameter`] for a
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
        let mut images = Vec::new();
        for folder in &self.abnormal {
            let found = self.images(folder, &mut skipped)?;
            images.extend(found.into_iter().map(|image| (image, folder.as_path())));
        }
        let found = self.masks_of(&images, &mut masks);
        for ((path, folder), mask) in images.into_iter().zip(found) {
            let defect_type = defect_type(&path, folder);
            abnormal.push(Sample::abnormal(path, &defect_type, mask));
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

    /// The folder that contains all others.
    fn root(&self) -> PathBuf {
        let mut folders = self.normal.iter().chain(&self.abnormal);
        let parent = |folder: &PathBuf| folder.parent().map(Path::to_owned).unwrap_or_default();
        let mut root = folders.next().map(parent).unwrap_or_default();
        for folder in folders {
            while !folder.starts_with(&root) && root.pop() {}
        }
        root
    }

    /// The images of a folder, without masks that lie beside them.
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

    /// The masks of abnormal images, each with the folder it was found in.
    fn masks_of(
        &self,
        images: &[(PathBuf, &Path)],
        masks: &mut MaskIndex,
    ) -> Vec<Option<MaskFiles>> {
        let mirrored = match &self.masks {
            Some(MaskLocation::Folder(_)) => true,
            Some(MaskLocation::Beside(_)) => false,
            None => return vec![None; images.len()],
        };
        let folders = |(image, folder): &(PathBuf, &Path)| -> Vec<PathBuf> {
            let parent = image.parent().unwrap_or(Path::new(""));
            if !mirrored {
                return vec![parent.to_owned()];
            }
            let below = parent.strip_prefix(folder).unwrap_or(Path::new(""));
            vec![Path::new(&name(folder)).join(below), below.to_owned()]
        };
        let seekers: Vec<Seeker<'_>> = images
            .iter()
            .map(|image| Seeker {
                image: &image.0,
                folders: folders(image),
            })
            .collect();
        masks.claim_all(&seekers)
    }
}

/// The part of a file's name before `ending`, if the name ends that way. An ending without a dot applies to
/// the name without its extension.
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

/// The folder's own name or, under a general name, the sub-folder's.
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
    below.map_or(own, |part| names::path_to_text(Path::new(part)))
}
