//! What can be said on the command line.

mod calibrate;
pub mod choices;
mod evaluate;
mod predict;
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
pub use predict::{MapFormat, PredictArguments};
pub use reporting::ReportingArguments;
#[cfg(feature = "review")]
pub use review::ReviewArguments;
pub use settings::{Flag, Flags, NoFlags, SettingArguments};
pub use train::{TrainArguments, TrainCommand};

use crate::data::{AnomalyArguments, DataArguments};
use crate::inspect::InspectArguments;
use crate::machine::long_version;

/// Visual anomaly detection: learns what normal parts look like, finds what is wrong on others.
#[derive(Debug, Parser)]
#[command(name = "bgad", version, long_version = long_version(), arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Train a detector on a data set.
    #[command(mut_args(train::hide_rare), after_help = train::MORE)]
    Train(Box<TrainCommand>),
    /// Measure a detector on a data set's test images.
    Evaluate(Box<EvaluateArguments>),
    /// Score images.
    Predict(PredictArguments),
    /// Look at images on a page, say what is right, and let the model learn.
    #[cfg(feature = "review")]
    Review(ReviewArguments),
    /// Take the threshold anew from normal images that were not trained on.
    Calibrate(CalibrateArguments),
    /// List all settings of training: help, allowed values, the presets' values.
    Settings(crate::settings::SettingsArguments),
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
    /// Samples on the sheet.
    #[arg(long, value_name = "N", default_value_t = 16)]
    pub count: usize,
    /// The seed that training would have.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    #[command(flatten)]
    pub settings: SettingArguments<NoFlags>,
    /// Take images as they are stored, or turned as their EXIF orientation says.
    #[arg(long, value_enum, default_value = "stored")]
    pub orientation: OrientationArgument,
    /// The folder for `preview.png`; it is made where it is not there.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}
