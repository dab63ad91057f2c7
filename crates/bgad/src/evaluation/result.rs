//! The result of an evaluation.

use std::path::PathBuf;

use bgad_data::{BitDepth, MaskValues};
use serde::{Deserialize, Serialize};

use super::decisions::Decisions;

/// The metrics that the paper reports, computed as by the authors' program: the constants of scoring come
/// from the test set. `None` if a metric is undefined.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PaperMetrics {
    /// AUROC of the images' scores.
    pub image_auroc: Option<f64>,
    /// AUROC of the pixels' scores.
    pub pixel_auroc: Option<f64>,
    /// Exact area under the per-region-overlap curve up to the limit.
    pub aupro: Option<f64>,
    /// The same up to 0.3, approximated with 1000 thresholds as in the authors' program.
    pub aupro_approximated: Option<f64>,
}

/// One image's result.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImageResult {
    /// The file.
    #[serde(with = "bgad_data::path_text")]
    pub path: PathBuf,
    /// The part of the file; `None` for all of it.
    pub region: Option<bgad_data::Region>,
    /// Its width in pixels; 0 in files of an earlier version.
    #[serde(default)]
    pub width: u32,
    /// Its height in pixels; 0 in files of an earlier version.
    #[serde(default)]
    pub height: u32,
    /// The files of its mask, if it has one.
    #[serde(with = "bgad_data::path_texts")]
    pub masks: Vec<PathBuf>,
    /// Which values of its masks mark a defect.
    #[serde(default)]
    pub mask_values: MaskValues,
    /// How many bits its values have, if it has 16 bits per channel.
    #[serde(default)]
    pub bit_depth: BitDepth,
    /// Its defect type, `good` for normal images.
    pub defect_type: String,
    /// Whether it is abnormal.
    pub abnormal: bool,
    /// Its score.
    pub score: f32,
    /// AUPIMO, if requested and if the mask shows a defect.
    pub aupimo: Option<f64>,
}

impl ImageResult {
    /// The path of the file, with the region if the image is a part of it.
    pub fn name(&self) -> String {
        let path = bgad_data::path_to_text(&self.path);
        match self.region {
            Some(region) => format!("{path} [{region}]"),
            None => path,
        }
    }
}

/// Metrics of one defect type against all normal images.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TypeResult {
    /// The type's name.
    pub defect_type: String,
    /// Number of its images.
    pub images: usize,
    /// AUROC of the images' scores.
    pub image_auroc: Option<f64>,
    /// Average precision of the images' scores.
    pub image_ap: Option<f64>,
    /// The best F1 of the images' scores.
    pub image_f1: Option<f64>,
    /// AUROC of the pixels' scores.
    pub pixel_auroc: Option<f64>,
    /// Average precision of the pixels' scores.
    pub pixel_ap: Option<f64>,
    /// Area under the per-region-overlap curve up to the limit.
    pub aupro: Option<f64>,
}

/// Lower and upper ends of bootstrap confidence intervals.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Intervals {
    /// The share of resampled values between the ends.
    pub level: f64,
    /// Of the image AUROC.
    pub image_auroc: Option<[f64; 2]>,
    /// Of the image average precision.
    pub image_ap: Option<[f64; 2]>,
    /// Of the best image F1; each resampled set chooses its own threshold.
    pub image_f1: Option<[f64; 2]>,
    /// Of the pixel AUROC.
    pub pixel_auroc: Option<[f64; 2]>,
    /// Of the pixel average precision.
    pub pixel_ap: Option<[f64; 2]>,
    /// Of AUPRO.
    pub aupro: Option<[f64; 2]>,
}

/// How well a detector does on a test set. A figure is `None` if it is undefined or was not requested.
///
/// Scores are those of the deployed model: each depends on its own image alone.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Evaluation {
    /// The decisions of the model's thresholds; `None` if it has none yet, as between meta-epochs.
    pub decisions: Option<Decisions>,
    /// AUROC of the images' scores.
    pub image_auroc: Option<f64>,
    /// AUROC of the pixels' scores.
    pub pixel_auroc: Option<f64>,
    /// Exact area under the per-region-overlap curve up to a false-positive rate of `aupro_limit`.
    pub aupro: Option<f64>,
    /// Average precision of the images' scores.
    pub image_ap: Option<f64>,
    /// Average precision of the pixels' scores.
    pub pixel_ap: Option<f64>,
    /// The best F1 of the images' scores.
    pub image_f1: Option<f64>,
    /// The threshold of the best F1: images with at least this score count as abnormal.
    pub image_f1_threshold: Option<f32>,
    /// The best F1 of the pixels' scores.
    pub pixel_f1: Option<f64>,
    /// Its threshold.
    pub pixel_f1_threshold: Option<f32>,
    /// The mean AUPIMO of images with a defect, over false-positive rates from 1e-5 to 1e-4.
    pub aupimo: Option<f64>,
    /// The false-positive rate up to which AUPRO is computed.
    pub aupro_limit: f64,
    /// The number of images that were evaluated.
    pub images: usize,
    /// How many of them are abnormal.
    pub abnormal_images: usize,
    /// Which metrics are undefined and why, and which ones are doubtful; one sentence each.
    pub remarks: Vec<String>,
    /// Confidence intervals.
    pub intervals: Option<Intervals>,
    /// The metrics of each type of defect, by name.
    pub by_defect_type: Vec<TypeResult>,
    /// The same metrics with the constants of scoring taken from the test set, as in the authors' program.
    pub paper_protocol: PaperMetrics,
    /// Each image's result, in the data set's order.
    pub results: Vec<ImageResult>,
    /// What was left out and why, one sentence each.
    pub warnings: Vec<String>,
}
