//! The classification metrics over all pixels of all maps.

use crate::error::MetricError;
use crate::labelled_map::{LabelledMap, check_maps};
use crate::order::rank;
use crate::precision_recall::{BestF1, highest_f1, mean_precision};
use crate::ranking::{Ranking, RankingBuilder, check_classes};
use crate::roc;
use crate::sweep::AbnormalScore;

/// Area under the receiver operating characteristic over all pixels of all maps, in [0, 1].
///
/// Equal to [`auroc`](crate::auroc) of the maps laid end to end; maps without a defect count too.
///
/// # Errors
///
/// [`MetricError::MapSize`], [`MetricError::NotANumberInMap`], [`MetricError::Empty`], and
/// [`MetricError::OnlyOneClass`] if no pixel or every pixel is a defect.
///
/// # Example
///
/// ```
/// use bgad_metrics::{LabelledMap, pixel_auroc};
///
/// let map = LabelledMap {
///     width: 2,
///     height: 2,
///     scores: &[0.1, 0.4, 0.35, 0.8],
///     mask: &[false, false, true, true],
/// };
/// assert_eq!(pixel_auroc(&[map])?, 0.75);
/// # Ok::<(), bgad_metrics::MetricError>(())
/// ```
pub fn pixel_auroc(maps: &[LabelledMap<'_>]) -> Result<f64, MetricError> {
    Ok(roc::area(&count_pixels(maps)?))
}

/// Average precision over all pixels of all maps, in [0, 1].
///
/// Equal to [`average_precision`](crate::average_precision) of the maps laid end to end.
///
/// # Errors
///
/// Those of [`pixel_auroc`].
///
/// # Example
///
/// ```
/// use bgad_metrics::{LabelledMap, pixel_average_precision};
///
/// let map = LabelledMap { width: 2, height: 1, scores: &[0.7, 0.2], mask: &[false, true] };
/// assert_eq!(pixel_average_precision(&[map])?, 0.5);
/// # Ok::<(), bgad_metrics::MetricError>(())
/// ```
pub fn pixel_average_precision(maps: &[LabelledMap<'_>]) -> Result<f64, MetricError> {
    Ok(mean_precision(&count_pixels(maps)?))
}

/// The highest F1 over all pixels of all maps, with its threshold.
///
/// Equal to [`best_f1`](crate::best_f1) of the maps laid end to end: one threshold for all maps.
///
/// # Errors
///
/// Those of [`pixel_auroc`].
///
/// # Example
///
/// ```
/// use bgad_metrics::{LabelledMap, pixel_best_f1};
///
/// let map = LabelledMap { width: 2, height: 1, scores: &[0.2, 0.7], mask: &[false, true] };
/// let best = pixel_best_f1(&[map])?;
/// assert_eq!((best.f1, best.threshold), (1.0, 0.7));
/// # Ok::<(), bgad_metrics::MetricError>(())
/// ```
pub fn pixel_best_f1(maps: &[LabelledMap<'_>]) -> Result<BestF1, MetricError> {
    Ok(highest_f1(&count_pixels(maps)?))
}

/// F1 over all pixels of all maps at a threshold chosen beforehand, in [0, 1]. A pixel is called defective if
/// its score is at least `threshold`; without such a pixel F1 is 0.
///
/// # Errors
///
/// [`MetricError::MapSize`], [`MetricError::NotANumberInMap`], [`MetricError::Empty`], and
/// [`MetricError::OnlyOneClass`] if no pixel or every pixel is a defect.
///
/// # Example
///
/// ```
/// use bgad_metrics::{LabelledMap, pixel_f1_at};
///
/// let map = LabelledMap { width: 3, height: 1, scores: &[0.2, 0.7, 0.4], mask: &[false, true, false] };
/// assert_eq!(pixel_f1_at(&[map], 0.7)?, 1.0);
/// assert_eq!(pixel_f1_at(&[map], 0.3)?, 2.0 / 3.0);
/// # Ok::<(), bgad_metrics::MetricError>(())
/// ```
pub fn pixel_f1_at(maps: &[LabelledMap<'_>], threshold: f32) -> Result<f64, MetricError> {
    check_maps(maps)?;
    // Indexed by whether the pixel is called defective, then by whether it is.
    let mut counts = [[0_u64; 2]; 2];
    for map in maps {
        for (&score, &defect) in map.scores.iter().zip(map.mask) {
            counts[usize::from(score >= threshold)][usize::from(defect)] += 1;
        }
    }
    let [[passed, missed], [false_alarms, found]] = counts;
    check_classes(passed + false_alarms, missed + found)?;
    let denominator = 2 * found + missed + false_alarms;
    Ok(2.0 * found as f64 / denominator as f64)
}

/// The defective pixels of all maps, sorted, and numbers of the others.
fn count_pixels(maps: &[LabelledMap<'_>]) -> Result<Ranking, MetricError> {
    check_maps(maps)?;
    let pixels = maps.iter().flat_map(|map| map.scores.iter().zip(map.mask));
    let defects = pixels.filter(|(_, defect)| **defect);
    let defects = defects.map(|(score, _)| AbnormalScore::new(rank(*score), 0));
    Ranking::of_maps(maps, defects.collect())
}

pub(crate) fn rank_pixels(maps: &[LabelledMap<'_>]) -> Result<Ranking, MetricError> {
    check_maps(maps)?;
    let pixels: usize = maps.iter().map(|map| map.mask.len()).sum();
    let defects = maps.iter().flat_map(|map| map.mask).filter(|&&d| d).count();
    let mut builder = RankingBuilder::with_capacity(pixels - defects, defects);
    for map in maps {
        builder.extend(map.scores, map.mask);
    }
    builder.finish()
}
