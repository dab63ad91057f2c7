//! `metrics.jsonl`: one line per meta-epoch.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::storage::json;
use crate::training::progress::MetaEpoch;

/// A line of `metrics.jsonl`.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoggedMetaEpoch {
    /// The meta-epoch's metrics.
    #[serde(flatten)]
    pub meta_epoch: MetaEpoch,
    /// Seconds from the start of the log to the end of the meta-epoch.
    pub seconds: f64,
}

/// Writes each meta-epoch at once, so that you can follow a run, and an interrupted run keeps its lines.
#[derive(Debug)]
pub struct MetricsLog {
    path: PathBuf,
    file: File,
    start: Instant,
    /// Seconds logged before an interruption.
    before: f64,
}

impl MetricsLog {
    pub(super) fn create(path: &Path) -> Result<Self> {
        Ok(Self {
            path: path.to_owned(),
            file: File::create(path).map_err(Error::io(path))?,
            start: Instant::now(),
            before: 0.0,
        })
    }

    /// A log that starts with the lines `kept`, in a new file that replaces the old one.
    pub(super) fn resumed(path: &Path, kept: &[LoggedMetaEpoch]) -> Result<Self> {
        let mut text = Vec::new();
        for line in kept {
            serde_json::to_writer(&mut text, line).map_err(json::damaged(path))?;
            text.push(b'\n');
        }
        bgad_files::write_whole(path, &text).map_err(Error::io(path))?;
        Ok(Self {
            path: path.to_owned(),
            file: File::options()
                .append(true)
                .open(path)
                .map_err(Error::io(path))?,
            start: Instant::now(),
            before: kept.last().map_or(0.0, |line| line.seconds),
        })
    }

    /// Appends a meta-epoch and flushes.
    ///
    /// # Errors
    /// [`Error::Io`] names the file that can't be written.
    pub fn append(&mut self, meta_epoch: &MetaEpoch) -> Result<()> {
        let line = LoggedMetaEpoch {
            meta_epoch: meta_epoch.clone(),
            seconds: self.before + self.start.elapsed().as_secs_f64(),
        };
        let mut json = serde_json::to_vec(&line).map_err(json::damaged(&self.path))?;
        json.push(b'\n');
        let written = self.file.write_all(&json);
        written
            .and_then(|()| self.file.flush())
            .map_err(Error::io(&self.path))
    }
}

/// All lines except a truncated last one.
pub(super) fn read(path: &Path) -> Result<Vec<LoggedMetaEpoch>> {
    let text = std::fs::read_to_string(path).map_err(Error::io(path))?;
    let complete = text.rfind('\n').map_or("", |end| &text[..end]);
    let lines = complete.lines().enumerate();
    lines
        .map(|(index, line)| {
            serde_json::from_str(line).map_err(|error| Error::RunFile {
                path: path.to_owned(),
                reason: format!("line {}: {error}", index + 1),
            })
        })
        .collect()
}
