//! How good a model's decisions are on a test set.

use serde::{Deserialize, Serialize};

/// The decisions of a model's thresholds on a test set, compared with what the threshold promises and with
/// what the best thresholds could reach. A figure is `None` if there are no images for it.
///
/// A good ranking can come with poor decisions, and decisions are what a user of the model gets.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Decisions {
    /// The model's threshold: images that score above it are called anomalous.
    pub threshold: f32,
    /// Whether it comes from images that were not used for training, through
    /// [`Detector::recalibrate`](crate::Detector::recalibrate) or `bgad calibrate`.
    pub calibrated: bool,
    /// Abnormal test images.
    pub abnormal_images: usize,
    /// How many of them are called anomalous.
    pub found: usize,
    /// Their share, the recall.
    pub recall: Option<f64>,
    /// Normal test images.
    pub normal_images: usize,
    /// How many of them are called anomalous.
    pub false_alarms: usize,
    /// Their share.
    pub false_alarm_rate: Option<f64>,
    /// The 95 % Clopper-Pearson confidence interval of that rate.
    pub false_alarm_interval: Option<[f64; 2]>,
    /// The false-alarm rate that the threshold promises on average; `None` if it maximises F1 or was set by
    /// hand.
    pub promised_rate: Option<f64>,
    /// The most false alarms among this number of normal images that are consistent with the promise. If the
    /// promise holds, at most one test set in forty has more.
    pub most_false_alarms: Option<usize>,
    /// Whether there are no more false alarms than that.
    pub promise_kept: Option<bool>,
    /// How many abnormal images score above the threshold that gives the promised rate on the normal test
    /// images themselves. That is the `ceil((n + 1)(1 - rate))`-th lowest of their `n` scores, or the highest
    /// if there are too few.
    pub found_at_promised_rate: Option<usize>,
    /// The recall at the model's threshold divided by the one at that threshold.
    pub recall_ratio: Option<f64>,
    /// The same for pixels, if they have masks.
    pub pixels: Option<PixelDecisions>,
}

/// The decisions of a model's pixel threshold on all pixels of a test set that have a mask.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PixelDecisions {
    /// The model's threshold: pixels that score above it belong to a defect.
    pub threshold: f32,
    /// The pixels' F1 at it (SegF1).
    pub f1: f64,
    /// The highest F1 at any threshold, chosen on these pixels.
    pub best_f1: f64,
    /// The threshold of that F1: pixels with at least this score count as defective.
    pub best_threshold: f32,
    /// `f1` divided by `best_f1`; `None` if `best_f1` is 0.
    pub ratio: Option<f64>,
}
