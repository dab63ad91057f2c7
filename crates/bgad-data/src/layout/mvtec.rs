//! MVTec AD's layout.

use std::path::{Path, PathBuf};

use super::files::{self, name};
use super::mask_index::{MaskIndex, Seeker};
use super::questions;
use crate::{DataError, Dataset, Result, Sample};

/// The names of a tree's folders.
pub(super) struct Tree<'a> {
    /// Names for folders of normal images, in `train` and in the test set; case does not matter.
    pub(super) normal: &'a [&'a str],
    /// The folder of the test set.
    pub(super) test: &'a str,
    /// The folder of masks; `None` without masks, or if the caller looks for them.
    pub(super) masks: Option<&'a str>,
    /// Where normal images should be, for messages.
    pub(super) expected: &'a str,
}

pub(super) fn read(folder: &Path) -> Result<Dataset> {
    let tree = Tree {
        normal: &["good", "ok", "normal"],
        test: "test",
        masks: Some("ground_truth"),
        expected: "train/good (or train/ok)",
    };
    read_tree(folder, &tree)
}

/// Reads the training set, the test set and its masks.
pub(super) fn read_tree(folder: &Path, tree: &Tree<'_>) -> Result<Dataset> {
    let expected = tree.expected;
    let is_normal = |name: &str| tree.normal.contains(&name.to_lowercase().as_str());
    let listing = files::list(folder)?;
    let train_folder = folder.join("train");
    if !train_folder.is_dir() {
        return Err(not_a_category(folder, &listing, expected));
    }

    let mut skipped = Vec::new();
    let mut train = Vec::new();
    let (normal, others): (Vec<PathBuf>, Vec<PathBuf>) = files::list(&train_folder)?
        .folders
        .into_iter()
        .partition(|folder| is_normal(&name(folder)));
    for normal in normal {
        let images = files::images_below(&normal, &mut skipped)?;
        questions::about_folders_inside(&normal, &images)?;
        train.extend(images.into_iter().map(Sample::normal));
    }
    if train.is_empty() {
        return Err(DataError::NoNormalImages {
            folder: folder.to_owned(),
            expected: expected.to_owned(),
        });
    }

    let mask_folder = tree.masks.map(|masks| folder.join(masks));
    let mask_folder = mask_folder.filter(|folder| folder.is_dir());
    let mut masks = match &mask_folder {
        Some(masks) => MaskIndex::read(masks)?,
        None => MaskIndex::default(),
    };
    let (mut test, mut abnormal) = (Vec::new(), Vec::new());
    let test_folder = folder.join(tree.test);
    let types = if test_folder.is_dir() {
        files::list(&test_folder)?.folders
    } else {
        Vec::new()
    };
    let mut defective = Vec::new();
    for type_folder in types {
        if mask_folder.as_ref() == Some(&type_folder) {
            continue;
        }
        let defect_type = name(&type_folder);
        let images = files::images_below(&type_folder, &mut skipped)?;
        questions::about_folders_inside(&type_folder, &images)?;
        for path in images {
            if is_normal(&defect_type) {
                test.push(Sample::normal(path));
            } else {
                defective.push((path, defect_type.clone()));
            }
        }
    }
    let seekers: Vec<Seeker<'_>> = defective
        .iter()
        .map(|(image, defect_type)| Seeker {
            image,
            folders: vec![PathBuf::from(defect_type)],
        })
        .collect();
    let found = masks.claim_all(&seekers);
    for ((path, defect_type), mask) in defective.into_iter().zip(found) {
        abnormal.push(Sample::abnormal(path, &defect_type, mask));
    }

    let mut warnings = masks.warnings(folder, &abnormal);
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
    warnings.extend(files::skipped_warnings(&skipped, folder));
    test.extend(abnormal);
    Ok(Dataset {
        train,
        test,
        orphan_masks: masks.orphans(),
        ..files::described(folder, skipped, warnings)
    })
}

/// The error for a folder without `train`; its sub-folders may be the categories.
fn not_a_category(folder: &Path, listing: &files::Listing, expected: &str) -> DataError {
    let found: Vec<String> = listing
        .folders
        .iter()
        .filter(|folder| folder.join("train").is_dir())
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
