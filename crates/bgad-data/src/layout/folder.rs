//! The layout for your own images: plain folders.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::files::{self, name};
use super::mask_index::{MaskIndex, Seeker};
use super::mask_location::MaskLocation;
use super::mask_places::{self, Parted};
use super::split_normals::split_normals;
use crate::{DataError, Dataset, MaskFiles, Result, Sample, SkippedFile, names};

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
    /// Folders that are not read, because their names do not say what they hold; a warning names them.
    #[serde(default)]
    pub left_out: Vec<PathBuf>,
    /// The share of the normal images used for testing, in `[0, 1)`.
    pub test_fraction: f64,
    /// Seed of the split; the same as scikit-learn's `random_state`.
    pub random_state: u32,
}

/// Names that say only that something is wrong.
const GENERAL: [&str; 15] = [
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
    "nok",
    "not_good",
    "ungood",
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
        let mut masks_of_normal = 0;
        for folder in &self.normal {
            let found = self.parted(folder, &mut skipped)?;
            masks_of_normal += found.mask_count();
            normal.extend(found.images.into_iter().map(Sample::normal));
        }
        if normal.is_empty() {
            let folder = self.normal.first().cloned().unwrap_or_default();
            let expected = "the folders of normal images".to_owned();
            return Err(DataError::NoNormalImages { folder, expected });
        }

        let mut masks = match &self.masks {
            Some(MaskLocation::Folder(folder)) => MaskIndex::read(folder)?,
            _ => MaskIndex::default(),
        };
        let mut abnormal = Vec::new();
        let mut images = Vec::new();
        for folder in &self.abnormal {
            let found = self.parted(folder, &mut skipped)?;
            found.add_masks_to(&mut masks);
            images.extend(
                found
                    .images
                    .into_iter()
                    .map(|image| (image, folder.as_path())),
            );
        }
        let found = self.masks_of(&images, &mut masks);
        for ((path, folder), mask) in images.into_iter().zip(found) {
            let defect_type = defect_type(&path, folder);
            abnormal.push(Sample::abnormal(path, &defect_type, mask));
        }

        let root = self.root();
        let mut warnings = masks.warnings(&root, &abnormal);
        warnings.extend(mask_places::of_normal(masks_of_normal, &root));
        if !self.left_out.is_empty() {
            let names: Vec<String> = self.left_out.iter().map(|path| name(path)).collect();
            warnings.push(format!(
                "{}: not read, because the names suggest no defect: {}; name folders of defects with --abnormal",
                root.display(),
                names.join(", ")
            ));
        }
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

    /// The images and masks of a folder, without those in named folders inside it.
    pub(super) fn parted(&self, folder: &Path, skipped: &mut Vec<SkippedFile>) -> Result<Parted> {
        let masks = match &self.masks {
            Some(MaskLocation::Folder(masks)) => Some(masks),
            _ => None,
        };
        let all = self.normal.iter().chain(&self.abnormal).chain(masks);
        let inner: Vec<&PathBuf> = all
            .filter(|other| other.as_path() != folder && other.starts_with(folder))
            .collect();
        let mut parted = Parted::read(folder, self.masks.as_ref(), skipped)?;
        let is_own = |image: &PathBuf| !inner.iter().any(|other| image.starts_with(other));
        parted.images.retain(is_own);
        Ok(parted)
    }

    /// The folder that contains all others.
    fn root(&self) -> PathBuf {
        let mut folders = self.normal.iter().chain(&self.abnormal);
        // `set/.` is `set` itself.
        let is_itself = |folder: &Path| folder.as_os_str().as_encoded_bytes().ends_with(b"/.");
        let parent = |folder: &PathBuf| match is_itself(folder) {
            true => folder.components().collect(),
            false => folder.parent().map(Path::to_owned).unwrap_or_default(),
        };
        let mut root = folders.next().map(parent).unwrap_or_default();
        for folder in folders {
            while !folder.starts_with(&root) && root.pop() {}
        }
        root
    }

    /// The masks of abnormal images, each with the folder it was found in.
    fn masks_of(
        &self,
        images: &[(PathBuf, &Path)],
        masks: &mut MaskIndex,
    ) -> Vec<Option<MaskFiles>> {
        let mirrored = match &self.masks {
            Some(MaskLocation::Folder(_)) => true,
            Some(_) => false,
            None => return vec![None; images.len()],
        };
        let folders = |(image, folder): &(PathBuf, &Path)| -> Vec<PathBuf> {
            if !mirrored {
                return mask_places::folders_of(image, folder);
            }
            let parent = image.parent().unwrap_or(Path::new(""));
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

/// The folder's own name or, under a general name, the sub-folder's.
fn defect_type(image: &Path, folder: &Path) -> String {
    let own = name(folder);
    if !GENERAL.contains(&own.to_lowercase().as_str()) {
        return own;
    }
    let below = image.strip_prefix(folder).ok().and_then(Path::parent);
    let mut parts = below.into_iter().flat_map(Path::iter).map(Path::new);
    let part = parts.find(|part| !mask_places::divides(part));
    part.map_or(own, names::path_to_text)
}
