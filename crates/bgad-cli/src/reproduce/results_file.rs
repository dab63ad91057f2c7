//! `results.jsonl`: one line per finished run. Several processes may write to it.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use bgad::{MetaEpoch, PaperMetrics, TrainerConfig};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Case;
use crate::failure::Failure;

/// A finished run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub experiment: String,
    pub row: String,
    pub category: String,
    pub seed: u64,
    /// All settings that the result depends on; other settings are another run.
    pub settings: Value,
    /// After the last meta-epoch, like the next two.
    pub image_auroc: Option<f64>,
    pub pixel_auroc: Option<f64>,
    pub aupro: Option<f64>,
    /// The best value of each metric over all meta-epochs.
    pub paper_protocol: PaperMetrics,
    pub history: Vec<MetaEpoch>,
    pub seconds: f64,
}

/// What a run's result depends on, besides seed and category.
pub fn settings(config: &TrainerConfig, case: &Case) -> Value {
    serde_json::json!({
        "config": config,
        "weights": config.backbone.weights.as_deref().map(bgad::path_to_text),
        "anomalies": case.anomalies,
        "defects": case.defects.name(),
    })
}

/// The file, and the runs that it held when it was opened.
pub struct ResultsFile {
    path: PathBuf,
    file: File,
    records: Vec<Record>,
}

impl ResultsFile {
    /// Opens or creates the file. A truncated last line is removed, and its run repeated.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let failed = |source| Failure::File {
            path: path.to_owned(),
            source,
        };
        let mut options = OpenOptions::new();
        let file = options
            .append(true)
            .read(true)
            .create(true)
            .open(path)
            .map_err(failed)?;
        // The lock makes sure that no other process is in the middle of a line.
        file.lock().map_err(failed)?;
        let bytes = std::fs::read(path).map_err(failed)?;
        let complete = bytes
            .iter()
            .rposition(|b| *b == b'\n')
            .map_or(0, |end| end + 1);
        if complete < bytes.len() {
            file.set_len(complete as u64).map_err(failed)?;
        }
        file.unlock().map_err(failed)?;
        let text = String::from_utf8_lossy(&bytes[..complete]);
        let mut records = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let record = serde_json::from_str(line).map_err(|error| Failure::Results {
                path: path.to_owned(),
                line: index + 1,
                source: error,
            })?;
            records.push(record);
        }
        Ok(Self {
            path: path.to_owned(),
            file,
            records,
        })
    }

    pub fn find(
        &self,
        experiment: &str,
        row: &str,
        category: &str,
        seed: u64,
        settings: &Value,
    ) -> Option<Record> {
        let mut records = self.records.iter();
        let record = records.find(|record| {
            record.experiment == experiment
                && record.row == row
                && record.category == category
                && record.seed == seed
                && record.settings == *settings
        });
        record.cloned()
    }

    /// Appends a line and flushes it to disk.
    pub fn append(&mut self, record: &Record) -> Result<(), Failure> {
        let failed = |source| Failure::File {
            path: self.path.clone(),
            source,
        };
        let mut line = serde_json::to_vec(record).map_err(|error| failed(error.into()))?;
        line.push(b'\n');
        self.file.lock().map_err(failed)?;
        let written = self.file.write_all(&line);
        let written = written.and_then(|()| self.file.sync_data());
        self.file.unlock().map_err(failed)?;
        written.map_err(failed)
    }
}
