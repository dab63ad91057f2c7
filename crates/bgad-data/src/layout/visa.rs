//! VisA's layout: folders of normal and abnormal images, and a table that splits them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::files::{self, name};
use super::mask_index::{MaskIndex, Seeker};
use super::split_normals::{RANDOM_STATE, TEST_FRACTION, split_normals};
use super::table;
use crate::text::count;
use crate::{DataError, Dataset, MaskFiles, Result, Sample};

/// The published one-class split; its paths are relative to the folder of all categories.
const TABLE: &str = "split_csv/1cls.csv";
/// Name of the only defect type.
const ANOMALY: &str = "anomaly";
const EXPECTED: &str = "the columns object, split, label, image and mask";

/// Reads a category with the split file beside it; without one, draws a split.
pub(super) fn read(folder: &Path) -> Result<Dataset> {
    if folder.join("split_csv").is_dir() {
        return Err(DataError::CategoryNeeded {
            folder: folder.to_owned(),
            found: categories(folder)?,
        });
    }
    let full = folder.canonicalize().map_err(|reason| DataError::Io {
        path: folder.to_owned(),
        reason,
    })?;
    let root = match folder.parent() {
        Some(parent) if folder.file_name().is_some() && !parent.as_os_str().is_empty() => {
            parent.to_owned()
        }
        _ => full.parent().unwrap_or(&full).to_owned(),
    };
    let table = root.join(TABLE);
    match table.is_file() {
        true => by_table(&root, &table, &name(&full)),
        false => by_folders(folder),
    }
}

/// The folders of categories.
pub(super) fn categories(folder: &Path) -> Result<Vec<String>> {
    let folders = files::list(folder)?.folders;
    let is_category = |path: &&PathBuf| path.join("Data").is_dir();
    Ok(folders
        .iter()
        .filter(is_category)
        .map(|path| name(path))
        .collect())
}

fn by_table(root: &Path, table: &Path, category: &str) -> Result<Dataset> {
    let text = table::read(table)?;
    let mut reader = table::comma_separated(&text);
    let header = table::header(table, &mut reader)?;
    let columns = ["object", "split", "label", "image", "mask"].map(|name| header.column(name));
    let [Some(object), Some(split), Some(label), Some(image), mask] = columns else {
        return Err(header.lacks(table, EXPECTED));
    };
    let (mut train, mut test, mut abnormal) = (Vec::new(), Vec::new(), Vec::new());
    let mut train_abnormal = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| table::csv_error(table, &error))?;
        let line = table::line(&text, &record);
        if record.get(object) != Some(category) {
            continue;
        }
        let field = |column: usize| record.get(column).unwrap_or_default();
        let wrong =
            |found: &str, expected: &str| table::wrong(table, line, format!("'{found}'"), expected);
        let place = |path: &str| {
            table::inside(table, line, path)?;
            Ok::<_, DataError>(table::place(root, path))
        };
        let path = place(field(image))?;
        let trains = match field(split) {
            "train" => true,
            "test" => false,
            other => return Err(wrong(other, "the split train or test")),
        };
        match field(label) {
            "normal" => match trains {
                true => train.push(Sample::normal(path)),
                false => test.push(Sample::normal(path)),
            },
            "anomaly" => {
                let mask = mask.map(field).filter(|mask| !mask.is_empty());
                let mask = mask.map(place).transpose()?.map(MaskFiles::from);
                let sample = Sample::abnormal(path, ANOMALY, mask);
                match trains {
                    true => train_abnormal.push(sample),
                    false => abnormal.push(sample),
                }
            }
            other => return Err(wrong(other, "the label normal or anomaly")),
        }
    }
    if train.is_empty() {
        return Err(DataError::NoNormalImages {
            folder: root.join(category),
            expected: format!("rows of {TABLE} with the object {category}, train and normal"),
        });
    }
    train.extend(train_abnormal);
    test.extend(abnormal);
    let orphan_masks = unused_masks(&root.join(category), train.iter().chain(&test))?;
    let warnings = orphan_masks.first().map(|first| {
        let number = count(orphan_masks.len(), "mask");
        let first = name(first);
        format!(
            "{}: {number} not named by {TABLE}, such as {first}",
            root.display()
        )
    });
    Ok(Dataset {
        name: category.to_owned(),
        train,
        test,
        orphan_masks,
        ..files::described(root, Vec::new(), warnings.into_iter().collect())
    })
}

/// The masks in a category's folder that belong to no sample.
fn unused_masks<'a>(
    category: &Path,
    samples: impl Iterator<Item = &'a Sample>,
) -> Result<Vec<PathBuf>> {
    let folder = category.join("Data/Masks");
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let used: BTreeSet<&Path> = samples
        .flat_map(|sample| sample.mask.iter().flat_map(MaskFiles::paths))
        .collect();
    let mut masks = files::masks_below(&folder, &mut Vec::new())?;
    masks.retain(|mask| !used.contains(mask.as_path()));
    Ok(masks)
}

fn by_folders(folder: &Path) -> Result<Dataset> {
    let mut skipped = Vec::new();
    let normal = files::images_below(&folder.join("Data/Images/Normal"), &mut skipped)?;
    if normal.is_empty() {
        return Err(DataError::NoNormalImages {
            folder: folder.to_owned(),
            expected: "Data/Images/Normal".to_owned(),
        });
    }
    let images = folder.join("Data/Images/Anomaly");
    let images = match images.is_dir() {
        true => files::images_below(&images, &mut skipped)?,
        false => Vec::new(),
    };
    let masks = folder.join("Data/Masks/Anomaly");
    let mut masks = match masks.is_dir() {
        true => MaskIndex::read(&masks)?,
        false => MaskIndex::default(),
    };
    let seekers: Vec<Seeker<'_>> = images
        .iter()
        .map(|image| Seeker {
            image,
            folders: vec![PathBuf::new()],
        })
        .collect();
    let found = masks.claim_all(&seekers);
    let abnormal: Vec<Sample> = images
        .into_iter()
        .zip(found)
        .map(|(path, mask)| Sample::abnormal(path, ANOMALY, mask))
        .collect();
    let mut warnings = masks.warnings(folder, &abnormal);
    warnings.push(format!(
        "{}: no {TABLE} beside the category: the split is drawn",
        folder.display()
    ));
    warnings.extend(files::skipped_warnings(&skipped, folder));
    let dataset = Dataset {
        orphan_masks: masks.orphans(),
        ..files::described(folder, skipped, warnings)
    };
    let normal = normal.into_iter().map(Sample::normal).collect();
    Ok(split_normals(
        dataset,
        normal,
        abnormal,
        TEST_FRACTION,
        RANDOM_STATE,
    ))
}
