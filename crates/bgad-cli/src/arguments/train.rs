//! `bgad train`.

use std::path::PathBuf;

use bgad::{DeviceSelection, Layout};
use clap::Args;

use super::ReportingArguments;
use super::choices::PresetArgument;
use super::settings::{Flag, Flags, SettingArguments};
use crate::data::{AnomalyArguments, ChoiceArguments};
use crate::devices::ListedDevice;

/// Options hidden from the help; the commands named in [`MORE`] show them.
const RARE: [&str; 14] = [
    "data",
    "write_split",
    "mask_values",
    "normal",
    "abnormal",
    "mask_dir",
    "mask_suffix",
    "split_file",
    "folds",
    "fold",
    "fold_seed",
    "test_types",
    "anomalies_per_type",
    "anomaly_types",
];

/// The end of the help.
pub const MORE: &str = "  \
  bgad settings  all settings for --set, with allowed values and the presets
  bgad data --help, bgad preview --help  options for folders, masks, splits and abnormal images, which train accepts too";

/// Keeps the help to one screen.
pub fn hide_rare(argument: clap::Arg) -> clap::Arg {
    let is_rare = RARE.contains(&argument.get_id().as_str());
    argument.hide(is_rare)
}

/// A new run, or an interrupted one to continue.
#[derive(Debug, Args)]
pub struct TrainCommand {
    /// Continue the interrupted run in this folder.
    #[arg(
        long,
        value_name = "RUN_DIR",
        conflicts_with_all = [
            "RunArguments",
            "SettingArguments",
            "category",
            "mask_values",
            "FolderArguments",
            "SplitArguments",
            "AnomalyArguments",
        ]
    )]
    pub resume: Option<PathBuf>,
    #[command(flatten)]
    pub new: TrainArguments,
    /// Keep image features in this folder, for this run and later ones.
    #[arg(long, value_name = "DIR")]
    pub feature_cache: Option<PathBuf>,
    /// Keep features of images in the run's folder, for `bgad learn`; those of training images are
    /// rounded to 16 bits unless features.training_precision is given.
    #[arg(long, conflicts_with_all = ["feature_cache", "resume"])]
    pub keep_features: bool,
    /// Also write metrics as a TensorBoard event file.
    #[arg(long)]
    pub tensorboard: bool,
    /// Don't write a report or evaluation.json.
    #[cfg(feature = "report")]
    #[arg(long)]
    pub no_report: bool,
    #[command(flatten)]
    pub reporting: ReportingArguments,
}

/// The arguments of a new run.
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

/// All arguments that belong to no sub-group. `--resume` excludes this group, because a clap group with
/// groups inside has no members of its own.
#[derive(Debug, Args)]
pub struct RunArguments {
    /// The data set's folder, or its table (.csv or .json).
    #[arg(value_name = "DATA", required_unless_present_any = ["data", "resume"])]
    pub folder: Option<PathBuf>,
    /// The data set's folder or table, as an option.
    #[arg(long, value_name = "DATA", conflicts_with = "folder")]
    pub data: Option<PathBuf>,
    /// mvtec, mvtec-ad-2, mvtec-loco, mpdd, visa, btad, kolektor-sdd2, aitex, elpv, brain-mri, head-ct, coco,
    /// folder or manifest [default: recognised from the files].
    #[arg(long)]
    pub layout: Option<Layout>,
    /// The preset for all settings that are not given [default: default].
    #[arg(long, value_enum)]
    pub preset: Option<PresetArgument>,
    /// Use only cached weights, never the network.
    #[arg(long)]
    pub offline: bool,
    /// Write this run's split to a file.
    #[arg(long, value_name = "FILE")]
    pub write_split: Option<PathBuf>,
    /// flex, ndarray, wgpu, vulkan or cuda; cuda:1 is the second of several GPUs [default: flex].
    #[arg(long)]
    pub device: Option<DeviceSelection>,
    /// Train on all of these at once, for example cuda:0,cuda:1.
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub devices: Vec<ListedDevice>,
    /// Read settings from a TOML file; options override it.
    #[arg(long, value_name = "FILE.toml")]
    pub config: Option<PathBuf>,
    /// The folder for model, metrics and report.
    #[arg(long, value_name = "DIR", required_unless_present = "resume")]
    pub out: Option<PathBuf>,
}

/// The settings that have their own flag.
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
