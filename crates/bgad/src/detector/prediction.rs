//! Prediction for one image.

use std::path::Path;
use std::time::Duration;

use bgad_data::{RgbImage, load_image_as};
use rayon::prelude::*;

use super::trained_model::Detector;
use crate::error::{Error, Result};
use crate::scoring::overlay::overlay;
use crate::scoring::regions::{self, DefectRegion};
use crate::scoring::score_map::ScoreMap;

/// The result for one image.
///
/// Equality ignores `duration`.
#[non_exhaustive]
#[derive(Debug, Clone)]
pub struct Prediction {
    /// The image's score; higher is more anomalous.
    pub score: f32,
    /// The model's threshold; [`f32::MAX`] if it has none.
    pub threshold: f32,
    /// Whether the score is above the threshold.
    pub anomalous: bool,
    /// The share of normal images that score at least as high:
    /// [`ModelDescription::p_value`](crate::ModelDescription::p_value).
    pub p_value: f64,
    /// Whether the thresholds come from images that were not used for training:
    /// [`ModelDescription::calibrated`](crate::ModelDescription::calibrated). If not, decision and p-value
    /// are estimates without a guarantee.
    pub calibrated: bool,
    /// The rate of false alarms that the threshold promises not to exceed on average; `None` without a promise:
    /// [`ModelDescription::promised_rate`](crate::ModelDescription::promised_rate).
    pub promised_rate: Option<f64>,
    /// The score map of the whole image, without padding; `None` at image granularity without a memory bank. With
    /// [`Fit::Stretch`] it has the size of the model's input, with [`Fit::Letterbox`] that of the image on the
    /// input, and with [`Fit::Tiles`] the image's own size, or half or a quarter of it for a large image. If a model has
    /// inputs of 192 and 384 pixels, the map is that of an input of 256 pixels.
    ///
    /// [`Fit::Stretch`]: crate::Fit::Stretch
    /// [`Fit::Letterbox`]: crate::Fit::Letterbox
    /// [`Fit::Tiles`]: crate::Fit::Tiles
    pub map: Option<ScoreMap>,
    /// The model's threshold for pixels, if there is a map.
    pub pixel_threshold: Option<f32>,
    /// Connected regions of the map above the pixel threshold, highest peak first. They don't affect the
    /// decision: a normal image may have regions, and an anomalous one may have none.
    pub regions: Vec<DefectRegion>,
    /// How long the prediction took, without reading the image; zero if there is no clock, as in a browser.
    pub duration: Duration,
}

impl PartialEq for Prediction {
    fn eq(&self, other: &Self) -> bool {
        let of = |p: &Self| {
            (
                p.score,
                p.threshold,
                p.anomalous,
                p.p_value,
                p.calibrated,
                p.promised_rate,
                p.pixel_threshold,
            )
        };
        of(self) == of(other) && self.map == other.map && self.regions == other.regions
    }
}

impl Prediction {
    /// Whether the model has a threshold, so that [`anomalous`](Self::anomalous) is a decision:
    /// [`ModelDescription::has_threshold`](crate::ModelDescription::has_threshold).
    pub fn is_decided(&self) -> bool {
        self.threshold < f32::MAX
    }
}

/// Starts a clock and returns a function that reads it; zero if there is no clock.
fn stopwatch() -> impl FnOnce() -> Duration {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    return || Duration::ZERO;
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    {
        let start = std::time::Instant::now();
        move || start.elapsed()
    }
}

impl Detector {
    /// Predicts one image of any size.
    ///
    /// # Errors
    /// An image without pixels, or a failing device.
    pub fn predict(&self, image: &RgbImage) -> Result<Prediction> {
        let elapsed = stopwatch();
        let (score, map) = match self.is_on_host() {
            // On one of the pool's threads, which divides work faster than a thread outside.
            true => rayon::scope(|_| self.score(image))?,
            false => self.score(image)?,
        };
        let threshold = self.description.threshold;
        let pixel_threshold = self.description.pixel_threshold;
        Ok(Prediction {
            score,
            threshold,
            anomalous: score > threshold,
            p_value: self.description.p_value(score),
            calibrated: self.description.calibrated,
            promised_rate: self.description.promised_rate,
            regions: map
                .as_ref()
                .zip(pixel_threshold)
                .map(|(map, threshold)| regions::regions(map, threshold, image.dimensions()))
                .transpose()?
                .unwrap_or_default(),
            map,
            pixel_threshold,
            duration: elapsed(),
        })
    }

    /// Whether the CPU's own kernels compute the features.
    fn is_on_host(&self) -> bool {
        #[cfg(feature = "train")]
        return self.backbone.on_host().is_some();
        #[cfg(not(feature = "train"))]
        true
    }

    /// Reads an image file in the same way as training images.
    ///
    /// # Errors
    /// If the file is not a readable image.
    pub fn load_image(&self, path: &Path) -> Result<RgbImage> {
        Ok(load_image_as(
            path,
            self.description.config.input.reading(),
        )?)
    }

    /// Reads an image file and predicts it.
    ///
    /// # Errors
    /// If the file is not a readable image, or the device fails.
    pub fn predict_file(&self, path: &Path) -> Result<Prediction> {
        self.predict(&self.load_image(path)?)
    }

    /// Predicts images on all cores, in order. Each result depends on its own image alone.
    ///
    /// # Errors
    /// If the device fails.
    pub fn predict_batch(&self, images: &[RgbImage]) -> Result<Vec<Prediction>> {
        images.par_iter().map(|image| self.predict(image)).collect()
    }

    /// Draws the map of `prediction` over `image`.
    ///
    /// # Errors
    /// [`Error::NoScoreMap`] for a model at image granularity without a memory bank.
    pub fn overlay(&self, image: &RgbImage, prediction: &Prediction) -> Result<RgbImage> {
        let map = prediction.map.as_ref().zip(prediction.pixel_threshold);
        let (map, threshold) = map.ok_or(Error::NoScoreMap)?;
        Ok(overlay(image, map, threshold))
    }
}
