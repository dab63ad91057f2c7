//! `bgad evaluate`.

use bgad::{Confidence, Dataset, Detector, Evaluation, EvaluationOptions};
use serde_json::json;

use crate::arguments::EvaluateArguments;
use crate::decisions;
use crate::failure::Failure;
use crate::model;
use crate::output;
use crate::progress::warning;

/// Evaluates a model on a data set's test images.
pub fn run(arguments: &EvaluateArguments) -> Result<(), Failure> {
    let device = arguments.device.open()?;
    let detector = model::load(&arguments.model, &device)?;
    let dataset = arguments.data.open_images()?;
    let options = EvaluationOptions {
        aupro_limit: arguments.aupro_limit,
        by_defect_type: true,
        aupimo: arguments.aupimo,
        confidence: arguments.confidence.map(|level| Confidence {
            level,
            ..Confidence::default()
        }),
    };
    let evaluation = evaluate(arguments, &detector, &dataset, &options)?;
    for text in evaluation.warnings.iter().chain(&evaluation.remarks) {
        warning(text);
    }
    if arguments.reporting.json {
        return output::json(&json!(evaluation));
    }
    if let Some(decisions) = &evaluation.decisions {
        decisions::write(decisions)?;
    }
    let rows = [
        ("image AUROC", evaluation.image_auroc),
        ("pixel AUROC", evaluation.pixel_auroc),
        ("AUPRO", evaluation.aupro),
        ("image AP", evaluation.image_ap),
        ("pixel AP", evaluation.pixel_ap),
        ("image F1", evaluation.image_f1),
        ("pixel F1", evaluation.pixel_f1),
        ("AUPIMO", evaluation.aupimo),
    ];
    let intervals = evaluation.intervals.unwrap_or_default();
    let ends = [
        intervals.image_auroc,
        intervals.pixel_auroc,
        intervals.aupro,
        intervals.image_ap,
        intervals.pixel_ap,
        intervals.image_f1,
        None,
        None,
    ];
    output::line(&format!("images        {}", evaluation.images))?;
    for ((name, value), ends) in rows.into_iter().zip(ends) {
        let ends = ends.map(|[low, high]| format!(" ({low:.3} to {high:.3})"));
        let (value, ends) = (output::metric(value), ends.unwrap_or_default());
        output::line(&format!("{name:<13} {value}{ends}"))?;
    }
    for of_type in &evaluation.by_defect_type {
        output::line(&format!(
            "{:<13} image AUROC {}, pixel AUROC {}, AUPRO {} ({} {})",
            of_type.defect_type,
            output::metric(of_type.image_auroc),
            output::metric(of_type.pixel_auroc),
            output::metric(of_type.aupro),
            of_type.images,
            if of_type.images == 1 {
                "image"
            } else {
                "images"
            },
        ))?;
    }
    let paper = evaluation.paper_protocol;
    output::line(&format!(
        "paper protocol: image AUROC {}, pixel AUROC {}, AUPRO {}",
        output::metric(paper.image_auroc),
        output::metric(paper.pixel_auroc),
        output::metric(paper.aupro)
    ))
}

/// Runs the evaluation, with a report if one was asked for.
fn evaluate(
    arguments: &EvaluateArguments,
    detector: &Detector,
    dataset: &Dataset,
    options: &EvaluationOptions,
) -> Result<Evaluation, Failure> {
    #[cfg(feature = "report")]
    if let Some(folder) = &arguments.report {
        let options = EvaluationOptions {
            aupimo: true,
            confidence: options.confidence.or(Some(Confidence::default())),
            ..*options
        };
        return crate::report::of_evaluation(detector, dataset, &options, folder);
    }
    let _ = arguments;
    Ok(detector.evaluate_with(dataset, options)?)
}
