//! The rows of a manifest, CSV or JSON.

use std::path::Path;

use serde::Deserialize;

use super::table;
use crate::Result;

/// Labels of normal images.
pub(super) const NORMAL: [&str; 4] = ["normal", "good", "ok", "0"];
/// Labels of abnormal images.
pub(super) const ABNORMAL: [&str; 9] = [
    "abnormal",
    "anomaly",
    "anomalous",
    "defect",
    "defective",
    "bad",
    "ko",
    "ng",
    "1",
];
/// Separates several masks of one image in a CSV file.
const SEPARATOR: char = ';';

/// One image as described by the table.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Row {
    pub(super) path: String,
    label: Text,
    #[serde(default)]
    pub(super) mask: Masks,
    #[serde(default)]
    pub(super) split: Option<String>,
    #[serde(default)]
    pub(super) defect_type: Option<String>,
    /// The line (CSV) or the entry (JSON), from 1.
    #[serde(skip)]
    pub(super) place: u64,
}

/// A label, which may be a number.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Text {
    Text(String),
    Number(u64),
}

impl Default for Text {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(untagged)]
pub(super) enum Masks {
    #[default]
    None,
    One(String),
    Several(Vec<String>),
}

impl Masks {
    pub(super) fn paths(&self) -> Vec<&str> {
        let paths: Vec<&str> = match self {
            Self::None => Vec::new(),
            Self::One(path) => vec![path],
            Self::Several(paths) => paths.iter().map(String::as_str).collect(),
        };
        paths.into_iter().filter(|path| !path.is_empty()).collect()
    }
}

/// The set that a row assigns its image to.
pub(super) enum Role {
    Train,
    Test,
    Unsaid,
}

impl Row {
    /// The label in lower case.
    pub(super) fn label(&self) -> String {
        match &self.label {
            Text::Text(text) => text.trim().to_lowercase(),
            Text::Number(number) => number.to_string(),
        }
    }

    /// Whether the label means abnormal; `None` for an unknown label.
    pub(super) fn is_abnormal(&self) -> Option<bool> {
        let label = self.label();
        if NORMAL.contains(&label.as_str()) {
            return Some(false);
        }
        ABNORMAL.contains(&label.as_str()).then_some(true)
    }

    /// The set named by the row; `None` for an unknown name.
    pub(super) fn role(&self) -> Option<Role> {
        match self
            .split
            .as_deref()
            .unwrap_or("")
            .trim()
            .to_lowercase()
            .as_str()
        {
            "" => Some(Role::Unsaid),
            "train" | "training" => Some(Role::Train),
            "test" | "testing" => Some(Role::Test),
            _ => None,
        }
    }
}

pub(super) fn read_csv(file: &Path) -> Result<Vec<Row>> {
    let text = table::read(file)?;
    let mut reader = table::comma_separated(&text);
    let header = table::header(file, &mut reader)?;
    let (Some(path), Some(label)) = (header.column("path"), header.column("label")) else {
        return Err(header.lacks(
            file,
            "the columns 'path' and 'label', and perhaps 'mask', 'split' and 'defect_type'",
        ));
    };
    let [mask, split, defect_type] =
        ["mask", "split", "defect_type"].map(|name| header.column(name));
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| table::csv_error(file, &error))?;
        let field =
            |column: Option<usize>| column.and_then(|column| record.get(column)).unwrap_or("");
        let masks = field(mask)
            .split(SEPARATOR)
            .map(|path| path.trim().to_owned());
        rows.push(Row {
            path: field(Some(path)).to_owned(),
            label: Text::Text(field(Some(label)).to_owned()),
            mask: Masks::Several(masks.collect()),
            split: Some(field(split).to_owned()),
            defect_type: Some(field(defect_type).to_owned()),
            place: table::line(&text, &record),
        });
    }
    Ok(rows)
}

pub(super) fn read_json(file: &Path) -> Result<Vec<Row>> {
    let text = table::read(file)?;
    let mut rows: Vec<Row> = serde_json::from_str(&text).map_err(|error| {
        let expected =
            "a JSON list of objects with path and label, and perhaps mask, split and defect_type";
        table::wrong(file, error.line() as u64, error.to_string(), expected)
    })?;
    for (row, place) in rows.iter_mut().zip(1..) {
        row.place = place;
    }
    Ok(rows)
}
