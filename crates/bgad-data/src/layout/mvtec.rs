//! MVTec AD's layout.

use std::path::{Path, PathBuf};

use super::files::{self, name};
use super::mask_index::{MaskIndex, Seeker};
use crate::{DataError, Dataset, Result, Sample};

/// Names of the folders that hold normal images.
const NORMAL: [&str; 2] = ["good", "ok"];

pub(super) fn read(folder: &Path) -> Result<Dataset> {
    read_tree(folder, &NORMAL, "train/good (or train/ok)")
}

/// Reads `train/NORMAL`, `test` and `ground_truth`; `expected` says where normal images should be.
pub(super) fn read_tree(folder: &Path, normal_names: &[&str], expected: &str) -> Result<Dataset> {
    let listing = files::list(folder)?;
    let train_folder = folder.join("train");
    if !train_folder.is_dir() {
        return Err(not_a_category(folder, &listing, expected));
    }

    let mut skipped = Vec::new();
    let mut train = Vec::new();
    for normal in files::list(&train_folder)?
        .folders
        .iter()
        .filter(|f| normal_names.contains(&name(f).as_str()))
    {
        train.extend(
            files::images_below(normal, &mut skipped)?
                .into_iter()
                .map(Sample::normal),
        );
    }
    if train.is_empty() {
        return Err(DataError::NoNormalImages {
            folder: folder.to_owned(),
            expected: expected.to_owned(),
        });
    }

    let mask_folder = folder.join("ground_truth");
    let mut masks = if mask_folder.is_dir() {
        MaskIndex::read(&mask_folder)?
    } else {
        MaskIndex::default()
    };
    let (mut test, mut abnormal) = (Vec::new(), Vec::new());
    let test_folder = folder.join("test");
    let types = if test_folder.is_dir() {
        files::list(&test_folder)?.folders
    } else {
        Vec::new()
    };
    let mut defective = Vec::new();
    for type_folder in types {
        let defect_type = name(&type_folder);
        for path in files::images_below(&type_folder, &mut skipped)? {
            if normal_names.contains(&defect_type.as_str()) {
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
    warnings.extend(files::skipped_warnings(&skipped, folder));
    test.extend(abnormal);
    Ok(Dataset {
        train,
        test,
        orphan_masks: masks.orphans(),
        ..files::described(folder, skipped, warnings)
    })
}

/// What to say of a folder without `train`: perhaps its sub-folders are the categories.
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
