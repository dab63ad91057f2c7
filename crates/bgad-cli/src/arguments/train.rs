//! `bgad train`.

use std::path::PathBuf;

use bgad::{DeviceSelection, Layout};
use clap::Args;

use super::ReportingArguments;
use super::choices::PresetArgument;
use super::settings::{Flag, Flags, SettingArguments};
use crate::data::{AnomalyArguments, ChoiceArguments};
use crate::devices::ListedDevice;

/// A new run, or one that goes on.
#[derive(Debug, Args)]
pub struct TrainCommand {
    /// Go on with the run in this folder where it stopped, with its own settings and images.
    #[arg(
        long,
        value_name = "RUN_DIR",
        conflicts_with_all = [
            "RunArguments",
            "SettingArguments",
            "category",
            "FolderArguments",
            "SplitArguments",
            "AnomalyArguments",
        ]
    )]
    pub resume: Option<PathBuf>,
    #[command(flatten)]
    pub new: TrainArguments,
    /// Keep features of images in this folder: those beyond features.memory are not computed
    /// anew then, and a second run finds them all.
    #[arg(long, value_name = "DIR")]
    pub feature_cache: Option<PathBuf>,
    /// Also write the metrics of each meta-epoch as a TensorBoard event file.
    #[arg(long)]
    pub tensorboard: bool,
    /// Don't evaluate once more at the end for the report.
    #[cfg(feature = "report")]
    #[arg(long)]
    pub no_report: bool,
    #[command(flatten)]
    pub reporting: ReportingArguments,
}

/// What a new run is told.
#[derive(Debug, Args)]
pub struct TrainArguments {
    #[command(flatten)]
    pub run: RunArguments,
    #[command(flatten)]
    pub settings: SettingArguments<TrainFlags>,
    #[command(flatten)]
    pub choice: ChoiceArguments,
    #[command(flatten)]
    pub anomalies: AnomalyArguments,
}

/// All of it that stands alone: clap's groups, by which `--resume` excludes it, have no members where
/// there are groups within them.
#[derive(Debug, Args)]
pub struct RunArguments {
    /// How the data set's files are laid out: mvtec, btad, aitex, elpv, brain-mri, head-ct, folder or
    /// manifest.
    #[arg(long, required_unless_present = "resume")]
    pub layout: Option<Layout>,
    /// The data set's folder; for manifest the table, .csv or .json.
    #[arg(long, value_name = "DIR", required_unless_present = "resume")]
    pub data: Option<PathBuf>,
    /// What settings that are not given stand at: those of the paper, or better ones
    /// [default: default].
    #[arg(long, value_enum)]
    pub preset: Option<PresetArgument>,
    /// Take weights from the cache alone, never from the network.
    #[arg(long)]
    pub offline: bool,
    /// Write the split that this run uses to a file.
    #[arg(long, value_name = "FILE")]
    pub write_split: Option<PathBuf>,
    /// flex, ndarray, wgpu, vulkan or cuda, among those compiled in; of several GPUs the second is
    /// cuda:1 [default: flex].
    #[arg(long)]
    pub device: Option<DeviceSelection>,
    /// Train on all of these at once, as cuda:0,cuda:1; bare numbers count those of --device.
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub devices: Vec<ListedDevice>,
    /// Settings from a TOML file; those given here come first.
    #[arg(long, value_name = "FILE.toml")]
    pub config: Option<PathBuf>,
    /// The folder for model, metrics and report; it is made where it is not there.
    #[arg(long, value_name = "DIR", required_unless_present = "resume")]
    pub out: Option<PathBuf>,
}

/// Settings with a flag of their own.
#[derive(Debug)]
pub struct TrainFlags;

impl Flags for TrainFlags {
    const FLAGS: &'static [Flag] = &[
        Flag::new("model", "model", "MODEL"),
        Flag::new("backbone", "backbone.name", "NAME"),
        Flag::new("weights", "backbone.weights", "FILE"),
        Flag::new("image-size", "input.image_size", "PIXELS"),
        Flag::new("fit", "input.fit", "FIT"),
        Flag::new("orientation", "input.orientation", "HOW"),
        Flag::new("granularity", "granularity", "OF"),
        Flag::new("meta-epochs", "schedule.meta_epochs", "N"),
        Flag::new("sub-epochs", "schedule.sub_epochs", "N"),
        Flag::new("batch-size", "schedule.batch_size", "N"),
        Flag::new("seed", "seed", "N"),
    ];
}
