//! `bgad train`.

use std::sync::Arc;

use bgad::{Model, ThresholdRule, Trainer, TrainerConfig, Training};
use serde_json::{Value, json};

use crate::arguments::TrainArguments;
use crate::failure::Failure;
use crate::output;
use crate::progress::{Display, warning};

/// The settings: defaults, then the file's, then the command line's.
fn config(arguments: &TrainArguments) -> Result<TrainerConfig, Failure> {
    let mut config = match &arguments.config {
        None => TrainerConfig::default(),
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|source| Failure::File {
                path: path.clone(),
                source,
            })?;
            toml::from_str(&text).map_err(|source| Failure::Config {
                path: path.clone(),
                source: Box::new(source),
            })?
        }
    };
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
    let data = &arguments.data;
    let mut dataset = data.layout.read(&data.data, data.category.as_deref())?;
    if config.model == Model::BgadFas {
        dataset.move_anomalies_to_training(arguments.anomalies, config.seed)?;
    }
    // Before the work starts: a folder that can't be made should not cost a night of training.
    std::fs::create_dir_all(&arguments.out).map_err(|source| Failure::File {
        path: arguments.out.clone(),
        source,
    })?;
    let display = Arc::new(Display::new(arguments.reporting.quiet));
    let shown = Arc::clone(&display);
    let trainer = Trainer::new(config)
        .on(arguments.device)
        .observed_by(move |progress| shown.show(progress));
    let training = trainer.run(&dataset);
    display.finish();
    let training = training?;
    let model = arguments.out.join("model.bgad");
    training.detector.save(&model)?;
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
