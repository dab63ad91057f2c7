//! The folder that a run leaves: settings, metrics of each meta-epoch, model.

mod crc32c;
mod dataset_file;
mod event_file;
mod metrics_log;

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::machine::Machine;
use crate::tensor_file::{remove_unfinished, write_whole};
use crate::{Dataset, Error, FORMAT_VERSION, Result, TrainerConfig, checkpoint};

pub use metrics_log::{LoggedMetaEpoch, MetricsLog};

/// What `run.json` says of a run: all that is needed to repeat it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunDescription {
    /// The version of this crate.
    pub bgad_version: String,
    /// The version of the model file's format.
    pub model_format: u32,
    /// When the run began, in seconds since 1970.
    pub started_unix_seconds: u64,
    /// When it ended with its model, in seconds since 1970; none while it goes on, or where it was
    /// interrupted.
    #[serde(default)]
    pub finished_unix_seconds: Option<u64>,
    /// The seed of all that was random.
    pub seed: u64,
    /// The device's name.
    pub device: String,
    /// The machine; none in runs of earlier versions.
    #[serde(default)]
    pub machine: Option<Machine>,
    /// The backbone's weights' file.
    pub weights: Option<PathBuf>,
    /// The data set.
    pub dataset: DatasetDescription,
    /// All settings.
    pub config: TrainerConfig,
}

/// The data set of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetDescription {
    /// Its name.
    pub name: String,
    /// Its layout's name, where it was read from a folder.
    pub layout: Option<String>,
    /// Its folder.
    pub folder: Option<PathBuf>,
    /// The category within the folder.
    pub category: Option<String>,
    /// Normal training images.
    pub training_normal: usize,
    /// Abnormal training images.
    pub training_abnormal: usize,
    /// Normal test images.
    pub test_normal: usize,
    /// Abnormal test images.
    pub test_abnormal: usize,
}

impl DatasetDescription {
    /// Counts the images of `dataset`; where it came from is for the caller to fill in.
    pub fn of(dataset: &Dataset) -> Self {
        let count = |samples: &[bgad_data::Sample]| {
            let abnormal = samples.iter().filter(|s| s.label.is_abnormal()).count();
            (samples.len() - abnormal, abnormal)
        };
        let (train, test) = (count(&dataset.train), count(&dataset.test));
        Self {
            name: dataset.name.clone(),
            training_normal: train.0,
            training_abnormal: train.1,
            test_normal: test.0,
            test_abnormal: test.1,
            ..Self::default()
        }
    }
}

impl RunDescription {
    /// A run with `config` that begins now on the default device.
    pub fn new(config: &TrainerConfig, dataset: DatasetDescription) -> Self {
        Self {
            bgad_version: env!("CARGO_PKG_VERSION").to_owned(),
            model_format: FORMAT_VERSION,
            started_unix_seconds: seconds_since_1970(),
            finished_unix_seconds: None,
            seed: config.seed,
            device: crate::DeviceKind::default().name().to_owned(),
            machine: Some(Machine::current()),
            weights: config.weights.clone(),
            dataset,
            config: config.clone(),
        }
    }
}

fn seconds_since_1970() -> u64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
    since_1970.map_or(0, |time| time.as_secs())
}

/// A folder with a run's files:
///
/// | file | holds |
/// |---|---|
/// | `run.json` | [`RunDescription`] |
/// | `metrics.jsonl` | a [`LoggedMetaEpoch`] a line, written as the run goes on |
/// | `dataset.json` | the training and test samples, with absolute paths |
/// | `checkpoints/` | where an interrupted run goes on; not there after its end |
/// | `model.bgad` | the trained [`Detector`](crate::Detector) |
///
/// With the feature `report` also what [`Report`](crate::report::Report) saves. Whole files appear
/// under their names only when they are complete.
#[cfg_attr(not(feature = "report"), allow(rustdoc::broken_intra_doc_links))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunDirectory {
    path: PathBuf,
}

/// What a run writes after training and a later one must not leave beside its own files.
const LEFT_BY_EARLIER_RUNS: [&str; 5] = [
    "evaluation.json",
    "report.json",
    "log_likelihoods.safetensors",
    "report.html",
    "dataset.json",
];

impl RunDirectory {
    /// Begins a run in `folder`, which is made where it is not there: writes `run.json`, and takes
    /// away metrics and evaluation of an earlier run. An earlier model stays until it is replaced.
    ///
    /// # Errors
    /// [`Error::Io`] names the file that can't be written.
    pub fn begin(folder: &Path, run: &RunDescription) -> Result<Self> {
        std::fs::create_dir_all(folder).map_err(Error::io(folder))?;
        let directory = Self {
            path: folder.to_owned(),
        };
        let metrics = directory.metrics();
        let others = LEFT_BY_EARLIER_RUNS.map(|name| folder.join(name));
        for path in others.into_iter().chain([metrics]) {
            remove(&path)?;
        }
        event_file::remove_earlier(folder)?;
        checkpoint::remove_all(&directory.checkpoints())?;
        write_json(&folder.join("run.json"), run)?;
        Ok(directory)
    }

    /// A folder in which a run was begun.
    pub fn at(folder: &Path) -> Self {
        Self {
            path: folder.to_owned(),
        }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the model lies.
    pub fn model(&self) -> PathBuf {
        self.path.join("model.bgad")
    }

    /// Where the metrics of each meta-epoch lie.
    pub fn metrics(&self) -> PathBuf {
        self.path.join("metrics.jsonl")
    }

    /// Where checkpoints lie.
    pub fn checkpoints(&self) -> PathBuf {
        self.path.join("checkpoints")
    }

    /// Writes `dataset.json`, by which an interrupted run goes on with the same images, split and
    /// abnormal images.
    ///
    /// # Errors
    /// [`Error::Io`] names the file; [`Error::RunFile`] where a path is no Unicode.
    pub fn keep_dataset(&self, dataset: &Dataset) -> Result<()> {
        dataset_file::write(&self.dataset_file(), dataset)
    }

    /// The data set of [`keep_dataset`](Self::keep_dataset).
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::RunFile`] names the file.
    pub fn dataset(&self) -> Result<Dataset> {
        dataset_file::read(&self.dataset_file())
    }

    fn dataset_file(&self) -> PathBuf {
        self.path.join("dataset.json")
    }

    /// Notes in `run.json` that the run has ended, and takes its checkpoints away. To be called when
    /// the model is saved; once more does no harm, and ends what a kill has left half done.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::RunFile`] names the file.
    pub fn finish(&self) -> Result<()> {
        let mut run = self.description()?;
        run.finished_unix_seconds
            .get_or_insert_with(seconds_since_1970);
        write_json(&self.path.join("run.json"), &run)?;
        for folder in [self.path.clone(), self.path.join("report_parts")] {
            if folder.is_dir() {
                remove_unfinished(&folder)?;
            }
        }
        checkpoint::remove_all(&self.checkpoints())
    }

    /// What `run.json` says.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::RunFile`] names it.
    pub fn description(&self) -> Result<RunDescription> {
        let mut run: RunDescription = read_json(&self.path.join("run.json"))?;
        // Settings are written without a path of this machine, which models don't need.
        run.config.weights.clone_from(&run.weights);
        Ok(run)
    }

    /// The meta-epochs that were logged so far. A last line that was cut off is left out.
    ///
    /// # Errors
    /// [`Error::Io`] without a readable file, [`Error::RunFile`] names the line that is wrong.
    pub fn history(&self) -> Result<Vec<LoggedMetaEpoch>> {
        metrics_log::read(&self.metrics())
    }

    /// A log that writes `metrics.jsonl` and, with `tensorboard`, an event file beside it.
    ///
    /// # Errors
    /// [`Error::Io`] names the file that can't be written.
    pub fn metrics_log(&self, tensorboard: bool) -> Result<MetricsLog> {
        MetricsLog::create(&self.path, &self.metrics(), tensorboard)
    }

    /// The log of a run that goes on after `meta_epochs` of them: later lines are taken away, for
    /// they will be written again.
    ///
    /// # Errors
    /// As [`history`](Self::history) and [`metrics_log`](Self::metrics_log).
    pub fn resumed_metrics_log(&self, meta_epochs: usize, tensorboard: bool) -> Result<MetricsLog> {
        let mut kept = match self.metrics().exists() {
            true => self.history()?,
            false => Vec::new(),
        };
        kept.retain(|line| line.meta_epoch.meta_epoch <= meta_epochs);
        event_file::remove_earlier(&self.path)?;
        MetricsLog::resumed(&self.path, &self.metrics(), tensorboard, &kept)
    }
}

fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io(path)(error)),
        _ => Ok(()),
    }
}

/// Writes `value` as JSON for people, whole or not at all.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    let mut json = serde_json::to_vec_pretty(value).map_err(run_file(path))?;
    json.push(b'\n');
    write_whole(path, &json)
}

/// Reads a file of [`write_json`].
pub(crate) fn read_json<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T> {
    let json = std::fs::read(path).map_err(Error::io(path))?;
    serde_json::from_slice(&json).map_err(run_file(path))
}

fn run_file(path: &Path) -> impl FnOnce(serde_json::Error) -> Error + '_ {
    move |error| Error::RunFile {
        path: path.to_owned(),
        reason: error.to_string(),
    }
}
