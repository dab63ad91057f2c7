//! `bgad evaluate`.

use std::path::PathBuf;

use bgad::DeviceSelection;
use clap::Args;

use super::ReportingArguments;
use crate::data::DataArguments;

#[derive(Debug, Args)]
pub struct EvaluateArguments {
    /// The model file.
    #[arg(long, value_name = "FILE")]
    pub model: PathBuf,
    #[command(flatten)]
    pub data: DataArguments,
    /// Integrate AUPRO up to this false-positive rate.
    #[arg(long, value_name = "RATE", default_value_t = bgad::AUPRO_LIMIT)]
    pub aupro_limit: f64,
    /// Also compute AUPIMO, from 1e-5 to 1e-4 of the normal pixels.
    #[arg(long)]
    pub aupimo: bool,
    /// Also compute bootstrap confidence intervals at this level [default: 0.95].
    #[arg(long, value_name = "SHARE", num_args = 0..=1, default_missing_value = "0.95")]
    pub confidence: Option<f64>,
    /// Write a report and its data to this folder, including AUPIMO and intervals.
    #[cfg(feature = "report")]
    #[arg(long, value_name = "DIR")]
    pub report: Option<PathBuf>,
    /// flex, ndarray, wgpu, vulkan or cuda, if compiled in; cuda:1 is the second of several GPUs.
    #[arg(long, default_value_t)]
    pub device: DeviceSelection,
    #[command(flatten)]
    pub reporting: ReportingArguments,
}
