//! `lessons.jsonl`: what was learned from decisions.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::engine::Learned;
use crate::error::{Result, ReviewError};

/// A lesson and its result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaughtLesson {
    /// The run that learned, which did not change.
    pub from: String,
    /// The images of the lesson, as the table of decisions names them.
    pub images: Vec<String>,
    /// When it ended, in seconds since 1970.
    pub unix_seconds: u64,
    /// What changed.
    pub learned: Learned,
}

/// Reads the lessons; a missing file has none.
pub(super) fn read(path: &Path) -> Result<Vec<TaughtLesson>> {
    let text = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(ReviewError::io(path))?,
    };
    let lines = text.lines().enumerate();
    let lesson = |(index, line)| {
        serde_json::from_str(line).map_err(|error: serde_json::Error| ReviewError::Table {
            path: path.to_owned(),
            line: index as u64 + 1,
            found: error.to_string(),
            expected: "a JSON object as this program writes it",
        })
    };
    lines.map(lesson).collect()
}

/// Writes all lessons.
pub(super) fn write(path: &Path, lessons: &[TaughtLesson]) -> Result<()> {
    let mut text = String::new();
    for lesson in lessons {
        let line = serde_json::to_string(lesson);
        text += &line.map_err(|error| ReviewError::io(path)(error.into()))?;
        text.push('\n');
    }
    bgad_files::write_whole(path, text.as_bytes()).map_err(ReviewError::io(path))
}
