//! `bgad predict`.

use std::path::Path;

use bgad::{Detector, ModelDescription, Prediction, RgbImage};

use crate::arguments::PredictArguments;
use crate::decisions::{self, count};
use crate::failure::Failure;
use crate::images;
use crate::model;
use crate::prediction_files::{PredictionFiles, WrittenFiles};
use crate::prediction_lines::PredictionLines;
use crate::progress::{note, warning};
use crate::watch;

/// Scores images in order. An unreadable image does not end the run; it is named on stderr and makes the exit
/// status 1.
pub fn run(arguments: &PredictArguments) -> Result<(), Failure> {
    let device = arguments.device.open()?;
    let detector = model::load(&arguments.model, &device)?;
    // JSON and tables have a field for it.
    let is_text = !arguments.reporting.json && !arguments.csv;
    if is_text && !arguments.reporting.quiet {
        say_what_is_promised(detector.description());
    }
    let images = match arguments.watch {
        Some(_) => Vec::new(),
        None => images::list(&arguments.images)?,
    };
    images::warn_of_depth(&images, detector.description().config.input.bit_depth);
    let mut output = Output {
        files: PredictionFiles::new(arguments, &detector, &images)?,
        lines: PredictionLines::new(arguments, decisions::bound(detector.description()))?,
        failed: 0,
        unwritten: None,
        detector: &detector,
    };
    if let Some(folder) = &arguments.watch {
        return watch::images(folder, |path| {
            let image = detector.load_image(path);
            let prediction = image.and_then(|image| {
                let prediction = detector.predict(&image)?;
                Ok((Some(image), prediction))
            });
            output.take(path, prediction)
        });
    }
    if output.files.are_wanted() {
        let predicted = detector.predict_files_with_images(&images);
        for (path, predicted) in images.iter().zip(predicted) {
            let predicted = predicted.map(|(image, prediction)| (Some(image), prediction));
            output.take(path, predicted)?;
        }
    } else {
        for (path, predicted) in images.iter().zip(detector.predict_files(&images)) {
            output.take(path, predicted.map(|prediction| (None, prediction)))?;
        }
    }
    if let Some(failure) = output.unwritten {
        return Err(failure);
    }
    match output.failed {
        0 => Ok(()),
        failed => Err(Failure::Images {
            failed,
            all: images.len(),
        }),
    }
}

/// Prints what a threshold from training promises.
fn say_what_is_promised(model: &ModelDescription) {
    if model.calibrated {
        return;
    }
    let images = count(model.normal_scores.len(), "normal training image");
    let next = "`bgad calibrate` chooses it from images that were not trained on";
    if !model.has_threshold() {
        note(&format!(
            "no threshold: {images} can't promise one, so no image is called anomalous; {next}"
        ));
    } else if let Some(promise) = decisions::promise(model) {
        note(&format!(
            "threshold from {images}: {promise}, if new images are like those; {next}"
        ));
    }
}

/// Where predictions go.
struct Output<'a> {
    detector: &'a Detector,
    files: PredictionFiles,
    lines: PredictionLines,
    failed: usize,
    /// Why the first file could not be written.
    unwritten: Option<Failure>,
}

impl Output<'_> {
    /// Writes out a prediction. Files need the image.
    fn take(
        &mut self,
        path: &Path,
        predicted: bgad::Result<(Option<RgbImage>, Prediction)>,
    ) -> Result<(), Failure> {
        match predicted {
            Ok((image, prediction)) => {
                let files = match image {
                    Some(image) => self.write_files(path, &image, &prediction),
                    None => WrittenFiles::default(),
                };
                let written = self.lines.prediction(path, &prediction, &files);
                self.unless_closed(written)
            }
            Err(error @ (bgad::Error::Data(_) | bgad::Error::Input { .. })) => {
                warning(&error.to_string());
                self.failed += 1;
                let written = self.lines.failure(path, &error.to_string());
                self.unless_closed(written)
            }
            Err(other) => Err(other.into()),
        }
    }

    /// Writes the files of a prediction. A full disk must not end an inspection: the image is scored all the same.
    fn write_files(
        &mut self,
        path: &Path,
        image: &RgbImage,
        prediction: &Prediction,
    ) -> WrittenFiles {
        let written = self.files.write(self.detector, path, image, prediction);
        written.unwrap_or_else(|failure| {
            warning(&format!("{failure}; images are scored all the same"));
            self.unwritten.get_or_insert(failure);
            WrittenFiles::default()
        })
    }

    /// Files were asked for, so a closed standard output does not end the run.
    fn unless_closed(&self, written: Result<(), Failure>) -> Result<(), Failure> {
        match written {
            Err(failure) if failure.is_closed_pipe() && self.files.are_wanted() => Ok(()),
            other => other,
        }
    }
}
