//! `bgad quantize`.

use std::path::PathBuf;

use clap::Args;

use super::ReportingArguments;

#[derive(Debug, Args)]
pub struct QuantizeArguments {
    /// The model file, in single precision.
    #[arg(long, value_name = "FILE")]
    pub model: PathBuf,
    /// Normal images, preferably those that the model was trained on: images, folders, or `-` for a list
    /// on standard input.
    #[arg(long, required = true, num_args = 1.., value_name = "IMAGE")]
    pub images: Vec<PathBuf>,
    /// The file for the model in bytes.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    #[command(flatten)]
    pub reporting: ReportingArguments,
}
