//! The figures' files.

use std::path::PathBuf;

use bgad::{Trainer, Training};

use super::{Case, Category, Experiment, Record, ReproduceArguments};
use crate::failure::Failure;

fn run_folder(
    arguments: &ReproduceArguments,
    category: &Category,
    case: &Case,
    seed: u64,
) -> PathBuf {
    let name = format!(
        "{}-{}-{}-{seed}",
        arguments.experiment, category.name, case.row
    );
    arguments.out.join(name.replace([' ', ',', '+'], ""))
}

/// Whether a run's figure exists already.
pub fn report_is_there(
    arguments: &ReproduceArguments,
    category: &Category,
    case: &Case,
    seed: u64,
) -> bool {
    let folder = run_folder(arguments, category, case, seed);
    folder.join("report.html").is_file()
}

/// A trainer that keeps what the experiment's figures need.
#[cfg(feature = "report")]
pub fn prepare(experiment: Experiment, trainer: Trainer) -> Trainer {
    match experiment.needs_report() {
        true => trainer.for_report(bgad::EvaluationOptions {
            by_defect_type: true,
            ..bgad::EvaluationOptions::default()
        }),
        false => trainer,
    }
}

/// Without the feature `report` there are no figures.
#[cfg(not(feature = "report"))]
pub fn prepare(_: Experiment, trainer: Trainer) -> Trainer {
    trainer
}

/// Writes a run's report; figures 4, 8 and 9 are parts of it.
#[cfg(feature = "report")]
pub fn report_of(
    arguments: &ReproduceArguments,
    category: &Category,
    case: &Case,
    seed: u64,
    training: &mut Training,
) -> Result<(), Failure> {
    let Some(report) = bgad::report::Report::of_training(training)? else {
        return Ok(());
    };
    let folder = run_folder(arguments, category, case, seed);
    bgad_files::create_folder(&folder).map_err(Failure::file(&folder))?;
    let files = report.write(&folder)?;
    let part = match arguments.experiment {
        Experiment::Figure4 => "gallery_*.png",
        Experiment::Figure8 => "embedding_*.svg",
        _ => "histogram_*.svg",
    };
    crate::progress::note(&format!(
        "{}; the figure alone: {}",
        files.html.display(),
        folder.join("report_parts").join(part).display()
    ));
    Ok(())
}

/// Without the feature `report` there are no figures.
#[cfg(not(feature = "report"))]
pub fn report_of(
    _: &ReproduceArguments,
    _: &Category,
    _: &Case,
    _: u64,
    _: &mut Training,
) -> Result<(), Failure> {
    Ok(())
}

/// Figures 3 and 7: image AUROC against meta-epoch, the mean over seeds of each row.
#[cfg(feature = "report")]
pub fn write(
    arguments: &ReproduceArguments,
    cases: &[Case],
    found: &[Category],
    records: &[Record],
) -> Result<(), Failure> {
    use bgad::report::page::{HistorySeries, ReportData, ReportOptions, write_report};

    // Rows that share a plot, by the start of their names.
    let plots: &[&str] = match arguments.experiment {
        Experiment::Figure3 => &[""],
        Experiment::Figure7 => &["beta", "tau"],
        _ => return Ok(()),
    };
    for category in found {
        for plot in plots {
            let rows = cases.iter().filter(|case| case.row.starts_with(plot));
            let history = rows.map(|case| {
                let of_row = records
                    .iter()
                    .filter(|r| r.row == case.row && r.category == category.name);
                HistorySeries {
                    name: case.row.clone(),
                    points: mean_history(&of_row.collect::<Vec<_>>()),
                }
            });
            let data = ReportData {
                title: format!("{}: {}", arguments.experiment, category.name),
                subtitle: format!("image AUROC, mean over {} seeds", arguments.seeds),
                history: history.collect(),
                ..ReportData::default()
            };
            let name = format!("{}-{}-{plot}", arguments.experiment, category.name);
            let folder = arguments.out.join(name.trim_end_matches('-'));
            write_report(&data, &folder, &ReportOptions::default()).map_err(bgad::Error::from)?;
            let svg = folder.join("report_parts").join("history.svg");
            crate::progress::note(&svg.display().to_string());
        }
    }
    Ok(())
}

/// The mean image AUROC per meta-epoch, over the runs that have it.
#[cfg(feature = "report")]
fn mean_history(records: &[&Record]) -> Vec<(f64, f64)> {
    let longest = records.iter().map(|r| r.history.len()).max().unwrap_or(0);
    (0..longest)
        .filter_map(|index| {
            let entries = records.iter().filter_map(|r| r.history.get(index));
            let values: Vec<f64> = entries.filter_map(|entry| entry.image_auroc).collect();
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            (!values.is_empty()).then_some(((index + 1) as f64, mean))
        })
        .collect()
}

/// Without the feature `report` there are no figures.
#[cfg(not(feature = "report"))]
pub fn write(
    arguments: &ReproduceArguments,
    _: &[Case],
    _: &[Category],
    _: &[Record],
) -> Result<(), Failure> {
    match arguments.experiment {
        Experiment::Figure3 | Experiment::Figure7 => {
            crate::progress::warning(
                "this build cannot draw figures; rebuild it with --features report",
            );
        }
        _ => {}
    }
    Ok(())
}
