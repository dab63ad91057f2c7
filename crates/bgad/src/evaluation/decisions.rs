//! How good a model's decisions are, as an evaluation tells it.

use serde::{Deserialize, Serialize};

/// What a model's thresholds decide on a test set, beside what they promise and what others could
/// reach. None where there are no images of the kind.
///
/// A ranking may be good and the decisions poor: these are what a user of the model gets.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Decisions {
    /// The model's threshold: images that score above it are called anomalous.
    pub threshold: f32,
    /// Whether it is from images that were not trained on, by
    /// [`Detector::recalibrate`](crate::Detector::recalibrate) or `bgad calibrate`.
    pub calibrated: bool,
    /// Abnormal test images.
    pub abnormal_images: usize,
    /// How many of them are called anomalous.
    pub found: usize,
    /// The share of them, the recall.
    pub recall: Option<f64>,
    /// Normal test images.
    pub normal_images: usize,
    /// How many of them are called anomalous.
    pub false_alarms: usize,
    /// The share of them.
    pub false_alarm_rate: Option<f64>,
    /// The 95 % confidence interval of that rate by Clopper and Pearson.
    pub false_alarm_interval: Option<[f64; 2]>,
    /// The rate of false alarms that the threshold promises at most; none where it is that of the best
    /// F1 or was set by hand.
    pub promised_rate: Option<f64>,
    /// The most false alarms among so many normal images that agree with the promise: more would be
    /// seen on one test set of forty.
    pub most_false_alarms: Option<usize>,
    /// Whether there are no more false alarms than that.
    pub promise_kept: Option<bool>,
    /// How many abnormal images score above the threshold that gives the promised rate on the normal
    /// test images themselves: the `ceil((n + 1)(1 - rate))`-th lowest of their `n` scores, or the
    /// highest where there are fewer.
    pub found_at_promised_rate: Option<usize>,
    /// The recall at the model's threshold divided by the one at that threshold.
    pub recall_ratio: Option<f64>,
    /// The same of pixels, where they have masks.
    pub pixels: Option<PixelDecisions>,
}

/// What a model's threshold of pixels decides on all pixels of a test set that have a mask.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PixelDecisions {
    /// The model's threshold: pixels that score above it belong to a defect.
    pub threshold: f32,
    /// The F1 of the pixels at it (SegF1).
    pub f1: f64,
    /// The highest F1 at any threshold, chosen on these pixels.
    pub best_f1: f64,
    /// Its threshold: pixels with at least this score count as defective.
    pub best_threshold: f32,
    /// The first divided by the second; none where that is 0.
    pub ratio: Option<f64>,
}
