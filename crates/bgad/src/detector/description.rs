//! What a model says of itself.

use serde::{Deserialize, Serialize};

use super::training_anomaly::TrainingAnomaly;
use crate::config::checked::CheckedConfig;
use crate::config::choices::{Granularity, ThresholdRule};
use crate::features::flow_inputs::FlowInputs;
use crate::scoring::calibration::Calibration;
use crate::scoring::false_positives;

/// What a [`Detector`](crate::Detector) knows beside its weights; the readable part of a model file.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelDescription {
    /// The settings that it was trained with.
    pub config: CheckedConfig,
    /// What was one sample.
    pub granularity: Granularity,
    /// SHA-256 of the backbone's weights' file, for a backbone that has weights.
    pub backbone_checksum: Option<String>,
    /// Whether log-likelihoods are averaged with those of the mirrored image: as configured, or as
    /// decided over the normal training images.
    pub mirrored: bool,
    /// The constants of scoring, over the normal training images.
    pub calibration: Calibration,
    /// Images that score above it are anomalous.
    pub threshold: f32,
    /// Pixels that score above it belong to a defect; none at image granularity. An image's score
    /// may draw on more than its pixels, so that the two differ.
    pub pixel_threshold: Option<f32>,
    /// The scores of the normal images that the thresholds are from, in rising order.
    pub normal_scores: Vec<f32>,
    /// Whether these images were not trained on: false until [`Detector::recalibrate`] or
    /// [`Detector::recalibrate_by_f1`].
    ///
    /// [`Detector::recalibrate`]: crate::Detector::recalibrate
    /// [`Detector::recalibrate_by_f1`]: crate::Detector::recalibrate_by_f1
    pub calibrated: bool,
    /// The threshold promises that at most this share of normal images scores above it: the rate that was
    /// asked for, or the lowest one that so few images can promise. None where the threshold is that of
    /// the best F1, was set by hand, or is missing because there were fewer than five normal images.
    pub promised_rate: Option<f64>,
    /// Per flow the separating boundary `b_n` over all normal training features, on `l / 10`.
    pub boundaries: Vec<f64>,
    /// The data set's name.
    pub dataset: String,
    /// The abnormal training images: an evaluation must not count them.
    pub training_anomalies: Vec<TrainingAnomaly>,
    /// What [`Detector::quantize`] has changed; none where it was not called.
    ///
    /// [`Detector::quantize`]: crate::Detector::quantize
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantization: Option<Quantization>,
}

/// What computing in bytes changes.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quantization {
    /// For each level, finest first, how far features in bytes lie from those in single precision on the
    /// normal images: the root of the mean square of the differences, over the features' standard
    /// deviation.
    pub feature_errors: Vec<f64>,
}

impl ModelDescription {
    pub(crate) fn inputs(&self) -> FlowInputs {
        FlowInputs::new(&self.config, self.granularity)
    }

    /// How many normal images a calibration needs to promise the rate that training was asked for,
    /// `n + 1 >= 1 / rate`. None where training had enough images to promise it, after a calibration,
    /// and where nothing is promised.
    pub fn images_needed(&self) -> Option<usize> {
        let ThresholdRule::FalsePositiveRate(asked) = self.config.scoring.threshold else {
            return None;
        };
        let enough = self.promised_rate? <= asked;
        (asked > 0.0 && !enough && !self.calibrated).then(|| (1.0 / asked).ceil() as usize - 1)
    }

    /// The share of normal images that score at least as high as `score`, the image itself counted:
    /// `(1 + #{normal >= score}) / (n + 1)`. Small values speak for a defect.
    pub fn p_value(&self, score: f32) -> f64 {
        false_positives::p_value(&self.normal_scores, score)
    }

    /// The probability, on average over calibrations, that a normal image scores above the
    /// threshold: at most this.
    pub fn false_positive_rate(&self) -> f64 {
        false_positives::rate(&self.normal_scores, self.threshold)
    }

    /// The false-positive rate that this calibration stays under with probability `confidence`, as
    /// 0.95: a quantile of the Beta distribution of the rate.
    pub fn false_positive_bound(&self, confidence: f64) -> f64 {
        false_positives::bound(&self.normal_scores, self.threshold, confidence)
    }
}
