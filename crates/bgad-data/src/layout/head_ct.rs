//! HeadCT's layout.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::split_normals::{RANDOM_STATE, TEST_FRACTION, split_normals};
use super::{files, table};
use crate::text::count;
use crate::{DataError, Dataset, Result, Sample, names};

/// Name of the only defect type.
const HEMORRHAGE: &str = "hemorrhage";
/// The table with each image's label.
const TABLE: &str = "labels.csv";
/// The folder of the images.
const IMAGES: &str = "head_ct";

/// One row of the table.
struct Row {
    line: u64,
    id: String,
    hemorrhage: bool,
}

pub(super) fn read(folder: &Path) -> Result<Dataset> {
    let listing = files::list(folder)?;
    let table = folder.join(TABLE);
    if !table.is_file() {
        if listing.images.is_empty() && files::images_below(folder, &mut Vec::new())?.is_empty() {
            return Err(DataError::NoImages {
                folder: folder.to_owned(),
            });
        }
        let expected =
            "expected a table with the columns id and hemorrhage beside the folder head_ct"
                .to_owned();
        return Err(DataError::FileMissing {
            file: table,
            expected,
        });
    }
    let image_folder = folder.join(IMAGES);
    if !image_folder.is_dir() {
        return Err(DataError::FolderMissing {
            folder: image_folder,
        });
    }
    let mut skipped = Vec::new();
    let images = files::images_below(&image_folder, &mut skipped)?;
    if images.is_empty() {
        return Err(DataError::NoImages {
            folder: image_folder,
        });
    }

    let (mut normal, mut abnormal, mut absent) = (Vec::new(), Vec::new(), Vec::new());
    let ids = by_id(&images, &image_folder);
    let mut listed = HashSet::new();
    for Row {
        line,
        id,
        hemorrhage,
    } in read_table(&table)?
    {
        let Some(&path) = ids.get(&id) else {
            absent.push(id);
            continue;
        };
        if !listed.insert(path) {
            let (found, expected) = (
                format!("'{id}' a second time"),
                "each image once".to_owned(),
            );
            return Err(DataError::Table {
                file: table,
                line,
                found,
                expected,
            });
        }
        if hemorrhage {
            abnormal.push(Sample::abnormal(path.clone(), HEMORRHAGE, None));
        } else {
            normal.push(Sample::normal(path.clone()));
        }
    }
    if normal.is_empty() {
        let expected = "images of head_ct with hemorrhage 0 in labels.csv".to_owned();
        return Err(DataError::NoNormalImages {
            folder: folder.to_owned(),
            expected,
        });
    }
    let mut warnings = files::skipped_warnings(&skipped, &image_folder);
    if !absent.is_empty() {
        warnings.push(format!(
            "{}: {} named there do not exist",
            table.display(),
            count(absent.len(), "image")
        ));
    }
    let unlabelled: Vec<&PathBuf> = images.iter().filter(|i| !listed.contains(i)).collect();
    if !unlabelled.is_empty() {
        let what = count(unlabelled.len(), "image");
        warnings.push(format!(
            "{}: {what} skipped, not in {TABLE}",
            image_folder.display()
        ));
    }
    if abnormal.is_empty() {
        warnings.push(format!("{}: 0 abnormal images", table.display()));
    }
    let absent = absent.into_iter().map(|id| image_folder.join(id));
    skipped.extend(
        absent.map(|path| files::skipped(path, "named in labels.csv, but the file does not exist")),
    );
    let unlabelled = unlabelled.into_iter().cloned();
    skipped.extend(unlabelled.map(|path| files::skipped(path, "not in labels.csv")));
    let dataset = files::described(folder, skipped, warnings);
    Ok(split_normals(
        dataset,
        normal,
        abnormal,
        TEST_FRACTION,
        RANDOM_STATE,
    ))
}

/// The images by the names that a table may use: with or without extension, or the number (`7` for
/// `007.png`).
fn by_id<'a>(images: &'a [PathBuf], folder: &Path) -> HashMap<String, &'a PathBuf> {
    let mut ids = HashMap::new();
    for image in images {
        let stem = files::stem(image);
        if let Ok(number) = stem.parse::<u64>() {
            ids.entry(number.to_string()).or_insert(image);
        }
        ids.insert(stem, image);
        if let Ok(relative) = image.strip_prefix(folder) {
            ids.insert(names::path_to_text(relative), image);
        }
    }
    ids
}

/// The table's rows, in order.
fn read_table(table: &Path) -> Result<Vec<Row>> {
    let wrong = |line, found: String, expected: &str| table::wrong(table, line, found, expected);
    let text = table::read(table)?;
    let mut reader = table::comma_separated(&text);
    let header = table::header(table, &mut reader)?;
    let (Some(id), Some(label)) = (header.column("id"), header.column("hemorrhage")) else {
        return Err(header.lacks(table, "the columns 'id' and 'hemorrhage'"));
    };

    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| table::csv_error(table, &error))?;
        let line = table::line(&text, &record);
        let row = || format!("'{}'", record.iter().collect::<Vec<_>>().join(","));
        let name = match record.get(id) {
            Some(name) if !name.is_empty() => name.to_owned(),
            _ => return Err(wrong(line, row(), "an id")),
        };
        table::inside(table, line, &name)?;
        let hemorrhage = match record.get(label) {
            Some("0") => false,
            Some("1") => true,
            _ => return Err(wrong(line, row(), "hemorrhage 0 or 1")),
        };
        rows.push(Row {
            line,
            id: name,
            hemorrhage,
        });
    }
    Ok(rows)
}
