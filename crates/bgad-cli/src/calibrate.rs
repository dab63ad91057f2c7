//! `bgad calibrate`.

use std::path::Path;

use bgad::{Detector, load_image_with};
use serde_json::json;

use crate::arguments::CalibrateArguments;
use crate::failure::Failure;
use crate::images;
use crate::output;
use crate::progress::warning;

/// How sure the stated bound is.
const CONFIDENCE: f64 = 0.95;

/// Takes the thresholds anew and writes the model, whole or not at all. An image that can't be read
/// ends the run: a promise must not rest on fewer images than were named.
pub fn run(arguments: &CalibrateArguments) -> Result<(), Failure> {
    let device = arguments.device.open()?;
    let mut detector = Detector::load(&arguments.model, &device)?;
    let files = images::list(&arguments.normal)?;
    let before = detector.description().threshold;
    let orientation = detector.description().config.orientation;
    let normal = files
        .iter()
        .map(|path: &std::path::PathBuf| Ok(load_image_with(path, orientation)?));
    let rate = arguments.false_positive_rate;
    let count = detector.recalibrate(normal, rate)?;
    let model: &Path = arguments.out.as_deref().unwrap_or(&arguments.model);
    detector.save(model)?;
    let description = detector.description();
    let promised = description.false_positive_rate();
    if promised > rate {
        let needed = (1.0 / rate).ceil() - 1.0;
        warning(&format!(
            "{count} images can promise a false-positive rate of {promised:.4}, not {rate}; that \
             takes {needed} or more"
        ));
    }
    let bound = description.false_positive_bound(CONFIDENCE);
    if arguments.reporting.json {
        return output::json(&json!({
            "model": model.to_string_lossy(),
            "images": count,
            "threshold": description.threshold,
            "pixel_threshold": description.pixel_threshold,
            "threshold_before": before,
            "false_positive_rate": promised,
            "confidence": CONFIDENCE,
            "false_positive_bound": bound,
        }));
    }
    output::line(&format!("model                {}", model.display()))?;
    output::line(&format!("images               {count}"))?;
    let threshold = description.threshold;
    output::line(&format!(
        "threshold            {threshold}, before {before}"
    ))?;
    if let Some(threshold) = description.pixel_threshold {
        output::line(&format!("pixel threshold      {threshold}"))?;
    }
    output::line(&format!(
        "false-positive rate  {promised:.4} at most on average; with 95 % confidence under {bound:.4}"
    ))
}
