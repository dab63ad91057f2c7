//! `bgad report`, and the reports that `train` and `evaluate` write.

use std::path::{Path, PathBuf};

use bgad::report::Report;
use bgad::{Dataset, Detector, Evaluation, EvaluationOptions, RunDirectory, Training};

use crate::arguments::ReportArguments;
use crate::failure::Failure;
use crate::output;

/// The file that every report is written from.
const DATA: &str = "report.json";

/// Writes a run's report again.
pub fn run(arguments: &ReportArguments) -> Result<(), Failure> {
    let run = RunDirectory::at(&arguments.run);
    let finished = || Some(run.description().ok()?.finished_unix_seconds.is_some());
    if !arguments.run.join(DATA).exists() && finished() == Some(true) {
        return Err(Failure::Missing(format!(
            "{}: this run has no report, because it was trained with --no-report or without test images; \
             `bgad evaluate --model {} --report DIR` writes one",
            arguments.run.display(),
            run.model().display()
        )));
    }
    if !arguments.run.join(DATA).exists() {
        return Err(Failure::NoRun {
            folder: arguments.run.clone(),
            file: DATA,
            other: " that has finished, or the --report folder of a `bgad evaluate`",
        });
    }
    let files = Report::load(&arguments.run)?.write(&arguments.run)?;
    output::line(&files.html.display().to_string())
}

/// Evaluates, and writes the report and its data to `folder`.
pub fn of_evaluation(
    detector: &Detector,
    dataset: &Dataset,
    options: &EvaluationOptions,
    folder: &Path,
) -> Result<Evaluation, Failure> {
    bgad_files::create_folder(folder).map_err(Failure::file(folder))?;
    let report = Report::of(detector, dataset, options)?;
    report.save(folder)?;
    report.write(folder)?;
    Ok(report.evaluation)
}

/// Writes the report of a training run beside its model; returns the page's path, `None` if nothing was
/// evaluated.
pub fn of_run(
    training: &mut Training,
    directory: &RunDirectory,
) -> Result<Option<PathBuf>, Failure> {
    let Some(report) = Report::of_training(training)? else {
        return Ok(None);
    };
    let report = report.with_run(&directory.description()?);
    report.save(directory.path())?;
    Ok(Some(report.write(directory.path())?.html))
}
