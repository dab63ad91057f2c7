//! Reads untrusted tables: CSV with a header, and text by lines.

use std::path::{Path, PathBuf};

use super::files;
use crate::{DataError, Result, names};

/// Larger tables are not read; a million lines fit.
const MAX_BYTES: u64 = 256 << 20;

/// The text of a table, in UTF-8.
pub(super) fn read(table: &Path) -> Result<String> {
    let io_error = |reason| DataError::Io {
        path: table.to_owned(),
        reason,
    };
    let metadata = std::fs::metadata(table).map_err(io_error)?;
    if !metadata.is_file() {
        return Err(wrong(table, 1, "not a file".to_owned(), "a text file"));
    }
    if metadata.len() > MAX_BYTES {
        let found = format!("a table of {} bytes", metadata.len());
        return Err(wrong(table, 1, found, "at most 256 MiB"));
    }
    let bytes = std::fs::read(table).map_err(io_error)?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + valid.iter().filter(|byte| **byte == b'\n').count() as u64;
        wrong(
            table,
            line,
            "bytes that are not UTF-8".to_owned(),
            "text in UTF-8",
        )
    })?;
    // Spreadsheets start their text with a byte-order mark.
    Ok(match text.strip_prefix('\u{feff}') {
        Some(text) => text.to_owned(),
        None => text,
    })
}

pub(super) fn wrong(table: &Path, line: u64, found: String, expected: &str) -> DataError {
    DataError::Table {
        file: table.to_owned(),
        line,
        found,
        expected: expected.to_owned(),
    }
}

/// Reads a table of separated values. Spreadsheets in some countries use semicolons.
pub(super) fn comma_separated(text: &str) -> csv::Reader<&[u8]> {
    let header = text.lines().next().unwrap_or_default();
    let has = |separator: &u8| header.contains(char::from(*separator));
    let separator = [b',', b';', b'\t'].into_iter().find(has).unwrap_or(b',');
    csv::ReaderBuilder::new()
        .delimiter(separator)
        .trim(csv::Trim::All)
        .flexible(true)
        .from_reader(text.as_bytes())
}

/// The line on which a record begins, from 1.
pub(super) fn line(text: &str, record: &csv::StringRecord) -> u64 {
    record.position().map_or(0, |position| {
        // The reader counts the line feed of `\r\n` as part of the next record.
        let rest = text.as_bytes().get(position.byte() as usize..);
        let feed = rest.is_some_and(|rest| rest.starts_with(b"\n"));
        position.line() + u64::from(feed)
    })
}

/// The file in `folder` that a table names. Tables written on Windows separate folders with backslashes.
pub(super) fn place(folder: &Path, path: &str) -> PathBuf {
    let place = folder.join(names::path_from_text(path));
    if place.exists() || !path.contains('\\') {
        return place;
    }
    let with_slashes = folder.join(path.replace('\\', "/"));
    match with_slashes.exists() {
        true => with_slashes,
        false => place,
    }
}

pub(super) fn csv_error(table: &Path, error: &csv::Error) -> DataError {
    let line = error.position().map_or(1, csv::Position::line);
    wrong(
        table,
        line,
        error.to_string(),
        "comma-separated text in UTF-8",
    )
}

/// The names of a table's columns.
pub(super) struct Header(Vec<String>);

pub(super) fn header(table: &Path, reader: &mut csv::Reader<&[u8]>) -> Result<Header> {
    let header = reader.headers().map_err(|error| csv_error(table, &error))?;
    Ok(Header(header.iter().map(str::to_owned).collect()))
}

impl Header {
    /// The index of a column; case does not matter.
    pub(super) fn column(&self, name: &str) -> Option<usize> {
        self.0
            .iter()
            .position(|found| found.eq_ignore_ascii_case(name))
    }

    /// The error for missing columns.
    pub(super) fn lacks(&self, table: &Path, expected: &str) -> DataError {
        let found = format!("the columns '{}'", self.0.join("', '"));
        wrong(table, 1, found, expected)
    }
}

/// Rejects a path that leaves the data set's folder.
pub(super) fn inside(table: &Path, line: u64, path: &str) -> Result<()> {
    if files::stays_inside(&names::path_from_text(path)) {
        return Ok(());
    }
    Err(DataError::PathEscape {
        file: table.to_owned(),
        line,
        path: path.to_owned(),
    })
}
