//! `bgad train`.

use std::sync::{Arc, Mutex, PoisonError};

use bgad::{
    DatasetDescription, Model, Progress, RunDescription, RunDirectory, ThresholdRule, Trainer,
    TrainerConfig, Training,
};
use serde_json::{Value, json};

use crate::arguments::TrainArguments;
use crate::config_file;
use crate::failure::Failure;
use crate::output;
use crate::progress::{Display, warning};

/// The settings: defaults, then the file's, then the command line's.
fn config(arguments: &TrainArguments) -> Result<TrainerConfig, Failure> {
    let mut config = config_file::read(arguments.config.as_deref(), arguments.preset.into())?;
    fn set<T: Clone, U: From<T>>(target: &mut U, given: &Option<T>) {
        if let Some(value) = given {
            *target = value.clone().into();
        }
    }
    let given = arguments;
    set(&mut config.model, &given.model);
    set(&mut config.backbone, &given.backbone);
    set(&mut config.meta_epochs, &given.meta_epochs);
    set(&mut config.sub_epochs, &given.sub_epochs);
    set(&mut config.batch_size, &given.batch_size);
    set(&mut config.learning_rate, &given.learning_rate);
    set(&mut config.image_size, &given.image_size);
    set(&mut config.objective.beta, &given.beta);
    set(&mut config.objective.tau, &given.tau);
    set(&mut config.objective.lambda, &given.lambda);
    set(&mut config.objective.focal, &given.focal);
    set(&mut config.boundary, &given.boundary);
    set(&mut config.pooling, &given.pooling);
    set(&mut config.feature_scaling, &given.feature_scaling);
    set(&mut config.aggregation, &given.aggregation);
    set(&mut config.image_score, &given.image_score);
    set(&mut config.mirror, &given.mirror);
    set(&mut config.flow_start, &given.flow_start);
    set(&mut config.pooled_flows, &given.pooled_flows);
    set(&mut config.pooled_levels, &given.pooled_levels);
    set(&mut config.pooled_folds, &given.pooled_folds);
    set(&mut config.image_steps, &given.image_steps);
    set(&mut config.evaluate, &given.evaluate);
    set(&mut config.seed, &given.seed);
    given.cut_paste.apply(&mut config.cut_paste);
    if let Some(granularity) = given.granularity {
        config.granularity = Some(granularity.into());
    }
    if let Some(weights) = &given.weights {
        config.weights = Some(weights.clone());
    }
    if let Some(rate) = given.false_positive_rate {
        config.threshold = ThresholdRule::FalsePositiveRate(rate);
    }
    Ok(config)
}

/// Trains, saves the model and reports.
pub fn run(arguments: &TrainArguments) -> Result<(), Failure> {
    let config = config(arguments)?;
    config.check()?;
    let mut dataset = arguments.data.open_images()?;
    if config.model == Model::BgadFas {
        arguments.anomalies.choose(&mut dataset, config.seed)?;
    }
    let description = RunDescription {
        device: arguments.device.to_string(),
        ..RunDescription::new(
            &config,
            DatasetDescription {
                layout: Some(arguments.data.layout.to_string()),
                folder: Some(arguments.data.data.clone()),
                category: arguments.data.category.clone(),
                ..DatasetDescription::of(&dataset)
            },
        )
    };
    // Before the work starts: a folder that can't be made should not cost a night of training.
    let directory = RunDirectory::begin(&arguments.out, &description)?;
    let log = Mutex::new(directory.metrics_log(arguments.tensorboard)?);
    crate::data::write_split(&dataset, arguments.write_split.as_ref())?;
    let display = Arc::new(Display::new(arguments.reporting.quiet));
    let shown = Arc::clone(&display);
    let trainer = Trainer::new(config)
        .on(arguments.device)
        .observed_by(move |progress| {
            if let Progress::MetaEpoch(meta_epoch) = &progress {
                let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
                // A full disk should not end a night of training either.
                if let Err(error) = log.append(meta_epoch) {
                    shown.show(Progress::Warning(error.to_string()));
                }
            }
            shown.show(progress);
        });
    let training = trainer.run(&dataset);
    display.finish();
    let training = training?;
    let model = directory.model();
    training.detector.save(&model)?;
    #[cfg(feature = "report")]
    if !arguments.no_report && training.evaluation.is_some() {
        let (detector, history) = (&training.detector, &training.history);
        crate::report::of_run(detector, &dataset, history, &description, &directory)?;
    }
    if !training.warnings.is_empty() {
        warning(&format!("{} warnings in all", training.warnings.len()));
    }
    if arguments.reporting.json {
        return output::json(&report(&training, &model.to_string_lossy()));
    }
    summary(&training, &model.to_string_lossy())
}

fn report(training: &Training, model: &str) -> Value {
    json!({
        "model": model,
        "history": training.history,
        "paper_protocol": training.evaluation.as_ref().map(|e| e.paper_protocol),
        "warnings": training.warnings,
        "seconds": training.seconds,
        "peak_rss_bytes": output::peak_memory(),
    })
}

fn summary(training: &Training, model: &str) -> Result<(), Failure> {
    output::line(&format!("model         {model}"))?;
    let description = training.detector.description();
    output::line(&format!("threshold     {}", description.threshold))?;
    if let Some(last) = training.history.last() {
        let rows = [
            ("loss", last.loss),
            ("image AUROC", last.image_auroc),
            ("pixel AUROC", last.pixel_auroc),
            ("AUPRO", last.aupro),
        ];
        for (name, value) in rows {
            output::line(&format!("{name:<13} {}", output::metric(value)))?;
        }
    }
    output::line(&format!("seconds       {:.1}", training.seconds.total))
}
