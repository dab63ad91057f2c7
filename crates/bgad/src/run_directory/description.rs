//! The contents of `run.json`.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use bgad_data::{Dataset, Sample};
use serde::{Deserialize, Serialize};

use crate::config::settings::TrainerConfig;
use crate::detector::model_file::FORMAT_VERSION;
use crate::device::machine::Machine;
use crate::device::selection::DeviceKind;

/// The contents of `run.json`: everything needed to repeat a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunDescription {
    /// The version of this crate.
    pub bgad_version: String,
    /// The version of the model file's format.
    pub model_format: u32,
    /// When the run began, in seconds since 1970.
    pub started_unix_seconds: u64,
    /// When it finished with its model, in seconds since 1970; `None` while it runs or if it was interrupted.
    #[serde(default)]
    pub finished_unix_seconds: Option<u64>,
    /// The seed of all random choices.
    pub seed: u64,
    /// The device's name.
    pub device: String,
    /// The machine; `None` for runs of earlier versions.
    #[serde(default)]
    pub machine: Option<Machine>,
    /// The backbone's weights file.
    #[serde(default, with = "bgad_data::optional_path_text")]
    pub weights: Option<PathBuf>,
    /// The data set.
    pub dataset: DatasetDescription,
    /// The run from which this one was taught; `None` if it was trained from scratch.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "bgad_data::optional_path_text"
    )]
    pub learned_from: Option<PathBuf>,
    /// All settings.
    pub config: TrainerConfig,
}

/// The data set of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetDescription {
    /// Its name.
    pub name: String,
    /// Its layout's name, if it was read from a folder.
    pub layout: Option<String>,
    /// Its folder.
    #[serde(default, with = "bgad_data::optional_path_text")]
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
    /// Counts the images of `dataset`; the caller fills in where it came from.
    pub fn of(dataset: &Dataset) -> Self {
        let count = |samples: &[Sample]| {
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
    /// A run with `config` that starts now on the default device.
    pub fn new(config: &TrainerConfig, dataset: DatasetDescription) -> Self {
        Self {
            bgad_version: env!("CARGO_PKG_VERSION").to_owned(),
            model_format: FORMAT_VERSION,
            started_unix_seconds: seconds_since_1970(),
            finished_unix_seconds: None,
            seed: config.seed,
            device: DeviceKind::default().name().to_owned(),
            machine: Some(Machine::current()),
            weights: config.backbone.weights.clone(),
            dataset,
            learned_from: None,
            config: config.clone(),
        }
    }
}

pub(super) fn seconds_since_1970() -> u64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
    since_1970.map_or(0, |time| time.as_secs())
}
