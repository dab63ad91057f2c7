//! `bgad evaluate`.

use bgad::Detector;
use serde_json::json;

use crate::arguments::EvaluateArguments;
use crate::failure::Failure;
use crate::output;
use crate::progress::warning;

/// Measures a model on a data set's test images.
pub fn run(arguments: &EvaluateArguments) -> Result<(), Failure> {
    let device = arguments.device.open()?;
    let detector = Detector::load(&arguments.model, &device)?;
    let dataset = arguments.data.open_images()?;
    let evaluation = detector.evaluate(&dataset)?;
    for text in &evaluation.warnings {
        warning(text);
    }
    if arguments.reporting.json {
        return output::json(&json!(evaluation));
    }
    let rows = [
        ("image AUROC", evaluation.image_auroc),
        ("pixel AUROC", evaluation.pixel_auroc),
        ("AUPRO", evaluation.aupro),
        ("image AP", evaluation.image_ap),
        ("pixel AP", evaluation.pixel_ap),
        ("image F1", evaluation.image_f1),
    ];
    output::line(&format!("images        {}", evaluation.images))?;
    for (name, value) in rows {
        output::line(&format!("{name:<13} {}", output::metric(value)))?;
    }
    let paper = evaluation.paper_protocol;
    output::line(&format!(
        "paper protocol: image AUROC {}, pixel AUROC {}, AUPRO {}",
        output::metric(paper.image_auroc),
        output::metric(paper.pixel_auroc),
        output::metric(paper.aupro)
    ))
}
