//! `bgad calibrate`.

use std::path::{Path, PathBuf};

use bgad::{Detector, ImageReading, RgbImage, RunDirectory, load_image_as};
use serde_json::{Value, json};

use crate::arguments::CalibrateArguments;
use crate::decisions::CONFIDENCE;
use crate::failure::Failure;
use crate::images;
use crate::model;
use crate::output;
use crate::output_file;
use crate::progress::warning;

/// One statement about the new thresholds: a JSON key, its value, and the words for people.
type Said = Vec<(&'static str, Value, String)>;

/// Chooses new thresholds and writes the model atomically. An unreadable image ends the run: the promised
/// rate must not rest on fewer images than were named.
pub fn run(arguments: &CalibrateArguments) -> Result<(), Failure> {
    let path: &Path = arguments.out.as_deref().unwrap_or(&arguments.model);
    output_file::check_model(path)?;
    let device = arguments.device.open()?;
    let mut detector = model::load(&arguments.model, &device)?;
    let before = detector.description().threshold;
    let said = match arguments.threshold {
        Some(threshold) => given(&mut detector, threshold, arguments.pixel_threshold)?,
        None if arguments.abnormal.is_empty() => by_rate(&mut detector, arguments)?,
        None => by_f1(&mut detector, arguments)?,
    };
    detector.save(path)?;
    let description = detector.description();
    let threshold = description.threshold;
    if arguments.reporting.json {
        let mut line = json!({
            "model": bgad::path_to_text(path),
            "threshold": output::chosen(threshold),
            "pixel_threshold": description.pixel_threshold.and_then(output::chosen),
            "threshold_before": output::chosen(before),
        });
        for (key, value, _) in said {
            line[key] = value;
        }
        return output::json(&line);
    }
    output::line(&format!("model                {}", path.display()))?;
    output::line(&format!(
        "threshold            {threshold} (was {})",
        output::threshold(before)
    ))?;
    if let Some(threshold) = description.pixel_threshold {
        let threshold = output::threshold(threshold);
        output::line(&format!("pixel threshold      {threshold}"))?;
    }
    said.iter().try_for_each(|(key, _, words)| {
        output::line(&format!("{:<20} {words}", key.replace('_', " ")))
    })
}

/// Sets the thresholds given on the command line.
fn given(detector: &mut Detector, threshold: f32, of_pixels: Option<f32>) -> Result<Said, Failure> {
    detector.set_threshold(threshold);
    if let Some(of_pixels) = of_pixels {
        if detector.description().pixel_threshold.is_none() {
            let reason = "--pixel-threshold: this model scores whole images and has no score map; \
                          leave the option out";
            return Err(Failure::Missing(reason.to_owned()));
        }
        detector.set_pixel_threshold(of_pixels);
    }
    Ok(Said::new())
}

/// Chooses thresholds for a promised false-positive rate.
fn by_rate(detector: &mut Detector, arguments: &CalibrateArguments) -> Result<Said, Failure> {
    let rate = arguments.false_positive_rate;
    let normal = images::without_copies(images::list(&arguments.normal)?);
    warn_of_training_images(&arguments.model, &normal);
    images::warn_of_depth(&normal, detector.description().config.input.bit_depth);
    let reading = detector.description().config.input.reading();
    let count = detector.recalibrate(read(&normal, reading), rate)?;
    let description = detector.description();
    let promised = description.false_positive_rate();
    if promised > rate {
        let needed = (1.0 / rate).ceil() - 1.0;
        warning(&format!(
            "{count} images are enough for a false-positive rate of {promised:.4}, not {rate}; that \
             needs {needed} or more"
        ));
    }
    let bound = description.false_positive_bound(CONFIDENCE);
    let on_average = format!("{promised:.4} at most, on average over calibrations");
    let confident = format!("{bound:.4}, with 95 % confidence");
    Ok(vec![
        ("images", count.into(), count.to_string()),
        ("false_positive_rate", promised.into(), on_average),
        ("false_positive_bound", bound.into(), confident),
        ("confidence", CONFIDENCE.into(), CONFIDENCE.to_string()),
    ])
}

/// Chooses the thresholds with the best F1.
fn by_f1(detector: &mut Detector, arguments: &CalibrateArguments) -> Result<Said, Failure> {
    let normal = images::list(&arguments.normal)?;
    warn_of_training_images(&arguments.model, &normal);
    images::warn_of_depth(&normal, detector.description().config.input.bit_depth);
    let abnormal = images::list(&arguments.abnormal)?;
    let reading = detector.description().config.input.reading();
    let [of_normal, of_abnormal] = [&normal, &abnormal].map(|files| read(files, reading));
    let f1 = detector.recalibrate_by_f1(of_normal, of_abnormal)?;
    let counts = [normal.len(), abnormal.len()];
    Ok(vec![
        ("images", counts[0].into(), counts[0].to_string()),
        ("abnormal_images", counts[1].into(), counts[1].to_string()),
        ("f1", f1.into(), format!("{f1:.3}")),
    ])
}

/// Warns if the model was trained on some of these images, as far as its run's folder says so.
fn warn_of_training_images(model: &Path, normal: &[PathBuf]) {
    let run = RunDirectory::at(model.parent().unwrap_or(Path::new("")));
    let Ok(trained) = run.training_digests() else {
        return;
    };
    let digest = |path: &&PathBuf| bgad::weights::file_sha256(path).ok();
    let known = normal
        .iter()
        .filter(|path| digest(path).is_some_and(|of| trained.contains(&of)));
    let known: Vec<&PathBuf> = known.collect();
    if let Some(first) = known.first() {
        warning(&format!(
            "the model was trained on {} of these {} images, for example {}; it scores them lower than others, so \
             the threshold is too low and promises too much: name normal images that it was not trained on",
            known.len(),
            normal.len(),
            first.display()
        ));
    }
}

fn read(
    files: &[PathBuf],
    reading: ImageReading,
) -> impl Iterator<Item = bgad::Result<RgbImage>> + '_ {
    files
        .iter()
        .map(move |path| Ok(load_image_as(path, reading)?))
}
