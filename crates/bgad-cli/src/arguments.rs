//! The command line's arguments.

mod calibrate;
pub mod choices;
mod evaluate;
mod learn;
mod predict;
mod quantize;
mod reporting;
#[cfg(feature = "review")]
mod review;
pub mod settings;
mod train;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub use calibrate::CalibrateArguments;
pub use choices::*;
pub use evaluate::EvaluateArguments;
pub use learn::LearnArguments;
pub use predict::{MapFormat, PredictArguments};
#[cfg(feature = "flex")]
pub use quantize::QuantizeArguments;
pub use reporting::ReportingArguments;
#[cfg(feature = "review")]
pub use review::ReviewArguments;
pub use settings::{Flag, Flags, NoFlags, SettingArguments};
pub use train::{TrainArguments, TrainCommand};

use crate::data::{AnomalyArguments, DataArguments};
use crate::inspect::InspectArguments;
use crate::machine::long_version;

/// The end of `bgad --help`.
const FIRST_STEPS: &str = "\
First steps (the folder `parts` holds `normal` and, if you have any, `abnormal` and `masks`):
  bgad data parts                                               check what is found
  bgad train parts --out run                                    train; writes run/model.bgad
  bgad predict --model run/model.bgad --heatmaps maps images/   score new images
`bgad COMMAND --help` lists a command's options.";

/// Visual anomaly detection: learns what normal parts look like and finds defects on others.
#[derive(Debug, Parser)]
#[command(
    name = "bgad",
    version,
    long_version = long_version(),
    arg_required_else_help = true,
    after_help = FIRST_STEPS
)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Train a detector on a data set.
    #[command(mut_args(train::hide_rare), after_help = train::MORE)]
    Train(Box<TrainCommand>),
    /// Evaluate a detector on a data set's test images.
    Evaluate(Box<EvaluateArguments>),
    /// Teach a run missed defects and false alarms; the result is a new run.
    Learn(Box<LearnArguments>),
    /// Score images.
    Predict(PredictArguments),
    /// Look at images on a local page, correct the model's decisions and teach it.
    #[cfg(feature = "review")]
    Review(ReviewArguments),
    /// Choose a new threshold from normal images that were not trained on.
    Calibrate(CalibrateArguments),
    /// Convert a model to eight bits: a smaller file, and faster on the CPU.
    #[cfg(feature = "flex")]
    Quantize(QuantizeArguments),
    /// List all training settings with help, allowed values and the presets' values.
    Settings(crate::settings::SettingsArguments),
    /// Convert a PyTorch checkpoint to a model.
    Import(Box<crate::import::ImportArguments>),
    /// Repeat a table or figure of the paper.
    Reproduce(Box<crate::reproduce::ReproduceArguments>),
    /// Write a run's report again from the files in its folder.
    #[cfg(feature = "report")]
    Report(ReportArguments),
    /// List, fetch, find and check published backbone weights.
    Weights(crate::weights::WeightsArguments),
    /// Show what a data set contains.
    Data(Box<InspectArguments>),
    /// Draw pasted training samples to look at before training.
    Preview(Box<PreviewArguments>),
    /// Measure this machine in about ten seconds: products, training steps, predictions.
    #[cfg(feature = "flex")]
    Bench(crate::bench::BenchArguments),
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
    /// Number of samples on the sheet.
    #[arg(long, value_name = "N", default_value_t = 16)]
    pub count: usize,
    /// The training seed.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    #[command(flatten)]
    pub settings: SettingArguments<NoFlags>,
    /// Take images as stored, or turned as their EXIF orientation says.
    #[arg(long, value_enum, default_value = "stored")]
    pub orientation: OrientationArgument,
    /// The folder for `preview.png`; created if needed.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}
