//! Exact anomaly detection metrics on plain slices: AUROC, average precision, F1, AUPRO and AUPIMO, with
//! curves and confidence intervals.
//!
//! A score is any `f32` that grows with abnormality; a label is `true` for abnormal. There are no tensors and
//! no state: a function takes all scores at once. If the maps do not fit in memory, [`StreamingPixelMetrics`]
//! takes them one at a time and gives the same numbers.
//!
//! | for | functions |
//! |---|---|
//! | images | [`auroc`], [`average_precision`], [`best_f1`], all of them: [`image_metrics`] |
//! | pixels | [`pixel_auroc`], [`pixel_average_precision`], [`pixel_best_f1`], [`pixel_f1_at`], all of them: [`pixel_metrics`] |
//! | regions | [`aupro`] at any limit, [`paper_protocol::aupro`], [`connected_regions`] |
//! | each defective image | [`aupimo`] |
//! | curves | [`roc_curve`], [`precision_recall_curve`], [`pro_curve`], [`pixel_roc_curve`], [`pixel_precision_recall_curve`], [`pixel_curves`] |
//! | types of defects | [`image_metrics_by_type`], [`pixel_metrics_by_type`], [`defect_type_groups`] |
//! | uncertainty | [`image_intervals`], [`pixel_intervals`], [`bootstrap_interval`] |
//!
//! All of them have this in common:
//!
//! - The scores are sorted once; there is one operating point per distinct score, so ties never
//!   depend on the order of the input.
//! - `-0.0` equals `0.0`; infinite scores are ordinary extremes; NaN is an error that says where it is.
//! - Counts are integers, and `f64` sums run in a fixed order: the result is the same, bit for bit, on any
//!   number of threads.
//! - If a metric is undefined (one class only, no region), the result is a [`MetricError`], never NaN.
//!   [`MetricError::undefined`] distinguishes that case from wrong input, and [`MetricError::with_names`]
//!   replaces the image's index with its name.
//!
//! ```
//! use bgad_metrics::{auroc, best_f1};
//!
//! let scores = [0.1, 0.4, 0.35, 0.8];
//! let abnormal = [false, false, true, true];
//! assert_eq!(auroc(&scores, &abnormal)?, 0.75);
//! assert_eq!(best_f1(&scores, &abnormal)?.threshold, 0.35);
//! # Ok::<(), bgad_metrics::MetricError>(())
//! ```
#![forbid(unsafe_code)]

mod aupimo;
mod aupro;
mod bootstrap;
mod counted;
mod curve;
mod curve_trace;
mod curves;
mod defect_type;
mod error;
mod intervals;
mod labelled_map;
mod order;
pub mod paper_protocol;
mod pixel;
mod precision_recall;
mod ranking;
mod region_overlap;
mod regions;
mod resampled_pixels;
mod roc;
#[cfg(feature = "streaming")]
mod spill;
#[cfg(feature = "streaming")]
mod streaming;
mod summary;
mod sweep;

pub use aupimo::{Aupimo, AupimoBounds, aupimo};
pub use aupro::aupro;
pub use bootstrap::{Bootstrap, ConfidenceInterval, bootstrap_interval};
pub use curve::CurvePoint;
pub use curves::{
    PixelCurves, pixel_curves, pixel_precision_recall_curve, pixel_roc_curve,
    precision_recall_curve, pro_curve, roc_curve,
};
pub use defect_type::{
    DefectTypeGroup, OfDefectType, defect_type_groups, image_metrics_by_type, pixel_metrics_by_type,
};
pub use error::{Class, MetricError, Undefined};
pub use intervals::{ImageIntervals, PixelIntervals, image_intervals, pixel_intervals};
pub use labelled_map::LabelledMap;
pub use pixel::{pixel_auroc, pixel_average_precision, pixel_best_f1, pixel_f1_at};
pub use precision_recall::{BestF1, average_precision, best_f1};
pub use regions::{Connectivity, Regions, connected_regions, for_each_region};
pub use roc::auroc;
#[cfg(feature = "streaming")]
pub use streaming::StreamingPixelMetrics;
pub use summary::{PixelMetrics, RankingMetrics, image_metrics, pixel_metrics};
