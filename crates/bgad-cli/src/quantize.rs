//! `bgad quantize`.

use std::path::Path;

use bgad::Device;
use serde_json::json;

use crate::arguments::QuantizeArguments;
use crate::decisions::count;
use crate::failure::Failure;
use crate::images;
use crate::model;
use crate::output;
use crate::output_file;
use crate::progress::warning;

/// Writes a model in bytes. An unreadable image ends the command, as in `bgad calibrate`.
pub fn run(arguments: &QuantizeArguments) -> Result<(), Failure> {
    output_file::check_model(&arguments.out)?;
    let detector = model::load(&arguments.model, &Device::flex())?;
    let images = images::list(&arguments.images)?;
    let quantized = detector.quantize(&images)?;
    quantized.save(&arguments.out)?;
    let [before, after] = [&arguments.model, &arguments.out].map(|path| size(path));
    let (before, after) = (before?, after?);
    let description = quantized.description();
    if detector.description().calibrated {
        warning(&format!(
            "the thresholds were computed from these images by the rule of `bgad train`, not calibrated; run \
             `bgad calibrate --model {} --normal IMAGES` with images that were not trained on",
            arguments.out.display()
        ));
    }
    if description.threshold == f32::MAX && detector.description().threshold < f32::MAX {
        warning(&format!(
            "{}: too few for a threshold, so the model in bytes calls no image anomalous; give it more normal images, \
             or run `bgad calibrate`",
            count(images.len(), "image")
        ));
    }
    let errors = description.quantization.as_ref();
    let errors = errors.map_or(&[][..], |of| &of.feature_errors);
    if arguments.reporting.json {
        return output::json(&json!({
            "model": bgad::path_to_text(&arguments.out),
            "images": images.len(),
            "bytes": after,
            "bytes_before": before,
            "feature_errors": errors,
            "threshold": output::chosen(description.threshold),
            "pixel_threshold": description.pixel_threshold.and_then(output::chosen),
            "promised_rate": description.promised_rate,
        }));
    }
    let mebibytes = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let rounded: Vec<String> = errors.iter().map(|error| format!("{error:.3}")).collect();
    let lines = [
        format!("model                {}", arguments.out.display()),
        format!(
            "size                 {:.1} MiB (was {:.1})",
            mebibytes(after),
            mebibytes(before)
        ),
        format!("images               {}", images.len()),
        format!(
            "features differ by   {} standard deviations, finest level first",
            rounded.join(", ")
        ),
        format!(
            "threshold            {}",
            output::threshold(description.threshold)
        ),
    ];
    lines.iter().try_for_each(|line| output::line(line))
}

fn size(path: &Path) -> Result<u64, Failure> {
    let metadata = std::fs::metadata(path);
    let length = metadata.map(|metadata| metadata.len());
    length.map_err(|source| Failure::File {
        path: path.to_owned(),
        source,
    })
}
