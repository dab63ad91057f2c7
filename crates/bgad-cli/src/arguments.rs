//! What can be said on the command line.

mod calibrate;
pub mod choices;
mod evaluate;
mod predict;
mod reporting;
mod train;

use std::path::PathBuf;
use std::sync::LazyLock;

use bgad::{DeviceKind, Machine};
use clap::{Args, Parser, Subcommand};

pub use calibrate::CalibrateArguments;
pub use choices::*;
pub use evaluate::EvaluateArguments;
pub use predict::{MapFormat, PredictArguments};
pub use reporting::ReportingArguments;
pub use train::{TrainArguments, TrainCommand};

use crate::cut_paste::CutPasteArguments;
use crate::data::{AnomalyArguments, DataArguments};
use crate::inspect::InspectArguments;

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
    /// Measure this machine in about ten seconds: products, training steps, predictions.
    Bench(crate::bench::BenchArguments),
}

/// This machine, with the allocator of `main.rs`.
pub fn machine() -> Machine {
    Machine::current().with_allocator("mimalloc")
}

/// `--version`: what a report of slowness needs.
fn long_version() -> &'static str {
    static VERSION: LazyLock<String> = LazyLock::new(|| {
        let devices: Vec<&str> = DeviceKind::ALL
            .into_iter()
            .filter(|kind| kind.is_compiled())
            .map(DeviceKind::name)
            .collect();
        let machine = machine();
        format!(
            "{}\nprocessor     {}\ninstructions  {} (this machine has {})\nthreads       {}\n\
             allocator     {}\ndevices       {}",
            env!("CARGO_PKG_VERSION"),
            machine.processor,
            machine.instructions,
            machine.available_instructions.join(", "),
            machine.threads,
            machine.allocator.unwrap_or_default(),
            devices.join(", ")
        )
    });
    &VERSION
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
