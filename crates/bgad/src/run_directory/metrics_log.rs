//! `metrics.jsonl`: one line a meta-epoch.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::event_file::EventFile;
use crate::error::{Error, Result};
use crate::storage::json;
use crate::storage::whole_file::write_whole;
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

/// Writes each meta-epoch at once, so that a run can be followed and one that is interrupted
/// leaves what it has done.
#[derive(Debug)]
pub struct MetricsLog {
    path: PathBuf,
    file: File,
    events: Option<EventFile>,
    start: Instant,
    /// Seconds that were logged before an interruption.
    before: f64,
}

impl MetricsLog {
    pub(super) fn create(folder: &Path, path: &Path, tensorboard: bool) -> Result<Self> {
        Ok(Self {
            path: path.to_owned(),
            file: File::create(path).map_err(Error::io(path))?,
            events: match tensorboard {
                true => Some(EventFile::create(folder)?),
                false => None,
            },
            start: Instant::now(),
            before: 0.0,
        })
    }

    /// The log with the lines that are `kept`, in a new file that takes the old one's place.
    pub(super) fn resumed(
        folder: &Path,
        path: &Path,
        tensorboard: bool,
        kept: &[LoggedMetaEpoch],
    ) -> Result<Self> {
        let mut text = Vec::new();
        for line in kept {
            serde_json::to_writer(&mut text, line).map_err(json::damaged(path))?;
            text.push(b'\n');
        }
        write_whole(path, &text)?;
        let mut log = Self {
            path: path.to_owned(),
            file: File::options()
                .append(true)
                .open(path)
                .map_err(Error::io(path))?,
            events: match tensorboard {
                true => Some(EventFile::create(folder)?),
                false => None,
            },
            start: Instant::now(),
            before: kept.last().map_or(0.0, |line| line.seconds),
        };
        for line in kept {
            log.write_events(&line.meta_epoch)?;
        }
        Ok(log)
    }

    /// Adds a meta-epoch, and flushes.
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
            .map_err(Error::io(&self.path))?;
        self.write_events(meta_epoch)
    }

    fn write_events(&mut self, meta_epoch: &MetaEpoch) -> Result<()> {
        let Some(events) = &mut self.events else {
            return Ok(());
        };
        let paper = meta_epoch.paper_protocol;
        let scalars = [
            ("loss", meta_epoch.loss),
            ("test/image_auroc", meta_epoch.image_auroc),
            ("test/pixel_auroc", meta_epoch.pixel_auroc),
            ("test/aupro", meta_epoch.aupro),
            ("paper_protocol/image_auroc", paper.image_auroc),
            ("paper_protocol/pixel_auroc", paper.pixel_auroc),
            ("paper_protocol/aupro", paper.aupro),
        ];
        let known = scalars.into_iter().filter_map(|(tag, v)| Some((tag, v?)));
        events.scalars(meta_epoch.meta_epoch, &known.collect::<Vec<_>>())
    }
}

/// All lines but one that was cut off at the end.
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
