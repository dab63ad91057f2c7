//! The summary that `bgad train` prints at the end.

use std::path::Path;

use bgad::{KeptFeatures, Rotations, Training};
use serde_json::Value;

use crate::decisions::{self, count};
use crate::failure::Failure;
use crate::output;
use crate::progress::note;

/// The summary of `--json`.
pub fn json(training: &Training, model: &Path, kept: Option<KeptFeatures>) -> Value {
    let description = training.detector.description();
    serde_json::json!({
        "model": bgad::path_to_text(model),
        "image_size": description.config.input.size(),
        "finer_size": description.config.input.finer_size.pixels(),
        "rotations": description.config.input.rotations,
        "mirrored": description.mirrored,
        "calibrated": description.calibrated,
        "promised_rate": description.promised_rate,
        "false_positive_bound": decisions::bound(description),
        "normal_images": description.normal_scores.len(),
        "images_needed": description.images_needed(),
        "decisions": training.evaluation.as_ref().and_then(|e| e.decisions),
        "history": training.history,
        "paper_protocol": training.evaluation.as_ref().map(|e| e.paper_protocol),
        "kept_features": kept.map(|kept| serde_json::json!({ "files": kept.files, "bytes": kept.bytes })),
        "warnings": training.warnings,
        "seconds": training.seconds,
        "peak_rss_bytes": output::peak_memory(),
    })
}

/// Writes the summary to standard output.
pub fn write(
    training: &Training,
    model: &Path,
    page: Option<&Path>,
    kept: Option<KeptFeatures>,
) -> Result<(), Failure> {
    output::line(&format!("model         {}", bgad::path_to_text(model)))?;
    if let Some(page) = page {
        output::line(&format!("report        {}", bgad::path_to_text(page)))?;
    }
    let evaluation = training.evaluation.as_ref();
    if let Some(decisions) = evaluation.and_then(|e| e.decisions.as_ref()) {
        decisions::write(decisions)?;
    }
    let description = training.detector.description();
    let size = description.config.input.size();
    let finer = description.config.input.finer_size.pixels();
    let finer = finer.map(|finer| format!(", and {finer} x {finer}"));
    let finer = finer.unwrap_or_default();
    output::line(&format!("inputs        {size} x {size} pixels{finer}"))?;
    output::line(&format!(
        "threshold     {}",
        output::threshold(description.threshold)
    ))?;
    let rotations = description.config.input.rotations;
    if rotations != Rotations::Off {
        let degrees = output::degrees(rotations);
        output::line(&format!("copies        turned by {degrees}"))?;
    }
    let mirrored = if description.mirrored { "yes" } else { "no" };
    output::line(&format!("mirrored      {mirrored}"))?;
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
    if let Some(kept) = kept {
        let mebibytes = kept.bytes as f64 / f64::from(1 << 20);
        output::line(&format!(
            "features      {} files, {mebibytes:.0} MiB",
            kept.files
        ))?;
    }
    output::line(&format!("seconds       {:.1}", training.seconds.total))?;
    let Some(promise) = decisions::promise(description) else {
        return Ok(());
    };
    let images = count(description.normal_scores.len(), "normal image");
    let next = match description.images_needed() {
        Some(needed) => format!(
            "; for the rate that you asked for, run `bgad calibrate` with {needed} other normal images"
        ),
        None => String::new(),
    };
    output::line(&format!(
        "note          {images} support a threshold with {promise}, if new images are like them{next}"
    ))
}

/// Prints on stderr which commands usually follow.
pub fn next_steps(training: &Training, model: &Path) {
    let model = bgad::path_to_text(model);
    note(&format!(
        "\nscore new images:\n  bgad predict --model {model} --heatmaps maps IMAGES"
    ));
    if !training.detector.description().calibrated {
        note(&format!(
            "choose the threshold on normal images that were not trained on:\n  \
             bgad calibrate --model {model} --normal IMAGES"
        ));
    }
}
