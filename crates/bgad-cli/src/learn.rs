//! `bgad learn`.

use std::sync::Arc;

use bgad::{Change, Learned, Lesson, Mistake, Progress, Trainer};
use serde_json::{Value, json};

use crate::arguments::LearnArguments;
use crate::decisions::{self, percent};
use crate::failure::{DESCRIPTION, Failure};
use crate::learning_progress::JsonProgress;
use crate::output;
use crate::progress::{Display, warning};
use crate::stop;

/// Teaches a run, writes the new one, and prints what changed.
pub fn run(arguments: &LearnArguments) -> Result<(), Failure> {
    let reporting = &arguments.reporting;
    if arguments.attached {
        stop::with_stdin();
    }
    if !arguments.run.join(DESCRIPTION).exists() {
        return Err(Failure::no_run(&arguments.run));
    }
    let display = Arc::new(Display::new(reporting.quiet));
    let shown = Arc::clone(&display);
    let lines = reporting.json.then(JsonProgress::default);
    let trainer = Trainer::of_run(&arguments.run)?
        .stopped_by(stop::on_signal())
        .observed_by(move |progress: Progress| {
            if let Some(lines) = &lines {
                lines.tell(&progress);
            }
            shown.show(progress);
        });
    let trainer = match arguments.device {
        Some(device) => trainer.on(device),
        None => trainer,
    };
    let lesson = Lesson {
        report: wants_report(arguments),
        mask_values: arguments.mask_values.clone(),
        ..arguments.lesson.lesson.clone()
    };
    let learned = trainer.learn(&arguments.run, &lesson, &arguments.out);
    display.finish();
    let learned = learned.map_err(|error| match error {
        bgad::Error::Stopped { .. } => Failure::StoppedLearning,
        other => other.into(),
    })?;
    if !learned.warnings.is_empty() {
        warning(&format!(
            "{} in all",
            decisions::count(learned.warnings.len(), "warning")
        ));
    }
    match reporting.json {
        true => output::json(&json!({ "result": result(&learned) })),
        false => table(&learned, &bgad::path_to_text(&arguments.run)),
    }
}

#[cfg(feature = "report")]
fn wants_report(arguments: &LearnArguments) -> bool {
    !arguments.no_report
}

/// A build without reports.
#[cfg(not(feature = "report"))]
fn wants_report(_: &LearnArguments) -> bool {
    false
}

fn result(learned: &Learned) -> Value {
    json!({
        "run": bgad::path_to_text(&learned.run),
        "model": bgad::path_to_text(&learned.model),
        "threshold": learned.threshold,
        "promised_rate": learned.promised_rate,
        "taught": learned.taught,
        "flipped": learned.flipped,
        "images": learned.images,
        "images_needed": learned.detector.description().images_needed(),
        "features": {
            "files": learned.features.files,
            "bytes": learned.features.bytes,
        },
        "warnings": learned.warnings,
        "training_seconds": learned.training,
        "seconds": learned.seconds,
        "peak_rss_bytes": output::peak_memory(),
    })
}

fn table(learned: &Learned, earlier: &str) -> Result<(), Failure> {
    let model = bgad::path_to_text(&learned.model);
    output::line(&format!("model         {model}"))?;
    let threshold = |value: Option<f32>| value.map_or("none".to_owned(), |v| v.to_string());
    let Change { before, after } = learned.threshold;
    let (before, after) = (threshold(before), threshold(after));
    output::line(&format!("threshold     {after}, before {before}"))?;
    let promised = |rate: Option<f64>| match rate {
        Some(rate) => format!("{} %", percent(rate)),
        None => "none".to_owned(),
    };
    let Change { before, after } = learned.promised_rate;
    let after =
        decisions::promise(learned.detector.description()).unwrap_or_else(|| promised(after));
    output::line(&format!(
        "promised      {after}; before {}",
        promised(before)
    ))?;
    for image in &learned.taught {
        let kind = match image.kind {
            Mistake::Missed => "missed",
            _ => "false alarm",
        };
        output::line(&format!(
            "{kind:<13} {}: score {:.3}, before {:.3}; {}",
            image.image.display(),
            image.score.after,
            image.score.before,
            decision(image.abnormal)
        ))?;
    }
    let flipped = learned.flipped.len();
    output::line(&format!(
        "decisions     {flipped} of {} other images of the run changed",
        learned.images - learned.taught.len()
    ))?;
    for image in &learned.flipped {
        let label = match image.label.is_abnormal() {
            true => "abnormal",
            false => "normal",
        };
        let change = decision(image.abnormal);
        output::line(&format!(
            "  {label:<11} {}: score {:.3}, before {:.3}; {change}",
            image.image.display(),
            image.score.after,
            image.score.before
        ))?;
    }
    let mebibytes = learned.features.bytes as f64 / f64::from(1 << 20);
    output::line(&format!(
        "features      {} files, {mebibytes:.0} MiB",
        learned.features.files
    ))?;
    output::line(&format!("seconds       {:.1}", learned.seconds))?;
    let run = bgad::path_to_text(&learned.run);
    let next = match learned.detector.description().images_needed() {
        Some(needed) => format!(
            "for the false-alarm rate that you asked for, run `bgad calibrate --model {model}` with \
             {needed} normal images that were not trained on"
        ),
        None => format!(
            "use {model} instead of the model in {earlier}, or go on with `bgad learn --run {run}`"
        ),
    };
    output::line(&format!("next          {next}"))
}

fn decision(change: Change<Option<bool>>) -> String {
    let word = |abnormal: Option<bool>| match abnormal {
        Some(true) => "anomalous",
        Some(false) => "normal",
        None => "undecided",
    };
    match change.before == change.after {
        true => format!("{} as before", word(change.after)),
        false => format!("{}, before {}", word(change.after), word(change.before)),
    }
}
