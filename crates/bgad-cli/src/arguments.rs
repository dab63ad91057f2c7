//! What can be said on the command line.

mod calibrate;
mod choices;
mod evaluate;
mod predict;
mod train;

use std::path::PathBuf;

use bgad::Layout;
use clap::{Args, Parser, Subcommand};

pub use calibrate::CalibrateArguments;
pub use choices::*;
pub use evaluate::EvaluateArguments;
pub use predict::{MapFormat, PredictArguments};
pub use train::{TrainArguments, TrainCommand};

use crate::cut_paste::CutPasteArguments;
use crate::data::{AnomalyArguments, FolderArguments, SplitArguments};
use crate::inspect::InspectArguments;

/// Visual anomaly detection: learns what normal parts look like, finds what is wrong on others.
#[derive(Debug, Parser)]
#[command(name = "bgad", version, arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Train a detector on a data set.
    Train(Box<TrainCommand>),
    /// Measure a detector on a data set's test images.
    Evaluate(Box<EvaluateArguments>),
    /// Score images.
    Predict(PredictArguments),
    /// Take the threshold anew from normal images that were not trained on.
    Calibrate(CalibrateArguments),
    /// Make a model of a PyTorch checkpoint.
    Import(Box<crate::import::ImportArguments>),
    /// Repeat a table or figure of the paper.
    Reproduce(Box<crate::reproduce::ReproduceArguments>),
    /// Make a run's report again from what lies in its folder.
    #[cfg(feature = "report")]
    Report(ReportArguments),
    /// Published weights of backbones: list, fetch, find and check them.
    Weights(crate::weights::WeightsArguments),
    /// Tell what a data set holds.
    Data(Box<InspectArguments>),
    /// Draw samples that training would paste, to look at.
    Preview(Box<PreviewArguments>),
}

/// Where the images are.
#[derive(Debug, Args)]
pub struct DataArguments {
    /// How the data set's files are laid out: mvtec, btad, aitex, elpv, brain-mri, head-ct, folder or
    /// manifest.
    #[arg(long)]
    pub layout: Layout,
    /// The data set's folder; for manifest the table, .csv or .json.
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    #[command(flatten)]
    pub choice: ChoiceArguments,
}

/// Which of a data set's images.
#[derive(Debug, Clone, Args)]
pub struct ChoiceArguments {
    /// The category, where the data set has several.
    #[arg(long, value_name = "NAME")]
    pub category: Option<String>,
    #[command(flatten)]
    pub folders: FolderArguments,
    /// Which values of the masks mark a defect: auto (as all masks together tell), nonzero, half,
    /// above:N, alpha, or the values themselves, as 1,2,5.
    #[arg(long, value_name = "RULE", default_value = "auto")]
    pub mask_values: String,
    #[command(flatten)]
    pub split: SplitArguments,
}

#[cfg(feature = "report")]
#[derive(Debug, Args)]
pub struct ReportArguments {
    /// The folder of a run, or of an evaluation's report.
    #[arg(value_name = "RUN_DIR")]
    pub run: PathBuf,
}

#[derive(Debug, Args)]
pub struct PreviewArguments {
    #[command(flatten)]
    pub data: DataArguments,
    #[command(flatten)]
    pub choice: AnomalyArguments,
    /// Samples on the sheet.
    #[arg(long, value_name = "N", default_value_t = 16)]
    pub count: usize,
    /// The seed that training would have.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    #[command(flatten)]
    pub cut_paste: CutPasteArguments,
    /// Take images as they are stored, or turned as their EXIF orientation says.
    #[arg(long, value_enum, default_value = "stored")]
    pub orientation: OrientationArgument,
    /// The folder for `preview.png`; it is made where it is not there.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

#[derive(Debug, Args)]
pub struct ReportingArguments {
    /// Write JSON to standard output, and nothing else there.
    #[arg(long)]
    pub json: bool,
    /// Don't show progress; it is not shown either where stderr is no terminal.
    #[arg(long)]
    pub quiet: bool,
}
