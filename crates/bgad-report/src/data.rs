//! What a report shows, as plain data.

use serde::{Deserialize, Serialize};

use crate::pictures::{MaskPicture, RgbPicture, ScoreMapPicture};

/// Everything that a report shows. Any part may be empty; the report then says what is missing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReportData {
    /// The heading, such as the name of the data set's category.
    pub title: String,
    /// A line under the heading, such as model, date and number of images.
    pub subtitle: String,
    /// Seed of the run.
    pub seed: Option<u64>,
    /// Settings in groups.
    pub settings: Vec<SettingGroup>,
    /// The metrics, most important first: the first four are shown large.
    pub metrics: Vec<Metric>,
    /// The metrics by type of defect.
    pub by_type: Vec<TypeMetrics>,
    /// Test metrics during training, Figure 3 of the paper.
    pub history: Vec<HistorySeries>,
    /// ROC, precision-recall and PRO curves.
    pub curves: Vec<Curve>,
    /// Log-likelihoods of features by level, Figure 9 of the paper.
    pub histograms: Vec<LevelHistogram>,
    /// Features in the plane, before and after the flow: Figure 8 of the paper.
    pub embeddings: Vec<Embedding>,
    /// Images to look at, in any order; the report shows errors first. Figure 4 of the paper.
    pub gallery: Vec<GalleryEntry>,
    /// The scores of all images.
    pub scores: Vec<ImageScore>,
    /// An image with at least this score is called abnormal; in the unit of the scores.
    pub threshold: Option<f32>,
}

/// Settings that belong together.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SettingGroup {
    /// Heading of the group.
    pub name: String,
    /// Names and values, in the order shown.
    pub entries: Vec<(String, String)>,
}

/// A metric with its uncertainty.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// Name, such as `image AUROC`.
    pub name: String,
    /// The value; `None` where it is not defined.
    pub value: Option<f64>,
    /// Confidence interval.
    pub interval: Option<Interval>,
    /// A remark, such as why there is no value.
    pub note: Option<String>,
}

/// A confidence interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Level, such as 0.95.
    pub level: f64,
}

/// The metrics of a type of defect.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TypeMetrics {
    /// Name of the type.
    pub defect_type: String,
    /// Number of images of this type.
    pub images: usize,
    /// Its metrics against all normal images.
    pub metrics: Vec<Metric>,
}

/// A metric by meta-epoch.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct HistorySeries {
    /// Name, such as `image AUROC`.
    pub name: String,
    /// Meta-epoch and value.
    pub points: Vec<(f64, f64)>,
}

/// Which curve it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CurveKind {
    /// True-positive rate over false-positive rate.
    Roc,
    /// Precision over recall.
    PrecisionRecall,
    /// Per-region overlap over false-positive rate.
    Pro,
}

/// A curve of points in [0, 1] x [0, 1].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// Which curve it is.
    pub kind: CurveKind,
    /// What it is computed on, such as `images` or `pixels`.
    pub name: String,
    /// The points from left to right.
    pub points: Vec<(f64, f64)>,
    /// The area under it, as its metric defines it.
    pub area: Option<f64>,
    /// The false-positive rate up to which the area is taken, if that is not 1.
    pub limit: Option<f64>,
}

/// The distribution of one level's log-likelihoods.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LevelHistogram {
    /// Name of the level.
    pub level: String,
    /// Left edge of the first bin, in the unit of the log-likelihoods.
    pub low: f64,
    /// Right edge of the last bin.
    pub high: f64,
    /// Normal features in each bin; bins have equal widths.
    pub normal: Vec<u64>,
    /// Abnormal features in each bin.
    pub abnormal: Vec<u64>,
    /// The boundary b_n of normal features.
    pub boundary_normal: Option<f64>,
    /// The boundary b_a of abnormal features.
    pub boundary_abnormal: Option<f64>,
}

/// The axis starts at most this many interquartile ranges below the lower quartile.
const FENCE: f64 = 10.0;

impl LevelHistogram {
    /// Counts log-likelihoods in `bins` bins (at least one) between the smallest and the largest finite
    /// value; non-finite values are skipped. Values more than ten interquartile ranges below the lower
    /// quartile are counted in the first bin, which starts there; otherwise one outlier would put all others
    /// into a single bin. The caller fills in the boundaries.
    pub fn from_values(
        level: impl Into<String>,
        normal: &[f32],
        abnormal: &[f32],
        bins: usize,
    ) -> Self {
        let finite = || {
            normal
                .iter()
                .chain(abnormal)
                .filter(|value| value.is_finite())
        };
        let mut sorted: Vec<f64> = finite().map(|value| f64::from(*value)).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let (low, high) = match sorted.as_slice() {
            [] => (f64::INFINITY, f64::NEG_INFINITY),
            [low, .., high] => {
                let quartile = |share: usize| sorted[(sorted.len() - 1) * share / 4];
                let fence = quartile(1) - FENCE * (quartile(3) - quartile(1));
                (low.max(fence).min(*high), *high)
            }
            [only] => (*only, *only),
        };
        let bins = bins.max(1);
        let count = |values: &[f32]| {
            let mut counts = vec![0; bins];
            for &value in values.iter().filter(|value| value.is_finite()) {
                // The largest value belongs to the last bin; if all values are equal, they belong to the
                // first.
                let place = (f64::from(value) - low) / (high - low) * bins as f64;
                // A negative index is clamped to the first bin.
                counts[(place as usize).min(bins - 1)] += 1;
            }
            counts
        };
        let (normal, abnormal) = (count(normal), count(abnormal));
        let empty = low > high;
        Self {
            level: level.into(),
            low: if empty { 0.0 } else { low },
            high: if empty { 0.0 } else { high },
            normal,
            abnormal,
            boundary_normal: None,
            boundary_abnormal: None,
        }
    }
}

/// Features in the plane.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Embedding {
    /// Which features, such as `before the flow`.
    pub name: String,
    /// A remark, such as the method and the variance explained by the two axes.
    pub note: String,
    /// The features.
    pub points: Vec<EmbeddingPoint>,
}

/// A feature in the plane.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EmbeddingPoint {
    /// Horizontal coordinate; the unit is that of the features.
    pub x: f32,
    /// Vertical coordinate.
    pub y: f32,
    /// Whether the feature belongs to a defect.
    pub abnormal: bool,
}

/// An image with its result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GalleryEntry {
    /// Path or name of the image.
    pub path: String,
    /// Whether the image is abnormal.
    pub abnormal: bool,
    /// Type of the defect.
    pub defect_type: Option<String>,
    /// Score of the image.
    pub score: f32,
    /// Images with at least this score are called abnormal; `None` if nothing is decided.
    pub threshold: Option<f32>,
    /// The outline surrounds pixels with at least this score; `None` draws no outline.
    pub pixel_threshold: Option<f32>,
    /// The image.
    pub image: RgbPicture,
    /// Ground truth, `true` at defects. Its size may differ from the image's.
    pub mask: Option<MaskPicture>,
    /// Score of each pixel. Its size may differ from the image's.
    pub score_map: Option<ScoreMapPicture>,
}

/// Score of an image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImageScore {
    /// Path or name of the image.
    pub path: String,
    /// Whether the image is abnormal; `None` if unknown.
    pub abnormal: Option<bool>,
    /// Type of the defect.
    pub defect_type: Option<String>,
    /// The score.
    pub score: f32,
}
