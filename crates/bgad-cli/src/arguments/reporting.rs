//! How a command reports its results.

use clap::Args;

#[derive(Debug, Args)]
pub struct ReportingArguments {
    /// Write only JSON to standard output.
    #[arg(long)]
    pub json: bool,
    /// Don't show progress (it is only shown if stderr is a terminal).
    #[arg(long)]
    pub quiet: bool,
}
