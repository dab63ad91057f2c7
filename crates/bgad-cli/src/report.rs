//! `bgad report`, and the reports that `train` and `evaluate` write.

use std::path::Path;

use bgad::report::Report;
use bgad::{Dataset, Detector, Evaluation, EvaluationOptions, MetaEpoch, RunDirectory};

use crate::arguments::ReportArguments;
use crate::failure::Failure;
use crate::output;

/// Makes a run's report again.
pub fn run(arguments: &ReportArguments) -> Result<(), Failure> {
    let files = Report::load(&arguments.run)?.write(&arguments.run)?;
    output::line(&files.html.display().to_string())
}

/// Evaluates, and writes the report and what it was made of to `folder`.
pub fn of_evaluation(
    detector: &Detector,
    dataset: &Dataset,
    options: &EvaluationOptions,
    folder: &Path,
) -> Result<Evaluation, Failure> {
    std::fs::create_dir_all(folder).map_err(Failure::file(folder))?;
    let report = Report::of(detector, dataset, options)?;
    report.save(folder)?;
    report.write(folder)?;
    Ok(report.evaluation)
}

/// The report of a training run, beside its model.
pub fn of_run(
    detector: &Detector,
    dataset: &Dataset,
    history: &[MetaEpoch],
    directory: &RunDirectory,
) -> Result<(), Failure> {
    let (options, features) = (EvaluationOptions::complete(), directory.features());
    let report = match features.is_dir() {
        true => Report::of_kept(detector, dataset, &options, &features)?,
        false => Report::of(detector, dataset, &options)?,
    };
    let report = report
        .with_history(history)
        .with_run(&directory.description()?);
    report.save(directory.path())?;
    report.write(directory.path())?;
    Ok(())
}
