//! The arguments of `bgad reproduce`.

use std::fmt;
use std::path::PathBuf;

use bgad::DeviceSelection;
use clap::{Args, ValueEnum};

use crate::arguments::{Flag, Flags, ReportingArguments, SettingArguments};
use crate::devices::ListedDevice;

/// A table or figure of the paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Experiment {
    /// MVTec AD, BGAD and BGAD-FAS.
    Table1,
    /// BTAD.
    Table2,
    /// One abnormal image: AITEX, ELPV, BrainMRI, HeadCT.
    Table3,
    /// MVTec AD by beta and tau.
    Table4,
    /// MVTec AD's hard types, with and without such types in training.
    Table5,
    /// MVTec AD by number of abnormal images, CutPaste and focal weights.
    Table6,
    /// AUROC against meta-epoch, BGAD and BGAD-FAS.
    Figure3,
    /// Images with ground truth, heat map and outline.
    Figure4,
    /// AUROC against meta-epoch by beta and by tau.
    Figure7,
    /// Features in the plane before and after the flow.
    Figure8,
    /// Log-likelihoods with the boundaries.
    Figure9,
}

impl fmt::Display for Experiment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.to_possible_value();
        f.write_str(value.as_ref().map_or("", |value| value.get_name()))
    }
}

impl Experiment {
    /// Whether each run writes a report with the figure.
    pub fn needs_report(self) -> bool {
        matches!(self, Self::Figure4 | Self::Figure8 | Self::Figure9)
    }
}

#[derive(Debug, Args)]
pub struct ReproduceArguments {
    /// The table or figure.
    #[arg(value_enum)]
    pub experiment: Experiment,
    /// The folder with the data sets under their usual names.
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// Only these categories or data sets [default: all in the table].
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub categories: Vec<String>,
    /// Number of runs per row, with seeds from 0.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    pub seeds: u64,
    #[command(flatten)]
    pub settings: SettingArguments<ReproduceFlags>,
    /// Use only cached weights, never the network.
    #[arg(long)]
    pub offline: bool,
    /// Read further settings from a TOML file.
    #[arg(long, value_name = "FILE.toml")]
    pub config: Option<PathBuf>,
    /// The folder for results.jsonl and figures; runs already in it are not repeated.
    #[arg(long, value_name = "DIR", default_value = "reproduce")]
    pub out: PathBuf,
    /// flex, ndarray, wgpu, vulkan or cuda, if compiled in; cuda:1 is the second of several GPUs.
    #[arg(long, default_value_t)]
    pub device: DeviceSelection,
    /// Run categories in parallel, one process on each of these, for example cuda:0,cuda:1; bare numbers
    /// refer to --device's kind.
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub devices: Vec<ListedDevice>,
    /// Don't print the table; for one of several processes.
    #[arg(long, hide = true)]
    pub runs_only: bool,
    #[command(flatten)]
    pub reporting: ReportingArguments,
}

/// The paper's backbone.
pub const BACKBONE: &str = "tf_efficientnet_b6";

/// The settings that have their own flag.
#[derive(Debug)]
pub struct ReproduceFlags;

impl Flags for ReproduceFlags {
    const FLAGS: &'static [Flag] = &[
        Flag::new("backbone", "backbone.name", "NAME").or_else(BACKBONE),
        Flag::new("weights", "backbone.weights", "FILE"),
        Flag::new("meta-epochs", "schedule.meta_epochs", "N").of_paper(),
        Flag::new("sub-epochs", "schedule.sub_epochs", "N").of_paper(),
    ];
}
