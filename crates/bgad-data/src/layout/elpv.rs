//! ELPV's layout: solar cells, each with a probability of being defective.

use std::collections::HashSet;
use std::path::Path;

use super::split_normals::{RANDOM_STATE, TEST_FRACTION, split_normals};
use super::{files, table};
use crate::{DataError, Dataset, Result, Sample, names};

/// The table of all cells: path, probability and module type, separated by white space.
const TABLE: &str = "labels.csv";
const EXPECTED: &str = "a path, a probability from 0 to 1, and mono or poly";

/// Whether a table is of this kind, judged by its first line.
pub(super) fn is_table(file: &Path) -> bool {
    let text = table::read(file).unwrap_or_default();
    let first = text.lines().next().unwrap_or_default();
    let mut fields = first.split_whitespace();
    matches!(
        (fields.nth(2), fields.next()),
        (Some("mono" | "poly"), None)
    )
}

/// Reads only the table; missing images show up when they are loaded.
///
/// Probability 0 is normal and 1 is abnormal. Cells in between are left out, as in the published splits.
pub(super) fn read(folder: &Path) -> Result<Dataset> {
    let table = folder.join(TABLE);
    if !table.is_file() {
        return Err(DataError::FileMissing {
            file: table,
            expected: "expected a table of path, defect probability and mono or poly, separated by white space, in the data set's folder".to_owned(),
        });
    }
    let (mut normal, mut abnormal, mut skipped) = (Vec::new(), Vec::new(), Vec::new());
    let mut listed = HashSet::new();
    let text = table::read(&table)?;
    for (line, row) in (1..).zip(text.lines()) {
        let fields: Vec<&str> = row.split_whitespace().collect();
        if fields.is_empty() {
            continue;
        }
        let wrong = || table::wrong(&table, line, format!("'{row}'"), EXPECTED);
        let [path, probability, module] = fields[..] else {
            return Err(wrong());
        };
        let probability: f64 = probability.parse().map_err(|_| wrong())?;
        if !(0.0..=1.0).contains(&probability) || !["mono", "poly"].contains(&module) {
            return Err(wrong());
        }
        table::inside(&table, line, path)?;
        if !listed.insert(path) {
            let found = format!("'{path}' a second time");
            return Err(table::wrong(&table, line, found, "each image once"));
        }
        let path = folder.join(names::path_from_text(path));
        if probability == 0.0 {
            normal.push(Sample::normal(path));
        } else if probability == 1.0 {
            abnormal.push(Sample::abnormal(path, module, None));
        } else {
            skipped.push(files::skipped(path, "a probability between 0 and 1"));
        }
    }
    if normal.is_empty() {
        let expected = "images with probability 0 in labels.csv".to_owned();
        let folder = folder.to_owned();
        return Err(DataError::NoNormalImages { folder, expected });
    }
    let mut warnings = Vec::new();
    if abnormal.is_empty() {
        warnings.push(format!("{}: 0 abnormal images", table.display()));
    }
    // Leaving out the cells in between is the published protocol, so there is no warning.
    Ok(split_normals(
        files::described(folder, skipped, warnings),
        normal,
        abnormal,
        TEST_FRACTION,
        RANDOM_STATE,
    ))
}
