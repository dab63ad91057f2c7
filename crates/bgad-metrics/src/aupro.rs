//! Exact area under the per-region overlap curve.

use crate::error::MetricError;
use crate::labelled_map::LabelledMap;
use crate::ranking::{Ranking, RankingBuilder};
use crate::region_overlap::RegionOverlap;

/// Area under the per-region overlap curve up to a false-positive rate of `limit`, divided by
/// `limit`: in [0, 1]. The field's usual limit is 0.3.
///
/// At a threshold, a pixel is positive where its score >= threshold.
///
/// - The false-positive rate is the share of positive pixels among all pixels outside of the
///   defects, over all maps; maps without a defect count too.
/// - The per-region overlap (PRO) is the mean, over all 8-connected defect regions of all maps, of
///   the share of positive pixels in the region. A small region weighs as much as a large one.
///
/// The curve starts at (0, 0) and has one point per distinct score; its points are joined by
/// straight lines, also where the limit lies between two of them. Nothing is sampled: the pixels
/// are sorted once and visited once.
///
/// # Errors
///
/// [`MetricError::InvalidLimit`] unless 0 < `limit` <= 1, [`MetricError::MapSize`],
/// [`MetricError::NotANumberInMap`], [`MetricError::Empty`], [`MetricError::NoRegions`] where no
/// mask has a defect, and [`MetricError::OnlyOneClass`] where all pixels are defects.
///
/// # Example
///
/// ```
/// use bgad_metrics::{LabelledMap, aupro};
///
/// let defective = LabelledMap {
///     width: 3,
///     height: 1,
///     scores: &[0.1, 0.2, 0.9],
///     mask: &[false, false, true],
/// };
/// let normal = LabelledMap { width: 2, height: 1, scores: &[0.0, 0.3], mask: &[false, false] };
/// assert_eq!(aupro(&[defective, normal], 0.3)?, 1.0);
/// # Ok::<(), bgad_metrics::MetricError>(())
/// ```
pub fn aupro(maps: &[LabelledMap<'_>], limit: f64) -> Result<f64, MetricError> {
    if !(limit > 0.0 && limit <= 1.0) {
        return Err(MetricError::InvalidLimit { limit });
    }
    let overlap = RegionOverlap::new(maps)?;
    let mut builder =
        RankingBuilder::with_capacity(overlap.normal_pixels(), overlap.defect_pixels());
    overlap.for_each_pixel(maps, |score, region| match region {
        Some(region) => builder.push_abnormal(score, region),
        None => builder.push_normal(score),
    });
    Ok(area(&builder.finish()?, overlap.shares(), limit))
}

fn area(ranking: &Ranking, shares: &[f64], limit: f64) -> f64 {
    // The horizontal axis is counted in false positives, which are whole numbers.
    let limit = limit * ranking.normal_count() as f64;
    let mut false_positives = 0;
    let mut defects_left = ranking.abnormal_count();
    let mut overlap = 0.0;
    let mut area = 0.0;
    for equal in ranking.distinct_scores() {
        let before = overlap;
        for pixel in equal.abnormal {
            overlap += shares[pixel.region()];
        }
        defects_left -= equal.abnormal.len();
        // All shares together are 1; their rounded sum may be a little off.
        overlap = if defects_left == 0 {
            1.0
        } else {
            f64::min(overlap, 1.0)
        };

        let width = equal.normal as f64;
        let room = limit - false_positives as f64;
        if width >= room {
            let at_limit = before + (overlap - before) * (room / width);
            area += room * (before + at_limit) / 2.0;
            break;
        }
        area += width * (before + overlap) / 2.0;
        false_positives += equal.normal;
    }
    (area / limit).clamp(0.0, 1.0)
}
