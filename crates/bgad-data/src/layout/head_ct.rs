//! HeadCT's layout.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::{RANDOM_STATE, TEST_FRACTION, files, split_normals};
use crate::{DataError, Dataset, Result, Sample};

/// Name of the only defect type.
const HEMORRHAGE: &str = "hemorrhage";
/// The table that gives each image's label.
const TABLE: &str = "labels.csv";
/// The folder of the images.
const IMAGES: &str = "head_ct";
/// Larger tables are not read: the real one has two kilobytes.
const MAX_TABLE_BYTES: u64 = 16 << 20;

/// One line of the table.
struct Row {
    line: u64,
    id: String,
    hemorrhage: bool,
}

pub(super) fn read(folder: &Path) -> Result<Dataset> {
    let listing = files::list(folder)?;
    let table = folder.join(TABLE);
    if !table.is_file() {
        if listing.images.is_empty() && files::images_below(folder, &mut 0)?.is_empty() {
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
    let mut others = 0;
    let images = files::images_below(&image_folder, &mut others)?;
    if images.is_empty() {
        return Err(DataError::NoImages {
            folder: image_folder,
        });
    }

    let (mut normal, mut abnormal, mut absent) = (Vec::new(), Vec::new(), 0);
    let ids = by_id(&images, &image_folder);
    let mut listed = HashSet::new();
    for Row {
        line,
        id,
        hemorrhage,
    } in read_table(&table)?
    {
        let Some(&path) = ids.get(&id) else {
            absent += 1;
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
    let mut warnings: Vec<String> = files::skipped_warning(others, &image_folder)
        .into_iter()
        .collect();
    if absent > 0 {
        warnings.push(format!(
            "{}: {} named there without a file",
            table.display(),
            files::count(absent, "image")
        ));
    }
    let unlabelled = images.len().saturating_sub(normal.len() + abnormal.len());
    if unlabelled > 0 {
        let what = files::count(unlabelled, "image");
        warnings.push(format!(
            "{}: {what} skipped, not in {TABLE}",
            image_folder.display()
        ));
    }
    if abnormal.is_empty() {
        warnings.push(format!("{}: 0 abnormal images", table.display()));
    }
    Ok(split_normals(
        files::dataset_name(folder),
        normal,
        abnormal,
        TEST_FRACTION,
        RANDOM_STATE,
        warnings,
    ))
}

/// The images by what a table may call them: the name with or without extension, or the number
/// (`7` is `007.png`).
fn by_id<'a>(images: &'a [PathBuf], folder: &Path) -> HashMap<String, &'a PathBuf> {
    let mut ids = HashMap::new();
    for image in images {
        let stem = files::stem(image);
        if let Ok(number) = stem.parse::<u64>() {
            ids.entry(number.to_string()).or_insert(image);
        }
        ids.insert(stem, image);
        if let Ok(relative) = image.strip_prefix(folder) {
            ids.insert(relative.to_string_lossy().into_owned(), image);
        }
    }
    ids
}

/// The table's lines in their order.
fn read_table(table: &Path) -> Result<Vec<Row>> {
    let io_error = |reason| DataError::Io {
        path: table.to_owned(),
        reason,
    };
    let wrong = |line, found: String, expected: &str| DataError::Table {
        file: table.to_owned(),
        line,
        found,
        expected: expected.to_owned(),
    };
    let size = std::fs::metadata(table).map_err(io_error)?.len();
    if size > MAX_TABLE_BYTES {
        return Err(wrong(
            1,
            format!("a table of {size} bytes"),
            "at most 16 MiB",
        ));
    }
    let bytes = std::fs::read(table).map_err(io_error)?;
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .flexible(true)
        .from_reader(bytes.as_slice());
    let csv_error = |error: csv::Error| {
        let line = error.position().map_or(1, csv::Position::line);
        wrong(line, error.to_string(), "comma-separated text in UTF-8")
    };
    let header = reader.headers().map_err(csv_error)?.clone();
    let column = |name: &str| {
        header
            .iter()
            .position(|field| field.trim_start_matches('\u{feff}') == name)
    };
    let (Some(id), Some(label)) = (column("id"), column("hemorrhage")) else {
        let found = format!(
            "the columns '{}'",
            header.iter().collect::<Vec<_>>().join("', '")
        );
        return Err(wrong(1, found, "the columns 'id' and 'hemorrhage'"));
    };

    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(csv_error)?;
        let line = record.position().map_or(0, csv::Position::line);
        let row = || format!("'{}'", record.iter().collect::<Vec<_>>().join(","));
        let name = match record.get(id) {
            Some(name) if !name.is_empty() => name.to_owned(),
            _ => return Err(wrong(line, row(), "an id")),
        };
        if !files::stays_inside(Path::new(&name)) {
            return Err(DataError::PathEscape {
                file: table.to_owned(),
                line,
                path: name,
            });
        }
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
