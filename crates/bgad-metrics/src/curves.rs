//! ROC, precision-recall and PRO curves; AUROC, average precision and AUPRO are areas under them.

use crate::curve::{CurvePoint, check_tolerance};
use crate::curve_trace::{PrecisionRecallCurve, ProCurve, RocCurve, Trace};
use crate::error::MetricError;
use crate::labelled_map::LabelledMap;
use crate::pixel::rank_pixels;
use crate::ranking::Ranking;
use crate::region_overlap::RegionOverlap;

/// The receiver operating characteristic: x is the false-positive rate, y the true-positive rate.
///
/// One point per distinct score follows the first point, (0, 0); the last is (1, 1). The area under the
/// straight lines between them is [`crate::auroc`].
///
/// A `tolerance` of 0 keeps every point. Above 0 the curve is thinned for plotting: both ends are kept, and
/// every point of the full curve lies within `tolerance` of the lines between the points kept.
///
/// # Errors
///
/// Those of [`crate::auroc`], and [`MetricError::InvalidTolerance`].
///
/// # Example
///
/// ```
/// let curve = bgad_metrics::roc_curve(&[0.1, 0.4, 0.35, 0.8], &[false, false, true, true], 0.0)?;
/// let points: Vec<(f64, f64)> = curve.iter().map(|point| (point.x, point.y)).collect();
/// assert_eq!(points, [(0.0, 0.0), (0.0, 0.5), (0.5, 0.5), (0.5, 1.0), (1.0, 1.0)]);
/// # Ok::<(), bgad_metrics::MetricError>(())
/// ```
pub fn roc_curve(
    scores: &[f32],
    abnormal: &[bool],
    tolerance: f64,
) -> Result<Vec<CurvePoint>, MetricError> {
    check_tolerance(tolerance)?;
    let ranking = Ranking::of_labelled(scores, abnormal)?;
    Ok(traced(&ranking, RocCurve::new, tolerance))
}

/// The precision-recall curve: x is the recall, y the precision.
///
/// The first point repeats the precision of the highest score at recall 0; one point per distinct score
/// follows; the last has recall 1. [`crate::average_precision`] is the area under steps, which hold each
/// point's precision back to the recall before it, not under straight lines.
///
/// `tolerance` works as in [`roc_curve`].
///
/// # Errors
///
/// Those of [`crate::average_precision`], and [`MetricError::InvalidTolerance`].
///
/// # Example
///
/// ```
/// let curve = bgad_metrics::precision_recall_curve(&[0.2, 0.7], &[true, false], 0.0)?;
/// let points: Vec<(f64, f64)> = curve.iter().map(|point| (point.x, point.y)).collect();
/// assert_eq!(points, [(0.0, 0.0), (0.0, 0.0), (1.0, 0.5)]);
/// # Ok::<(), bgad_metrics::MetricError>(())
/// ```
pub fn precision_recall_curve(
    scores: &[f32],
    abnormal: &[bool],
    tolerance: f64,
) -> Result<Vec<CurvePoint>, MetricError> {
    check_tolerance(tolerance)?;
    let ranking = Ranking::of_labelled(scores, abnormal)?;
    Ok(traced(&ranking, PrecisionRecallCurve::new, tolerance))
}

/// [`roc_curve`] over all pixels of all maps.
///
/// # Errors
///
/// Those of [`crate::pixel_auroc`], and [`MetricError::InvalidTolerance`].
pub fn pixel_roc_curve(
    maps: &[LabelledMap<'_>],
    tolerance: f64,
) -> Result<Vec<CurvePoint>, MetricError> {
    check_tolerance(tolerance)?;
    Ok(traced(&rank_pixels(maps)?, RocCurve::new, tolerance))
}

/// [`precision_recall_curve`] over all pixels of all maps.
///
/// # Errors
///
/// Those of [`crate::pixel_average_precision`], and [`MetricError::InvalidTolerance`].
pub fn pixel_precision_recall_curve(
    maps: &[LabelledMap<'_>],
    tolerance: f64,
) -> Result<Vec<CurvePoint>, MetricError> {
    check_tolerance(tolerance)?;
    let ranking = rank_pixels(maps)?;
    Ok(traced(&ranking, PrecisionRecallCurve::new, tolerance))
}

/// The per-region overlap curve: x is the false-positive rate, y the per-region overlap (PRO).
///
/// Both are defined as in [`crate::aupro`], which is the area under the straight lines between the points.
/// The curve runs from (0, 0) to (1, 1). `tolerance` works as in [`roc_curve`].
///
/// # Errors
///
/// Those of [`crate::aupro`] except the limit's, and [`MetricError::InvalidTolerance`].
///
/// # Example
///
/// ```
/// use bgad_metrics::{LabelledMap, pro_curve};
///
/// let map = LabelledMap { width: 3, height: 1, scores: &[0.9, 0.5, 0.1], mask: &[true, false, true] };
/// let curve = pro_curve(&[map], 0.0)?;
/// let points: Vec<(f64, f64)> = curve.iter().map(|point| (point.x, point.y)).collect();
/// assert_eq!(points, [(0.0, 0.0), (0.0, 0.5), (1.0, 0.5), (1.0, 1.0)]);
/// # Ok::<(), bgad_metrics::MetricError>(())
/// ```
pub fn pro_curve(maps: &[LabelledMap<'_>], tolerance: f64) -> Result<Vec<CurvePoint>, MetricError> {
    check_tolerance(tolerance)?;
    let overlap = RegionOverlap::new(maps)?;
    let ranking = overlap.rank(maps)?;
    Ok(traced(&ranking, overlap.pro_curve(), tolerance))
}

/// The curves over all pixels of some maps.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq)]
pub struct PixelCurves {
    /// [`pixel_roc_curve`].
    pub roc: Vec<CurvePoint>,
    /// [`pixel_precision_recall_curve`].
    pub precision_recall: Vec<CurvePoint>,
    /// [`pro_curve`].
    pub pro: Vec<CurvePoint>,
}

/// [`pixel_roc_curve`], [`pixel_precision_recall_curve`] and [`pro_curve`], for which the pixels are sorted once.
///
/// # Errors
///
/// Those of [`pro_curve`].
pub fn pixel_curves(maps: &[LabelledMap<'_>], tolerance: f64) -> Result<PixelCurves, MetricError> {
    check_tolerance(tolerance)?;
    let overlap = RegionOverlap::new(maps)?;
    let ranking = overlap.rank(maps)?;
    let (roc, (precision_recall, pro)) = rayon::join(
        || traced(&ranking, RocCurve::new, tolerance),
        || {
            rayon::join(
                || traced(&ranking, PrecisionRecallCurve::new, tolerance),
                || traced(&ranking, overlap.pro_curve(), tolerance),
            )
        },
    );
    Ok(PixelCurves {
        roc,
        precision_recall,
        pro,
    })
}

impl RegionOverlap {
    /// A trace of the per-region overlap.
    fn pro_curve<'a>(&'a self) -> impl FnOnce(u64, u64, f64) -> ProCurve<'a> {
        |normal, abnormal, tolerance| ProCurve::new(self.shares(), normal, abnormal, tolerance)
    }
}

fn traced<T: Trace>(
    ranking: &Ranking,
    new: impl FnOnce(u64, u64, f64) -> T,
    tolerance: f64,
) -> Vec<CurvePoint> {
    let mut trace = new(ranking.normal_count(), ranking.abnormal_count(), tolerance);
    ranking.sweep(&mut trace);
    trace.finish()
}
