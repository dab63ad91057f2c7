//! The readable description of a model.

use serde::{Deserialize, Serialize};

use super::training_anomaly::TrainingAnomaly;
use crate::config::checked::CheckedConfig;
use crate::config::choices::{Granularity, ThresholdRule};
use crate::error::{Error, Result};
use crate::features::flow_inputs::FlowInputs;
use crate::scoring::calibration::Calibration;
use crate::scoring::false_positives;

/// Everything that a [`Detector`](crate::Detector) contains besides tensors; the readable part of a model
/// file.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelDescription {
    /// The settings of its training.
    pub config: CheckedConfig,
    /// What counted as one sample.
    pub granularity: Granularity,
    /// SHA-256 of the backbone's weights file; `None` for a backbone without weights.
    pub backbone_checksum: Option<String>,
    /// Whether log-likelihoods are averaged with those of the mirrored image, as configured or as
    /// decided on the normal training images.
    pub mirrored: bool,
    /// The constants of scoring, computed over the normal training images.
    pub calibration: Calibration,
    /// Images that score above it are anomalous. [`f32::MAX`] if the model has no threshold
    /// ([`has_threshold`](Self::has_threshold)).
    pub threshold: f32,
    /// Pixels that score above it belong to a defect; `None` at image granularity without a memory bank. It
    /// usually differs from `threshold`, because an image's score does not depend on its pixels alone.
    pub pixel_threshold: Option<f32>,
    /// Whether the pixel threshold was chosen by the masks of abnormal training images. It then outlines such defects
    /// best, and new thresholds for images leave it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub outlines_known_defects: bool,
    /// The scores of the normal images that determined the thresholds, in rising order.
    pub normal_scores: Vec<f32>,
    /// Whether these images were not used for training: `false` until [`Detector::recalibrate`] or
    /// [`Detector::recalibrate_by_f1`].
    ///
    /// [`Detector::recalibrate`]: crate::Detector::recalibrate
    /// [`Detector::recalibrate_by_f1`]: crate::Detector::recalibrate_by_f1
    pub calibrated: bool,
    /// The promised rate: the threshold is chosen so that, on average, at most this share of normal images
    /// scores above it. It is the requested rate, or the lowest rate that the number of images allows; a
    /// single model may exceed it, but rarely [`false_positive_bound`](Self::false_positive_bound). `None` if
    /// the threshold maximises F1, was set by hand, or is missing because there were fewer than five normal
    /// images.
    pub promised_rate: Option<f64>,
    /// For each flow, the separating boundary `b_n` over all normal training features, in units of `l / 10`.
    pub boundaries: Vec<f64>,
    /// The data set's name.
    pub dataset: String,
    /// The abnormal training images, which an evaluation leaves out.
    pub training_anomalies: Vec<TrainingAnomaly>,
    /// What [`Detector::quantize`] changed; `None` for a model in single precision.
    ///
    /// [`Detector::quantize`]: crate::Detector::quantize
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantization: Option<Quantization>,
}

/// The effect of computing in bytes.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quantization {
    /// For each level, finest first, the difference between features in bytes and in single precision on normal
    /// images: the root mean square of the differences, in standard deviations of each channel.
    pub feature_errors: Vec<f64>,
}

impl ModelDescription {
    /// The description of what judges the finer input, if the model has one.
    ///
    /// # Errors
    /// If there is a finer input without constants, or constants without it.
    pub(crate) fn finer(&self) -> Result<Option<Self>> {
        match (self.config.finer(), &self.calibration.finer) {
            (Some(_), Some(finer)) if !finer.has_rule_of(&self.calibration) => Err(Error::state(
                "calibration.finer",
                "of another rule",
                "constants for the same rule as calibration's",
            )),
            (Some(config), Some(calibration)) => Ok(Some(Self {
                config,
                calibration: (**calibration).clone(),
                ..self.clone()
            })),
            (None, None) => Ok(None),
            (finer, _) => Err(Error::state(
                "calibration.finer",
                if finer.is_some() {
                    "missing"
                } else {
                    "present"
                },
                "constants if there is input.finer_size, and none otherwise",
            )),
        }
    }

    pub(crate) fn inputs(&self) -> FlowInputs {
        FlowInputs::new(&self.config, self.granularity)
    }

    /// Whether there is a threshold. After training on fewer than five normal images there is none until a
    /// calibration, and no image is called anomalous.
    pub fn has_threshold(&self) -> bool {
        self.threshold < f32::MAX
    }

    /// The threshold, if there is one.
    pub fn chosen_threshold(&self) -> Option<f32> {
        self.has_threshold().then_some(self.threshold)
    }

    /// How many normal images a calibration needs to promise the rate that was requested in training:
    /// `n + 1 >= 1 / rate`. `None` if training had enough images to promise it, after a calibration, or if
    /// nothing is promised.
    pub fn images_needed(&self) -> Option<usize> {
        let ThresholdRule::FalsePositiveRate(asked) = self.config.scoring.threshold else {
            return None;
        };
        let enough = self.promised_rate? <= asked;
        (asked > 0.0 && !enough && !self.calibrated).then(|| (1.0 / asked).ceil() as usize - 1)
    }

    /// The share of normal images that score at least as high as `score`, counting the image itself:
    /// `(1 + #{normal >= score}) / (n + 1)`. Small values indicate a defect.
    pub fn p_value(&self, score: f32) -> f64 {
        false_positives::p_value(&self.normal_scores, score)
    }

    /// An upper bound on the probability, averaged over calibrations, that a normal image scores above the
    /// threshold.
    pub fn false_positive_rate(&self) -> f64 {
        false_positives::rate(&self.normal_scores, self.threshold)
    }

    /// The false-positive rate that this calibration stays below with probability `confidence`, for example
    /// 0.95: a quantile of the rate's Beta distribution.
    pub fn false_positive_bound(&self, confidence: f64) -> f64 {
        false_positives::bound(&self.normal_scores, self.threshold, confidence)
    }
}
