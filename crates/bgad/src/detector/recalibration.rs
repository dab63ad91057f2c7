//! New thresholds after training.

use bgad_data::RgbImage;

use super::prediction::Prediction;
use super::trained_model::Detector;
use crate::config::choices::ThresholdRule;
use crate::error::{Error, Result};
use crate::scoring::false_positives;
use crate::scoring::threshold::{self, Promise, Scored};

impl Detector {
    /// Chooses the thresholds again from normal images that were not used for training, so that at most
    /// `rate` of new normal images are called anomalous; scores do not change. Returns the number of images.
    /// [`ModelDescription::false_positive_rate`] then says which rate this number can promise; a rate of 0.01
    /// needs 99.
    ///
    /// # Errors
    /// A rate outside (0, 1), an `Err` among the images, no image, or a failing device. The thresholds then
    /// stay as they were.
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

    /// Chooses the thresholds again from normal and abnormal images that were not used for training, so that
    /// they maximise F1. Returns the images' F1. This promises no false-positive rate, and the threshold
    /// depends on the share of abnormal images, which should be that of your production line.
    ///
    /// # Errors
    /// An `Err` among the images, no normal or no abnormal image, or a failing device. The thresholds then
    /// stay as they were.
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

/// Scores of images that were not used for training need no correction: their ranks keep the promise.
fn by_rank(sorted: &[f32], rate: f64) -> Result<Promise> {
    let threshold = threshold::by_rule(ThresholdRule::FalsePositiveRate(rate), sorted, &[])?;
    Ok(Promise {
        threshold,
        rate: rate.max(false_positives::rate(sorted, threshold)),
    })
}
