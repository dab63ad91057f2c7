//! `manifest.csv`: the decisions, as a data set's table.

use std::collections::HashMap;
use std::path::Path;

use super::decision::{Decision, Verdict};
use crate::error::{Result, ReviewError};

/// The first five are those of `--layout manifest`, which ignores the other two.
const COLUMNS: [&str; 7] = [
    "path",
    "label",
    "mask",
    "split",
    "defect_type",
    "source",
    "revision",
];

/// Reads the table; a missing file has no rows.
pub(super) fn read(path: &Path) -> Result<Vec<Decision>> {
    let bytes = match std::fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(ReviewError::io(path))?,
    };
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| {
            let line = error.position().map_or(1, csv::Position::line);
            wrong(
                path,
                line,
                error.to_string(),
                "comma-separated text in UTF-8",
            )
        })?;
        let line = record.position().map_or(1, csv::Position::line);
        let field = |column: usize| record.get(column).unwrap_or("");
        let verdict = match field(1) {
            "normal" => Verdict::Good,
            "abnormal" => Verdict::Defect,
            other => {
                let found = format!("the label {other:?}");
                return Err(wrong(path, line, found, "normal or abnormal"));
            }
        };
        let revision = field(6).parse().map_err(|_| {
            let found = format!("the revision {:?}", field(6));
            wrong(path, line, found, "a whole number in the seventh column")
        })?;
        rows.push(Decision {
            verdict,
            kind: field(4).to_owned(),
            image: field(0).to_owned(),
            mask: Some(field(2).to_owned()).filter(|mask| !mask.is_empty()),
            source: field(5).to_owned(),
            revision,
        });
    }
    Ok(rows)
}

/// Writes the whole table, in the order in which decisions were made.
pub(super) fn write(path: &Path, decisions: &HashMap<String, Decision>) -> Result<()> {
    let mut rows: Vec<&Decision> = decisions.values().collect();
    rows.sort_by_key(|row| row.revision);
    let mut writer = csv::Writer::from_writer(Vec::new());
    let failed = |error: csv::Error| ReviewError::io(path)(std::io::Error::other(error));
    writer.write_record(COLUMNS).map_err(failed)?;
    for row in rows {
        let label = match row.verdict {
            Verdict::Good => "normal",
            Verdict::Defect => "abnormal",
        };
        let revision = row.revision.to_string();
        let mask = row.mask.as_deref().unwrap_or("");
        let record = [
            row.image.as_str(),
            label,
            mask,
            "",
            &row.kind,
            &row.source,
            &revision,
        ];
        writer.write_record(record).map_err(failed)?;
    }
    let bytes = writer.into_inner();
    let bytes = bytes.map_err(|error| ReviewError::io(path)(error.into_error()))?;
    bgad_files::write_whole(path, &bytes).map_err(ReviewError::io(path))
}

fn wrong(path: &Path, line: u64, found: String, expected: &'static str) -> ReviewError {
    ReviewError::Table {
        path: path.to_owned(),
        line,
        found,
        expected,
    }
}
