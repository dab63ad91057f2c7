//! `bgad reproduce`: the experiments of the paper, one command each.

mod arguments;
mod case;
mod figures;
mod locate;
mod pool;
mod published;
mod results_file;
mod table;

use std::sync::Arc;

use bgad::{
    AnomalyCount, AnomalySelection, Dataset, EvaluateWhen, MetaEpoch, Model, PaperMetrics, Preset,
    Trainer, TrainerConfig, Training, subsets,
};

use arguments::BACKBONE;
pub use arguments::{Experiment, ReproduceArguments};
use case::{Case, Defects};
use locate::{Category, Found};
use results_file::{Record, ResultsFile, settings};

use crate::failure::Failure;
use crate::progress::{Display, warning};

/// Runs what has not been run yet, then prints everything beside the published figures.
pub fn run(arguments: &ReproduceArguments) -> Result<(), Failure> {
    let mut base = base_config(arguments)?;
    base.check()?;
    if base.backbone.weights.is_none() {
        let quiet = arguments.reporting.quiet;
        base.backbone.weights =
            crate::weights::resolve(&base.backbone.name, arguments.offline, quiet)?;
    }
    let wanted = case::categories(arguments.experiment, &arguments.categories);
    let Found { found, missing } = locate::find(&arguments.data, &wanted);
    for category in &missing {
        warning(&format!(
            "{category}: not found in {}; its rows stay empty",
            arguments.data.display()
        ));
    }
    if found.is_empty() {
        return Err(Failure::Missing(format!(
            "{}: none of the data sets {} is there",
            arguments.data.display(),
            wanted.join(", ")
        )));
    }
    let file = |source| Failure::File {
        path: arguments.out.clone(),
        source,
    };
    bgad_files::create_folder(&arguments.out).map_err(file)?;
    if !arguments.devices.is_empty() {
        let devices = arguments.devices.iter();
        let devices = devices.map(|listed| listed.of(arguments.device.kind));
        pool::run(arguments, &devices.collect::<Result<Vec<_>, _>>()?, &found)?;
    }
    let mut results = ResultsFile::open(&arguments.out.join("results.jsonl"))?;
    let cases = case::cases(arguments.experiment, &base);
    let mut records = Vec::new();
    for category in &found {
        for case in &cases {
            for seed in 0..arguments.seeds {
                if let Some(record) = one(arguments, category, case, seed, &mut results)? {
                    records.push(record);
                }
            }
        }
    }
    if arguments.runs_only {
        return Ok(());
    }
    let all = case::categories(arguments.experiment, &[]);
    if found.len() < all.len() {
        warning(&format!(
            "{} of {} categories: means are over these, the published ones over all",
            found.len(),
            all.len()
        ));
    }
    // Files first, because the reader of the table may go away.
    figures::write(arguments, &cases, &found, &records)?;
    table::print(arguments, &cases, &found, &records)
}

/// The settings that all rows share: the defaults, then the file's, then the command line's.
fn base_config(arguments: &ReproduceArguments) -> Result<TrainerConfig, Failure> {
    let mut config = crate::config_file::read(arguments.config.as_deref(), Preset::Paper)?;
    if arguments.config.is_none() {
        BACKBONE.clone_into(&mut config.backbone.name);
    }
    arguments.settings.apply(&mut config)?;
    config.schedule.evaluate = EvaluateWhen::Each;
    Ok(config)
}

/// One run, or its record in the results file; `None` if the category can't have this row.
fn one(
    arguments: &ReproduceArguments,
    category: &Category,
    case: &Case,
    seed: u64,
    results: &mut ResultsFile,
) -> Result<Option<Record>, Failure> {
    let mut config = case.config.clone().with(|config| config.seed = seed);
    let experiment = arguments.experiment.to_string();
    let settings = settings(&config, case);
    let name = format!("{experiment}, {}, {}, seed {seed}", case.row, category.name);
    let known = results.find(&experiment, &case.row, &category.name, seed, &settings);
    let whole = !arguments.experiment.needs_report()
        || figures::report_is_there(arguments, category, case, seed);
    if let Some(record) = known.filter(|_| whole) {
        crate::progress::note(&format!("{name}: already done"));
        return Ok(Some(record));
    }
    let mut dataset = category.layout.read(&category.folder, None)?;
    // Before types are dropped, because the rule is that of the whole set.
    dataset.settle_open_masks()?;
    if !choose(&mut dataset, category, case, seed)? {
        let why = "no easy types to train on beside the hard ones, or no hard ones";
        warning(&format!("{name}: left out, {why}"));
        return Ok(None);
    }
    dataset.warnings.extend(config.settle_foreground()?);
    crate::progress::note(&format!("{name}: running"));
    let display = Arc::new(Display::new(arguments.reporting.quiet));
    let shown = Arc::clone(&display);
    let trainer = Trainer::new(config)
        .on(arguments.device)
        .observed_by(move |progress| shown.show(progress));
    let trainer = figures::prepare(arguments.experiment, trainer);
    let training = trainer.run(&dataset);
    display.finish();
    let mut training = training?;
    figures::report_of(arguments, category, case, seed, &mut training)?;
    let record = record(experiment, case, category, seed, settings, &training);
    results.append(&record)?;
    Ok(Some(record))
}

/// Moves the case's abnormal images to training and keeps only the case's types in the test set; false if the
/// category does not have them.
fn choose(
    dataset: &mut Dataset,
    category: &Category,
    case: &Case,
    seed: u64,
) -> Result<bool, Failure> {
    let hard: Vec<String> = subsets::hard_types(&category.name)
        .unwrap_or_default()
        .iter()
        .map(|name| (*name).to_owned())
        .collect();
    let types = dataset.defect_types();
    if case.defects != Defects::All && !hard.iter().any(|name| types.contains(name)) {
        return Ok(false);
    }
    let easy: Vec<String> = types.into_iter().filter(|t| !hard.contains(t)).collect();
    if case.config.model == Model::BgadFas {
        let count = AnomalyCount::Total(case.anomalies);
        let types = match case.defects {
            Defects::EasyTrainHardTest if easy.is_empty() => return Ok(false),
            Defects::EasyTrainHardTest => easy,
            Defects::All | Defects::HardTest => Vec::new(),
        };
        dataset.choose_anomalies(&AnomalySelection { count, types }, seed)?;
    }
    if case.defects != Defects::All {
        dataset.test_only(&hard)?;
    }
    Ok(true)
}

fn record(
    experiment: String,
    case: &Case,
    category: &Category,
    seed: u64,
    settings: serde_json::Value,
    training: &Training,
) -> Record {
    let last = training.history.last().cloned().unwrap_or_default();
    let best = |get: fn(&MetaEpoch) -> Option<f64>| {
        let values = training.history.iter().filter_map(get);
        values.max_by(f64::total_cmp)
    };
    let mut paper_protocol = PaperMetrics::default();
    paper_protocol.image_auroc = best(|m| m.paper_protocol.image_auroc);
    paper_protocol.pixel_auroc = best(|m| m.paper_protocol.pixel_auroc);
    paper_protocol.aupro = best(|m| m.paper_protocol.aupro);
    paper_protocol.aupro_approximated = best(|m| m.paper_protocol.aupro_approximated);
    Record {
        experiment,
        row: case.row.clone(),
        category: category.name.clone(),
        seed,
        settings,
        image_auroc: last.image_auroc,
        pixel_auroc: last.pixel_auroc,
        aupro: last.aupro,
        paper_protocol,
        history: training.history.clone(),
        seconds: training.seconds.total,
    }
}
