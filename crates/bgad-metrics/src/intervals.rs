//! Confidence intervals of the ranking metrics: the scores are sorted once for all resampled sets.

use crate::aupro::check_limit;
use crate::bootstrap::{Bootstrap, ConfidenceInterval, intervals_of_sets, weighted_intervals};
use crate::error::MetricError;
use crate::labelled_map::LabelledMap;
use crate::order::rank;
use crate::precision_recall::{HighestF1, PrecisionSum};
use crate::ranking::check_scores;
use crate::resampled_pixels::ResampledPixels;
use crate::roc::RocArea;
use crate::sweep::{AbnormalScore, Step, Visitor};

/// Confidence intervals of the metrics of image scores.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ImageIntervals {
    /// The interval of [`crate::auroc`].
    pub auroc: ConfidenceInterval,
    /// The interval of [`crate::average_precision`].
    pub average_precision: ConfidenceInterval,
    /// The interval of [`crate::best_f1`]; each resampled set chooses its own threshold.
    pub best_f1: ConfidenceInterval,
}

/// Confidence intervals of the pixel metrics.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PixelIntervals {
    /// The interval of [`crate::pixel_auroc`].
    pub auroc: ConfidenceInterval,
    /// The interval of [`crate::pixel_average_precision`].
    pub average_precision: ConfidenceInterval,
    /// The interval of [`crate::aupro`].
    pub aupro: ConfidenceInterval,
}

/// Intervals of AUROC, average precision and best F1, as [`crate::bootstrap_interval`] defines
/// them.
///
/// # Errors
///
/// Those of [`crate::auroc`], and [`MetricError::InvalidBootstrap`].
///
/// # Example
///
/// ```
/// use bgad_metrics::{Bootstrap, image_intervals};
///
/// let scores = [0.1, 0.5, 0.3, 0.4, 0.9];
/// let abnormal = [false, false, false, true, true];
/// let intervals = image_intervals(&scores, &abnormal, &Bootstrap::default())?;
/// assert!((intervals.auroc.estimate - 5.0 / 6.0).abs() < 1e-12);
/// assert!(intervals.auroc.low < intervals.auroc.estimate);
/// # Ok::<(), bgad_metrics::MetricError>(())
/// ```
pub fn image_intervals(
    scores: &[f32],
    abnormal: &[bool],
    settings: &Bootstrap,
) -> Result<ImageIntervals, MetricError> {
    check_scores(scores, abnormal.len())?;
    // By rank, with their images.
    let mut records = Vec::with_capacity(scores.len());
    for (image, &score) in scores.iter().enumerate() {
        let image = u32::try_from(image).map_err(|_| MetricError::TooManyRegions)?;
        records.push(AbnormalScore::new(rank(score), image));
    }
    records.sort_unstable();
    let [auroc, average_precision, best_f1] = weighted_intervals(abnormal, settings, |weights| {
        let total = |class: bool| -> u64 {
            let of_class = weights.iter().zip(abnormal).filter(|&(_, &a)| a == class);
            of_class.map(|(&weight, _)| u64::from(weight)).sum()
        };
        let (normals, defects) = (total(false), total(true));
        let mut metrics = (
            RocArea::default(),
            PrecisionSum::default(),
            HighestF1::new(defects),
        );
        for equal in records.chunk_by(|a, b| a.rank() == b.rank()) {
            let drawn = |class: bool| -> u64 {
                let images = equal.iter().map(|score| score.region());
                let of_class = images.filter(|&image| abnormal[image] == class);
                of_class.map(|image| u64::from(weights[image])).sum()
            };
            let step = Step {
                rank: equal[0].rank(),
                normal: drawn(false),
                abnormal: drawn(true),
            };
            let _ = metrics.0.end(step);
            let _ = metrics.1.end(step);
            let _ = metrics.2.end(step);
        }
        Ok([
            metrics.0.finish(normals, defects),
            metrics.1.finish(defects),
            metrics.2.finish().f1,
        ])
    })?;
    Ok(ImageIntervals {
        auroc,
        average_precision,
        best_f1,
    })
}

/// Intervals of pixel AUROC, pixel average precision and AUPRO up to `aupro_limit`, as
/// [`crate::bootstrap_interval`] defines them. Whole maps are drawn, with all their pixels; a map is abnormal
/// if its mask shows a defect.
///
/// Takes 8 bytes per pixel, and one walk over all pixels for each 16 resamples.
///
/// # Errors
///
/// Those of [`crate::aupro`], [`MetricError::InvalidBootstrap`], and [`MetricError::OnlyOneClass`] if every
/// map has a defect, which leaves no normal images to draw.
pub fn pixel_intervals(
    maps: &[LabelledMap<'_>],
    aupro_limit: f64,
    settings: &Bootstrap,
) -> Result<PixelIntervals, MetricError> {
    check_limit(aupro_limit)?;
    let pixels = ResampledPixels::new(maps)?;
    let [auroc, average_precision, aupro] =
        intervals_of_sets(pixels.defective(), settings, |sets| {
            pixels.metrics(sets, aupro_limit)
        })?;
    Ok(PixelIntervals {
        auroc,
        average_precision,
        aupro,
    })
}
