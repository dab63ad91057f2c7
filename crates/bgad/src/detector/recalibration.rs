//! Thresholds that are taken anew after training.

use bgad_data::RgbImage;

use super::prediction::Prediction;
use super::trained_model::Detector;
use crate::config::choices::ThresholdRule;
use crate::error::{Error, Result};
use crate::scoring::false_positives;
use crate::scoring::threshold::{self, Promise, Scored};

impl Detector {
    /// Takes the thresholds anew from normal images that were not trained on, so that at most
    /// `rate` of further ones are called anomalous; scores stay what they are. How many images there
    /// were is returned. [`ModelDescription::false_positive_rate`] then tells what so many can
    /// promise: for 0.01 it takes 99.
    ///
    /// # Errors
    /// A rate outside of (0, 1), an image that is an error, no image, or a device that fails. The
    /// thresholds are then as before.
    ///
    /// [`ModelDescription::false_positive_rate`]: crate::ModelDescription::false_positive_rate
    pub fn recalibrate<I>(&mut self, normal: I, rate: f64) -> Result<usize>
    where
        I: IntoIterator<Item = Result<RgbImage>>,
    {
        if !(rate > 0.0 && rate < 1.0) {
            let expected = "a rate above 0 and below 1";
            return Err(Error::input("false-positive rate", rate, expected));
        }
        let scores = self.scores_of(normal)?;
        let count = scores.len();
        let rule = ThresholdRule::FalsePositiveRate(rate);
        self.decide_by(rule, &scores, &[], by_rank)?;
        self.description.calibrated = true;
        Ok(count)
    }

    /// Takes the thresholds anew from normal and abnormal images that were not trained on: those of
    /// the best F1 over them. That of the images is returned. It promises no false-positive rate,
    /// and the mix of images moves it: let it be the one of the line, as far as it is known.
    ///
    /// # Errors
    /// An image that is an error, no normal or no abnormal one, or a device that fails. The
    /// thresholds are then as before.
    pub fn recalibrate_by_f1<N, A>(&mut self, normal: N, abnormal: A) -> Result<f64>
    where
        N: IntoIterator<Item = Result<RgbImage>>,
        A: IntoIterator<Item = Result<RgbImage>>,
    {
        let (normal, abnormal) = (self.scores_of(normal)?, self.scores_of(abnormal)?);
        for (what, scores) in [("normal images", &normal), ("abnormal images", &abnormal)] {
            if scores.is_empty() {
                return Err(Error::input(what, 0, "at least one"));
            }
        }
        let of_abnormal = abnormal.len();
        self.decide_by(ThresholdRule::BestF1, &normal, &abnormal, by_rank)?;
        self.description.calibrated = true;
        let above = |scores: &[Scored]| {
            let threshold = self.description().threshold;
            let above = scores.iter().filter(|image| image.score > threshold);
            above.count()
        };
        let (false_alarms, found) = (above(&normal), above(&abnormal));
        Ok(2.0 * found as f64 / (found + false_alarms + of_abnormal) as f64)
    }

    fn scores_of(&self, images: impl IntoIterator<Item = Result<RgbImage>>) -> Result<Vec<Scored>> {
        let score = |prediction: Result<Prediction>| {
            let prediction = prediction?;
            Ok(Scored::of((prediction.score, prediction.map)))
        };
        self.predict_stream(images).map(score).collect()
    }
}

/// Images that were not trained on keep their promise by ranks alone.
fn by_rank(sorted: &[f32], rate: f64) -> Result<Promise> {
    let threshold = threshold::by_rule(ThresholdRule::FalsePositiveRate(rate), sorted, &[])?;
    Ok(Promise {
        threshold,
        rate: rate.max(false_positives::rate(sorted, threshold)),
    })
}
