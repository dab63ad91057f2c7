//! `bgad train`.

use std::path::PathBuf;

use bgad::{DeviceSelection, Layout};
use clap::Args;

use super::ReportingArguments;
use super::choices::PresetArgument;
use super::settings::{Flag, Flags, SettingArguments};
use crate::data::{AnomalyArguments, ChoiceArguments};
use crate::devices::ListedDevice;

/// Options that are left out of the help: that of the commands named in [`MORE`] has them too.
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

/// Ends the help.
pub const MORE: &str = "\
bgad settings        all settings, with what is allowed and where both presets stand
bgad data --help     options of folders and splits, which train takes too
bgad preview --help  options by which abnormal training images are chosen, which train takes too";

/// Keeps the help to a screen.
pub fn hide_rare(argument: clap::Arg) -> clap::Arg {
    let is_rare = RARE.contains(&argument.get_id().as_str());
    argument.hide(is_rare)
}

/// A new run, or one that goes on.
#[derive(Debug, Args)]
pub struct TrainCommand {
    /// Go on with the run in this folder where it stopped.
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
    /// Keep features of images in this folder, for this run and later ones.
    #[arg(long, value_name = "DIR")]
    pub feature_cache: Option<PathBuf>,
    /// Keep features of images in the run's folder, for `bgad learn`; those of training images are
    /// rounded to 16 bits unless features.training_precision is given.
    #[arg(long, conflicts_with_all = ["feature_cache", "resume"])]
    pub keep_features: bool,
    /// Also write metrics as a TensorBoard event file.
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
    /// The data set's folder, or its table (.csv or .json).
    #[arg(value_name = "DIR", required_unless_present_any = ["data", "resume"])]
    pub folder: Option<PathBuf>,
    /// The same as an option.
    #[arg(long, value_name = "DIR", conflicts_with = "folder")]
    pub data: Option<PathBuf>,
    /// mvtec, mvtec-ad-2, mvtec-loco, mpdd, visa, btad, kolektor-sdd2, aitex, elpv, brain-mri, head-ct,
    /// coco, folder or manifest [default: as is recognised].
    #[arg(long)]
    pub layout: Option<Layout>,
    /// Where settings that are not given stand [default: default].
    #[arg(long, value_enum)]
    pub preset: Option<PresetArgument>,
    /// Take weights from the cache alone, never from the network.
    #[arg(long)]
    pub offline: bool,
    /// Write the split that this run uses to a file.
    #[arg(long, value_name = "FILE")]
    pub write_split: Option<PathBuf>,
    /// flex, ndarray, wgpu, vulkan or cuda, or cuda:1 of several [default: flex].
    #[arg(long)]
    pub device: Option<DeviceSelection>,
    /// Train on all of these at once, as cuda:0,cuda:1.
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub devices: Vec<ListedDevice>,
    /// Settings from a TOML file; options come first.
    #[arg(long, value_name = "FILE.toml")]
    pub config: Option<PathBuf>,
    /// The folder for model, metrics and report.
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
