//! How a command tells its results.

use clap::Args;

#[derive(Debug, Args)]
pub struct ReportingArguments {
    /// Write JSON to standard output, and nothing else there.
    #[arg(long)]
    pub json: bool,
    /// Don't show progress; it is not shown either where stderr is no terminal.
    #[arg(long)]
    pub quiet: bool,
}
