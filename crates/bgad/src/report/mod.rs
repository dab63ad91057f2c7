//! A run's report: evaluation, figures and pictures on one page. Uses the rooms up to `run_directory`.

mod build;
mod curves;
mod decisions;
mod features;
mod gallery;
mod scoring;
mod stored;
mod summary;

#[doc(hidden)]
pub use bgad_report as page;
pub use bgad_report::ReportFiles;
pub use build::Report;
