//! Several metrics at once.

use crate::aupro::{ProArea, check_limit};
use crate::error::MetricError;
use crate::labelled_map::LabelledMap;
use crate::precision_recall::{BestF1, highest_f1, mean_precision};
use crate::ranking::Ranking;
use crate::region_overlap::RegionOverlap;
use crate::roc;

/// The classification metrics of a set, from one sort.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RankingMetrics {
    /// [`crate::auroc`], in [0, 1].
    pub auroc: f64,
    /// [`crate::average_precision`], in [0, 1].
    pub average_precision: f64,
    /// [`crate::best_f1`].
    pub best_f1: BestF1,
    /// Whether all scores are equal: the values are then those of a guess, not of a detector.
    pub constant_score: bool,
}

/// The pixel metrics of a set.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PixelMetrics {
    /// The metrics over all pixels.
    pub pixels: RankingMetrics,
    /// [`crate::aupro`] at the limit asked for, in [0, 1].
    pub aupro: f64,
}

/// AUROC, average precision and best F1 at once.
///
/// # Errors
///
/// Those of [`crate::auroc`]. [`MetricError::undefined`] distinguishes a set on which the metrics have no
/// value from wrong input.
///
/// # Example
///
/// ```
/// let metrics = bgad_metrics::image_metrics(&[0.5; 4], &[false, false, true, true])?;
/// assert_eq!(metrics.auroc, 0.5);
/// assert!(metrics.constant_score);
/// # Ok::<(), bgad_metrics::MetricError>(())
/// ```
pub fn image_metrics(scores: &[f32], abnormal: &[bool]) -> Result<RankingMetrics, MetricError> {
    Ok(of_ranking(&Ranking::of_labelled(scores, abnormal)?))
}

/// Pixel AUROC, average precision, best F1, and AUPRO up to `aupro_limit`.
///
/// # Errors
///
/// Those of [`crate::aupro`].
///
/// # Example
///
/// ```
/// use bgad_metrics::{LabelledMap, pixel_metrics};
///
/// let map = LabelledMap { width: 2, height: 1, scores: &[0.2, 0.7], mask: &[false, true] };
/// let metrics = pixel_metrics(&[map], 0.3)?;
/// assert_eq!((metrics.pixels.auroc, metrics.aupro), (1.0, 1.0));
/// # Ok::<(), bgad_metrics::MetricError>(())
/// ```
pub fn pixel_metrics(
    maps: &[LabelledMap<'_>],
    aupro_limit: f64,
) -> Result<PixelMetrics, MetricError> {
    check_limit(aupro_limit)?;
    let overlap = RegionOverlap::new(maps)?;
    let ranking = overlap.count(maps)?;
    let mut area = ProArea::new(
        overlap.shares(),
        ranking.normal_count(),
        ranking.abnormal_count(),
        aupro_limit,
    );
    ranking.sweep(&mut area);
    Ok(PixelMetrics {
        pixels: of_ranking(&ranking),
        aupro: area.finish(),
    })
}

fn of_ranking(ranking: &Ranking) -> RankingMetrics {
    RankingMetrics {
        auroc: roc::area(ranking),
        average_precision: mean_precision(ranking),
        best_f1: highest_f1(ranking),
        constant_score: ranking.is_constant(),
    }
}
