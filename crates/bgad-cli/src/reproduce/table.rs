//! Prints results beside the published figures.

use serde_json::json;

use super::published::{self, Figures, MEAN};
use super::{Case, Category, Experiment, Record, ReproduceArguments};
use crate::failure::Failure;
use crate::output;

const METRICS: [&str; 3] = ["image AUROC", "pixel AUROC", "AUPRO"];

/// Mean and standard deviation (over n - 1) of the values.
fn mean_and_deviation(values: &[f64]) -> Option<(f64, Option<f64>)> {
    let count = values.len() as f64;
    if values.is_empty() {
        return None;
    }
    let mean = values.iter().sum::<f64>() / count;
    let squares = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
    Some((
        mean,
        (values.len() > 1).then(|| (squares / (count - 1.0)).sqrt()),
    ))
}

fn last(record: &Record) -> Figures {
    [record.image_auroc, record.pixel_auroc, record.aupro]
}

fn paper(record: &Record) -> Figures {
    let paper = &record.paper_protocol;
    [
        paper.image_auroc,
        paper.pixel_auroc,
        paper.aupro_approximated,
    ]
}

/// The values of one metric, one per seed; over several categories, the mean for each seed.
fn by_seed(
    records: &[&Record],
    seeds: u64,
    metric: usize,
    get: fn(&Record) -> Figures,
) -> Vec<f64> {
    (0..seeds)
        .filter_map(|seed| {
            let of_seed = records.iter().filter(|record| record.seed == seed);
            let values: Vec<f64> = of_seed.filter_map(|record| get(record)[metric]).collect();
            mean_and_deviation(&values).map(|(mean, _)| mean)
        })
        .collect()
}

/// Prints a line per row, category and metric, and the means over categories.
pub fn print(
    arguments: &ReproduceArguments,
    cases: &[Case],
    found: &[Category],
    records: &[Record],
) -> Result<(), Failure> {
    if !arguments.reporting.json {
        output::line(&format!(
            "{}: last meta-epoch, mean and standard deviation over seeds 0 to {}; beside it what \
             the paper gives, and paper_protocol (best meta-epoch, scored and measured as the \
             authors' program does)",
            arguments.experiment,
            arguments.seeds - 1
        ))?;
    }
    let names: Vec<&str> = found
        .iter()
        .map(|category| category.name.as_str())
        .collect();
    for case in cases {
        for category in names.iter().copied().chain([MEAN]) {
            if category == MEAN && (names.len() < 2 || arguments.experiment == Experiment::Table3) {
                // For a single category the mean repeats the line above, but it is what the paper gives.
                let only_means = matches!(
                    arguments.experiment,
                    Experiment::Table4 | Experiment::Table5 | Experiment::Table6
                );
                if !only_means {
                    continue;
                }
            }
            let of_line: Vec<&Record> = records
                .iter()
                .filter(|r| r.row == case.row && (category == MEAN || r.category == category))
                .collect();
            let given = published::figures(arguments.experiment, &case.row, category);
            for (metric, name) in METRICS.into_iter().enumerate() {
                let values = by_seed(&of_line, arguments.seeds, metric, last);
                let Some((mean, deviation)) = mean_and_deviation(&values) else {
                    continue;
                };
                let theirs = by_seed(&of_line, arguments.seeds, metric, paper);
                let theirs = mean_and_deviation(&theirs).map(|(mean, _)| mean);
                let difference = given[metric].map(|given| mean - given);
                if arguments.reporting.json {
                    output::json(&json!({
                        "experiment": arguments.experiment.to_string(),
                        "row": case.row,
                        "category": category,
                        "metric": name,
                        "mean": mean,
                        "standard_deviation": deviation,
                        "seeds": values.len(),
                        "published": given[metric],
                        "difference": difference,
                        "paper_protocol": theirs,
                    }))?;
                    continue;
                }
                let deviation = deviation.map_or_else(String::new, |d| format!(" ± {d:.3}"));
                let difference = difference.map_or_else(|| "-".to_owned(), |d| format!("{d:+.3}"));
                output::line(&format!(
                    "{:<20} {category:<12} {name:<12} {:<16} published {:<6} difference {difference:<7} \
                     paper_protocol {}",
                    case.row,
                    format!("{mean:.3}{deviation}"),
                    output::metric(given[metric]),
                    output::metric(theirs),
                ))?;
            }
        }
    }
    Ok(())
}
