//! A table that describes each image.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::manifest_row::{self, Role, Row};
use super::split_normals::{RANDOM_STATE, TEST_FRACTION, split_normals};
use super::{files, mask_places, table};
use crate::{DataError, Dataset, MaskFiles, Result, Sample, names};

/// The defect type if the table gives none.
const DEFECT: &str = "defect";
/// Reads the table `file`, or `manifest.csv` or `manifest.json` in the folder `file`.
pub(super) fn read(file: &Path, category: Option<&str>) -> Result<Dataset> {
    if let Some(category) = category {
        return Err(DataError::Parameter {
            name: "category",
            found: format!("'{category}'"),
            expected: "none, because a manifest is one data set; write one manifest per category"
                .to_owned(),
        });
    }
    let file = &find(file)?;
    let json = files::extension(file) == "json";
    let rows = if json {
        manifest_row::read_json(file)?
    } else {
        manifest_row::read_csv(file)?
    };
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let wrong = |row: &Row, found: String, expected: &str| {
        if json {
            entry_error(file, row.place, found, expected)
        } else {
            table::wrong(file, row.place, found, expected)
        }
    };
    let inside = |row: &Row, path: &str| {
        if !json {
            return table::inside(file, row.place, path);
        }
        if files::stays_inside(&names::path_from_text(path)) {
            return Ok(());
        }
        let found = format!("'{path}', which points outside the manifest's folder");
        Err(entry_error(
            file,
            row.place,
            found,
            "a relative path without '..'",
        ))
    };

    let mut listed = HashSet::new();
    let (mut unsaid, mut train, mut test) = (Vec::new(), Vec::new(), Vec::new());
    let (mut train_abnormal, mut test_abnormal) = (Vec::new(), Vec::new());
    let mut masks_of_normal = 0;
    for row in &rows {
        inside(row, &row.path)?;
        if !listed.insert(clean(&row.path)) {
            return Err(wrong(
                row,
                format!("'{}' a second time", row.path),
                "each image once",
            ));
        }
        let role = row.role().ok_or_else(|| {
            wrong(
                row,
                format!("the split {:?}", row.split.as_deref().unwrap_or("")),
                "train, test or nothing",
            )
        })?;
        let path = table::place(folder, &row.path);
        if row.is_abnormal().ok_or_else(|| {
            let expected = format!(
                "one of {}, {}",
                manifest_row::NORMAL.join(", "),
                manifest_row::ABNORMAL.join(", ")
            );
            wrong(row, format!("the label {:?}", row.label()), &expected)
        })? {
            let defect_type = row.defect_type.as_deref().unwrap_or("").trim();
            if defect_type == Sample::GOOD {
                let found = "the defect type 'good' of an abnormal image".to_owned();
                return Err(wrong(
                    row,
                    found,
                    "another name; good is that of normal images",
                ));
            }
            let mut masks = Vec::new();
            for mask in row.mask.paths() {
                inside(row, mask)?;
                masks.push(table::place(folder, mask));
            }
            let defect_type = if defect_type.is_empty() {
                DEFECT
            } else {
                defect_type
            };
            let sample = Sample::abnormal(path, defect_type, MaskFiles::several(masks));
            match role {
                Role::Train => train_abnormal.push(sample),
                Role::Test | Role::Unsaid => test_abnormal.push(sample),
            }
        } else {
            masks_of_normal += row.mask.paths().len();
            match role {
                Role::Train => train.push(Sample::normal(path)),
                Role::Test => test.push(Sample::normal(path)),
                Role::Unsaid => unsaid.push(Sample::normal(path)),
            }
        }
    }

    let mut dataset = files::described(folder, Vec::new(), Vec::new());
    let stem = files::stem(file);
    if stem != "manifest" {
        dataset.name = stem;
    }
    let mut dataset = split_normals(dataset, unsaid, test_abnormal, TEST_FRACTION, RANDOM_STATE);
    // First the images that the table assigns to a set, then those that were drawn.
    train.append(&mut dataset.train);
    train.append(&mut train_abnormal);
    test.append(&mut dataset.test);
    (dataset.train, dataset.test) = (train, test);
    if !dataset
        .train
        .iter()
        .any(|sample| !sample.label.is_abnormal())
    {
        return Err(DataError::NoNormalImages {
            folder: file.clone(),
            expected: "rows with the label normal and the split train or none".to_owned(),
        });
    }
    let unused = mask_places::of_normal(masks_of_normal, file);
    dataset.warnings.extend(unused);
    if !dataset.test.iter().any(|sample| sample.label.is_abnormal()) {
        let text = format!(
            "{}: 0 abnormal test images; nothing can be evaluated",
            file.display()
        );
        dataset.warnings.push(text);
    }
    Ok(dataset)
}

/// Whether a file's name is that of a table.
pub(super) fn is_table(file: &Path) -> bool {
    ["csv", "json"].contains(&files::extension(file).as_str())
}

/// The path of the table.
fn find(file: &Path) -> Result<PathBuf> {
    let candidates = match file.is_dir() {
        true => vec![file.join("manifest.csv"), file.join("manifest.json")],
        false => vec![file.to_owned()],
    };
    candidates
        .into_iter()
        .find(|path| path.is_file() && is_table(path))
        .ok_or_else(|| DataError::FileMissing {
            file: file.to_owned(),
            expected: "expected a table .csv or .json with the columns path and label, or a folder with manifest.csv or manifest.json".to_owned(),
        })
}

fn entry_error(file: &Path, entry: u64, found: String, expected: &str) -> DataError {
    DataError::Entry {
        file: file.to_owned(),
        entry,
        found,
        expected: expected.to_owned(),
    }
}

/// The path without `.` parts, so that each file has one name.
fn clean(path: &str) -> PathBuf {
    names::path_from_text(path)
        .components()
        .filter(|part| matches!(part, std::path::Component::Normal(_)))
        .collect()
}
