//! The folder that a run writes: settings, metrics per meta-epoch, model.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use bgad_data::Dataset;

use super::dataset_file::{self, KeptDataset};
use super::description::{RunDescription, seconds_since_1970};
use super::kept_features::{self, KeptFeatures};
use super::metrics_log::{self, LoggedMetaEpoch, MetricsLog};
use super::own_files::absolute;
use super::scores_file::{self, SCORES};
use crate::detector::model_file::FORMAT_VERSION;
use crate::error::{Error, Result};
use crate::storage::json::{read_json, write_json};
use crate::storage::lock_file;
use crate::training::checkpoints;
use crate::training::outcome::ScoredImage;

/// A folder with a run's files:
///
/// | file | contents |
/// |---|---|
/// | `run.json` | [`RunDescription`] |
/// | `metrics.jsonl` | one [`LoggedMetaEpoch`] per line, written during the run |
/// | `dataset.json` | the training and test samples, with absolute paths |
/// | `scores.json` | each image's score, as a [`ScoredImage`] |
/// | `features/` | the images' features, if they are kept; `bgad learn` uses them |
/// | `checkpoints/` | the state of an interrupted run; removed at the end |
/// | `model.bgad` | the trained [`Detector`](crate::Detector) |
///
/// With the feature `report`, the folder also has the files of [`Report`](crate::report::Report). Each file
/// appears under its name only when it is complete.
#[cfg_attr(not(feature = "report"), allow(rustdoc::broken_intra_doc_links))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunDirectory {
    path: PathBuf,
}

/// Files written after training, which a later run must not leave beside its own.
const LEFT_BY_EARLIER_RUNS: [&str; 6] = [
    "evaluation.json",
    "report.json",
    "log_likelihoods.safetensors",
    "report.html",
    "dataset.json",
    SCORES,
];

/// The folder of a report's pictures.
const REPORT_PARTS: &str = "report_parts";

/// The file that a program locks while it trains in a folder.
const LOCK: &str = ".bgad-lock";

/// A folder in which no other program can train. Dropping it, or the end of the program, releases the folder.
#[derive(Debug)]
pub struct HeldFolder {
    /// The file, and its lock.
    lock: Option<(PathBuf, File)>,
}

impl Drop for HeldFolder {
    fn drop(&mut self) {
        if let Some((path, _)) = &self.lock {
            // What remains does no harm: the lock ends with the program.
            let _ = bgad_files::remove(path);
        }
    }
}

impl RunDirectory {
    /// Keeps other programs from training in `folder`, which is created if needed. Call this before
    /// [`begin`](Self::begin) and before an interrupted run is resumed: two runs would write each other's files. File
    /// systems without locks hold nothing.
    ///
    /// # Errors
    /// [`Error::Input`] if another program trains there; [`Error::Io`] if the folder can't be created or written to.
    pub fn hold(folder: &Path) -> Result<HeldFolder> {
        bgad_files::create_folder(folder).map_err(Error::io(folder))?;
        let path = folder.join(LOCK);
        match lock_file::hold(&path) {
            Ok(Some(lock)) => Ok(HeldFolder {
                lock: Some((path, lock)),
            }),
            Ok(None) => Err(Error::input(
                "folder of the run",
                format!("{}, where another program is training", folder.display()),
                "a folder of its own; wait for the other program, or name another folder",
            )),
            Err(Error::Io { source, .. }) if source.kind() == ErrorKind::Unsupported => {
                Ok(HeldFolder { lock: None })
            }
            // Nobody looks for the hidden file.
            Err(Error::Io { source, .. }) => Err(Error::io(folder)(source)),
            Err(error) => Err(error),
        }
    }

    /// Starts a run in `folder`, which is created if needed: writes `run.json`, and removes an earlier run's
    /// metrics and evaluation. An earlier model stays until it is replaced.
    ///
    /// # Errors
    /// [`Error::Io`] names the file that can't be written.
    pub fn begin(folder: &Path, run: &RunDescription) -> Result<Self> {
        bgad_files::create_folder(folder).map_err(Error::io(folder))?;
        let directory = Self {
            path: folder.to_owned(),
        };
        let metrics = directory.metrics();
        let others = LEFT_BY_EARLIER_RUNS.map(|name| folder.join(name));
        for path in others.into_iter().chain([metrics]) {
            bgad_files::remove(&path).map_err(Error::io(&path))?;
        }
        let parts = folder.join(REPORT_PARTS);
        if parts.is_dir() {
            std::fs::remove_dir_all(&parts).map_err(Error::io(&parts))?;
        }
        checkpoints::remove_all(&directory.checkpoints())?;
        kept_features::remove_all(&directory.features())?;
        write_json(&folder.join("run.json"), run)?;
        Ok(directory)
    }

    /// A folder in which a run was started.
    pub fn at(folder: &Path) -> Self {
        Self {
            path: folder.to_owned(),
        }
    }

    /// The path of the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of the model.
    pub fn model(&self) -> PathBuf {
        self.path.join("model.bgad")
    }

    /// The path of the metrics per meta-epoch.
    pub fn metrics(&self) -> PathBuf {
        self.path.join("metrics.jsonl")
    }

    /// The path of the images' features, if they are kept.
    pub fn features(&self) -> PathBuf {
        self.path.join("features")
    }

    /// How many features are kept, and their size.
    ///
    /// # Errors
    /// [`Error::Io`] if the folder exists and can't be read.
    pub fn kept_features(&self) -> Result<KeptFeatures> {
        kept_features::size(&self.features())
    }

    /// The path of the checkpoints.
    pub fn checkpoints(&self) -> PathBuf {
        self.path.join("checkpoints")
    }

    /// Writes `dataset.json`, so that an interrupted run resumes with the same images, split and abnormal
    /// images.
    ///
    /// # Errors
    /// [`Error::Io`] names the file.
    pub fn keep_dataset(&self, dataset: &Dataset) -> Result<()> {
        dataset_file::write(&self.dataset_file(), dataset, &absolute(&self.path)?)
    }

    /// The same for a folder that will be moved to `place`, an absolute path: files in the folder get the
    /// paths that they will have there.
    pub(crate) fn keep_dataset_for(&self, dataset: &Dataset, place: &Path) -> Result<()> {
        dataset_file::write(&self.dataset_file(), dataset, place)
    }

    /// Reads the data set written by [`keep_dataset`](Self::keep_dataset).
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::RunFile`] names the file.
    pub fn dataset(&self) -> Result<Dataset> {
        Ok(self.kept_dataset()?.dataset)
    }

    /// The SHA-256 of each training image, in hexadecimal digits, as it was when the run began.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::RunFile`] names the file.
    pub fn training_digests(&self) -> Result<BTreeSet<String>> {
        Ok(self.kept_dataset()?.into_digests())
    }

    /// The same with checksums of its files.
    pub(crate) fn kept_dataset(&self) -> Result<KeptDataset> {
        dataset_file::read(&self.dataset_file())
    }

    /// Writes `scores.json`, which shows a later run what has changed.
    ///
    /// # Errors
    /// [`Error::Io`] names the file.
    pub fn keep_scores(&self, scores: &[ScoredImage]) -> Result<()> {
        scores_file::write(&self.path, scores, &absolute(&self.path)?)
    }

    /// The same for a folder that will be moved to `place`, an absolute path.
    pub(crate) fn keep_scores_for(&self, scores: &[ScoredImage], place: &Path) -> Result<()> {
        scores_file::write(&self.path, scores, place)
    }

    /// Reads the scores written by [`keep_scores`](Self::keep_scores); `None` in runs of earlier versions.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::RunFile`] names the file.
    pub fn scores(&self) -> Result<Option<Vec<ScoredImage>>> {
        scores_file::read(&self.path)
    }

    fn dataset_file(&self) -> PathBuf {
        self.path.join("dataset.json")
    }

    /// Records in `run.json` that the run has finished, and removes its checkpoints. Call this after the
    /// model is saved. Calling it again is harmless and completes what a killed run left half done.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::RunFile`] names the file.
    pub fn finish(&self) -> Result<()> {
        let mut run = self.description()?;
        if run.finished_unix_seconds.is_none() {
            run.finished_unix_seconds = Some(seconds_since_1970());
            // An earlier version may have begun the run.
            run.model_format = FORMAT_VERSION;
        }
        write_json(&self.path.join("run.json"), &run)?;
        for folder in [self.path.clone(), self.path.join(REPORT_PARTS)] {
            if folder.is_dir() {
                bgad_files::remove_unfinished(&folder).map_err(Error::io(&folder))?;
            }
        }
        checkpoints::remove_all(&self.checkpoints())
    }

    /// Reads `run.json`.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::RunFile`] names it; the latter also for a run of a version with other
    /// settings.
    pub fn description(&self) -> Result<RunDescription> {
        let path = self.path.join("run.json");
        let run: serde_json::Value = read_json(&path)?;
        let format = run["model_format"].as_u64();
        let read = serde_json::from_value(run);
        let mut run: RunDescription = read.map_err(|error| Error::RunFile {
            path,
            reason: match format {
                Some(found) if found != u64::from(FORMAT_VERSION) => format!(
                    "it was written for model format {found}, but this program uses {FORMAT_VERSION}"
                ),
                _ => error.to_string(),
            },
        })?;
        // Settings are stored without local paths, because models don't need them.
        run.config.backbone.weights.clone_from(&run.weights);
        Ok(run)
    }

    /// The meta-epochs logged so far. A truncated last line is ignored.
    ///
    /// # Errors
    /// [`Error::Io`] if the file can't be read; [`Error::RunFile`] names the invalid line.
    pub fn history(&self) -> Result<Vec<LoggedMetaEpoch>> {
        metrics_log::read(&self.metrics())
    }

    /// A log that writes `metrics.jsonl`.
    ///
    /// # Errors
    /// [`Error::Io`] names the file that can't be written.
    pub fn metrics_log(&self) -> Result<MetricsLog> {
        MetricsLog::create(&self.metrics())
    }

    /// The log of a run resumed after `meta_epochs` meta-epochs. Later lines are removed, because they will
    /// be written again.
    ///
    /// # Errors
    /// Those of [`history`](Self::history) and [`metrics_log`](Self::metrics_log).
    pub fn resumed_metrics_log(&self, meta_epochs: usize) -> Result<MetricsLog> {
        let mut kept = match self.metrics().exists() {
            true => self.history()?,
            false => Vec::new(),
        };
        kept.retain(|line| line.meta_epoch.meta_epoch <= meta_epochs);
        MetricsLog::resumed(&self.metrics(), &kept)
    }
}
