//! `bgad predict`.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::path::Path;

use bgad::{Detector, Prediction, RgbImage};

use crate::arguments::PredictArguments;
use crate::failure::Failure;
use crate::images;
use crate::prediction_files::PredictionFiles;
use crate::prediction_lines::PredictionLines;
use crate::progress::warning;
use crate::watch;

/// Scores images in their order. One that can't be read does not end the run; it is named on
/// stderr, and the exit status tells.
pub fn run(arguments: &PredictArguments) -> Result<(), Failure> {
    let device = arguments.device.open()?;
    let detector = Detector::load(&arguments.model, &device)?;
    let mut output = Output {
        files: PredictionFiles::new(arguments, &detector)?,
        lines: PredictionLines::new(arguments)?,
        failed: 0,
        detector: &detector,
    };
    if let Some(folder) = &arguments.watch {
        return watch::images(folder, |path| {
            let image = detector.load_image(path);
            let prediction = image.and_then(|image| Ok((detector.predict(&image)?, image)));
            output.take(path, prediction)
        });
    }
    let files = images::list(&arguments.images)?;
    // The stream reads ahead; the images wait here for their predictions.
    let waiting = RefCell::new(VecDeque::new());
    let images = files.iter().map(|path| {
        let image = detector.load_image(path)?;
        waiting.borrow_mut().push_back(image.clone());
        Ok(image)
    });
    for (path, prediction) in files.iter().zip(detector.predict_stream(images)) {
        let prediction = prediction.map(|prediction| {
            let image = waiting.borrow_mut().pop_front();
            (prediction, image.unwrap_or_default())
        });
        output.take(path, prediction)?;
    }
    match output.failed {
        0 => Ok(()),
        failed => Err(Failure::Images {
            failed,
            all: files.len(),
        }),
    }
}

/// Where predictions go.
struct Output<'a> {
    detector: &'a Detector,
    files: PredictionFiles,
    lines: PredictionLines,
    failed: usize,
}

impl Output<'_> {
    fn take(
        &mut self,
        path: &Path,
        prediction: bgad::Result<(Prediction, RgbImage)>,
    ) -> Result<(), Failure> {
        match prediction {
            Ok((prediction, image)) => {
                self.files.write(self.detector, path, &image, &prediction)?;
                self.lines.prediction(path, &prediction)
            }
            Err(error @ bgad::Error::Data(_)) => {
                warning(&error.to_string());
                self.failed += 1;
                self.lines.failure(path, &error.to_string())
            }
            Err(other) => Err(other.into()),
        }
    }
}
