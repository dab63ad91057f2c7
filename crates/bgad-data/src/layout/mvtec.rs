//! MVTec AD's layout.

use std::path::{Path, PathBuf};

use super::files::{self, name};
use super::folder_names::FolderNames;
use super::mask_index::{MaskIndex, Seeker};
use super::mask_location::MaskLocation;
use super::mask_places::{self, Parted};
use super::{questions, usual_names};
use crate::text::count;
use crate::{DataError, Dataset, Result, Sample, SkippedFile};

/// The names of a tree's folders.
pub(super) struct Tree<'a> {
    /// Whether a folder of this name, in `train` or in the test set, holds normal images.
    pub(super) is_normal: &'a dyn Fn(&str) -> bool,
    /// Whether a folder of this name in the test set is read; others are not asked about.
    pub(super) is_type: Option<&'a dyn Fn(&str) -> bool>,
    /// The folder of the test set.
    pub(super) test: &'a str,
    /// Where the masks are; `None` without masks, or if the caller looks for them.
    pub(super) masks: Option<MaskLocation>,
    /// Where normal images should be, for messages.
    pub(super) expected: &'a str,
}

/// The folder of masks, if it is there.
pub(super) fn mask_folder(folder: PathBuf) -> Option<MaskLocation> {
    folder.is_dir().then_some(MaskLocation::Folder(folder))
}

/// Reads the tree. `names` name folders in `train` and in the test set, such as `ok_front` or `train/ok_front`.
pub(super) fn read(folder: &Path, names: &FolderNames) -> Result<Dataset> {
    let is_one = |paths: &[PathBuf], wanted: &str| paths.iter().any(|path| name(path) == wanted);
    let is_normal = |name: &str| match names.normal.is_empty() {
        true => usual_names::is_normal(name),
        false => is_one(&names.normal, name),
    };
    let is_type = |name: &str| is_normal(name) || is_one(&names.abnormal, name);
    let is_type: &dyn Fn(&str) -> bool = &is_type;
    let masks = match names.masks_in(folder)? {
        Some(masks) => Some(masks),
        None => mask_folder(files::inner(folder, "ground_truth")),
    };
    let tree = Tree {
        is_normal: &is_normal,
        is_type: (!names.abnormal.is_empty()).then_some(is_type),
        test: "test",
        masks,
        expected: "train/good (or train/ok)",
    };
    read_tree(folder, &tree)
}

/// Reads the training set, the test set and its masks.
pub(super) fn read_tree(folder: &Path, tree: &Tree<'_>) -> Result<Dataset> {
    let expected = tree.expected;
    let listing = files::list(folder)?;
    let train_folder = files::inner(folder, "train");
    if !train_folder.is_dir() {
        return Err(not_a_category(folder, &listing, expected));
    }

    let (mut skipped, mut warnings) = (Vec::new(), Vec::new());
    let mut train = Vec::new();
    let (normal, others): (Vec<PathBuf>, Vec<PathBuf>) = files::list(&train_folder)?
        .folders
        .into_iter()
        .partition(|folder| (tree.is_normal)(&name(folder)));
    for normal in normal {
        let parted = tree.part(&normal, &mut skipped)?;
        warnings.extend(mask_places::of_normal(parted.mask_count(), &normal));
        train.extend(parted.images.into_iter().map(Sample::normal));
    }
    if train.is_empty() {
        return Err(DataError::NoNormalImages {
            folder: folder.to_owned(),
            expected: expected.to_owned(),
        });
    }

    let mask_folder = match &tree.masks {
        Some(MaskLocation::Folder(folder)) => Some(folder),
        _ => None,
    };
    let mut masks = match mask_folder {
        Some(masks) => MaskIndex::read(masks)?,
        None => MaskIndex::default(),
    };
    let (mut test, mut abnormal) = (Vec::new(), Vec::new());
    let test_folder = files::inner(folder, tree.test);
    let types = if test_folder.is_dir() {
        files::list(&test_folder)?.folders
    } else {
        Vec::new()
    };
    let mut defective = Vec::new();
    for type_folder in types {
        let defect_type = name(&type_folder);
        let is_read = tree.is_type.is_none_or(|is_type| is_type(&defect_type));
        if mask_folder == Some(&type_folder) || !is_read {
            continue;
        }
        if matches!(&tree.masks, Some(MaskLocation::Inside(masks)) if masks == &defect_type) {
            // Beside the folder of normal images, so they are the masks of those.
            let unused = files::masks_below(&type_folder, &mut skipped)?.len();
            warnings.extend(mask_places::of_normal(unused, &type_folder));
            continue;
        }
        let parted = tree.part(&type_folder, &mut skipped)?;
        if (tree.is_normal)(&defect_type) {
            warnings.extend(mask_places::of_normal(parted.mask_count(), &type_folder));
            test.extend(parted.images.into_iter().map(Sample::normal));
            continue;
        }
        if tree.is_type.is_none() && !parted.images.is_empty() {
            questions::about_masks(&test_folder, &defect_type)?;
        }
        parted.add_masks_to(&mut masks);
        let found = parted.images.into_iter();
        defective.extend(found.map(|path| (path, type_folder.clone(), defect_type.clone())));
    }
    let seekers: Vec<Seeker<'_>> = defective
        .iter()
        .map(|(image, folder, defect_type)| Seeker {
            image,
            folders: match mask_folder {
                Some(_) => vec![PathBuf::from(defect_type)],
                None => mask_places::folders_of(image, folder),
            },
        })
        .collect();
    let found = masks.claim_all(&seekers);
    for ((path, _, defect_type), mask) in defective.into_iter().zip(found) {
        abnormal.push(Sample::abnormal(path, &defect_type, mask));
    }

    warnings.extend(masks.warnings(folder, &abnormal));
    if test.is_empty() && abnormal.is_empty() {
        warnings.push(format!(
            "{}: 0 test images; nothing can be evaluated",
            folder.display()
        ));
    }
    if !others.is_empty() {
        let others: Vec<String> = others.iter().map(|path| name(path)).collect();
        warnings.push(format!(
            "{}: not trained on, because they do not hold normal images: {}",
            train_folder.display(),
            others.join(", ")
        ));
    }
    warnings.extend(unused_validation(&listing)?);
    warnings.extend(files::skipped_warnings(&skipped, folder));
    test.extend(abnormal);
    Ok(Dataset {
        train,
        test,
        orphan_masks: masks.orphans(),
        ..files::described(folder, skipped, warnings)
    })
}

impl Tree<'_> {
    /// The images and masks of a folder.
    fn part(&self, folder: &Path, skipped: &mut Vec<SkippedFile>) -> Result<Parted> {
        let parted = Parted::read(folder, self.masks.as_ref(), skipped)?;
        if self.is_type.is_none() {
            questions::about_folders_inside(folder, &parted.images)?;
        }
        Ok(parted)
    }
}

/// A warning about images that are neither trained on nor tested. The normal ones are useful for calibration.
fn unused_validation(listing: &files::Listing) -> Result<Option<String>> {
    let is_one = |folder: &&PathBuf| {
        let name = name(folder).to_lowercase();
        ["val", "valid", "validation"].contains(&name.as_str())
    };
    let Some(folder) = listing.folders.iter().find(is_one) else {
        return Ok(None);
    };
    let images = files::images_below(folder, &mut Vec::new())?;
    let images = count(images.len(), "image");
    Ok(Some(format!(
        "{}: {images} not used; `bgad calibrate --normal` can choose the threshold from the normal ones",
        folder.display()
    )))
}

/// The error for a folder without `train`; its sub-folders may be the categories.
fn not_a_category(folder: &Path, listing: &files::Listing, expected: &str) -> DataError {
    let found: Vec<String> = listing
        .folders
        .iter()
        .filter(|folder| files::inner(folder, "train").is_dir())
        .map(|folder| name(folder))
        .collect();
    if !found.is_empty() {
        return DataError::CategoryNeeded {
            folder: folder.to_owned(),
            found,
        };
    }
    match files::images_below(folder, &mut Vec::new()) {
        Ok(images) if !images.is_empty() => DataError::NoNormalImages {
            folder: folder.to_owned(),
            expected: expected.to_owned(),
        },
        Ok(_) => DataError::NoImages {
            folder: folder.to_owned(),
        },
        Err(error) => error,
    }
}
