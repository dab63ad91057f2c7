//! PRO as approximated by the BGAD paper's program, for comparison with published numbers.
//!
//! Prefer [`crate::aupro`]: this form depends on the range of the scores (one outlier coarsens all
//! thresholds) and integrates up to a false-positive rate that is only near 0.3.

use crate::error::MetricError;
use crate::labelled_map::{LabelledMap, check_finite};
use crate::region_overlap::RegionOverlap;

const THRESHOLDS: usize = 1000;
const LIMIT: f64 = 0.3;

/// Area under the per-region overlap curve in the paper's approximation, in [0, 1].
///
/// - There are 1000 evenly spaced thresholds: the largest score minus k steps, k from 0 to 999, where a step
///   is a thousandth of the range of the scores. A pixel is positive where its score > threshold.
/// - Each threshold gives a false-positive rate and a per-region overlap (PRO) as in [`crate::aupro`].
/// - Points with a rate of at most 0.3 are kept. Their rates are divided by the largest of them, so that they
///   span [0, 1] without interpolation at 0.3.
/// - The result is the area under these points, by the trapezoidal rule.
///
/// If all kept rates are 0, the published program returns NaN. Here the curve is then a vertical line, and
/// the result is the highest PRO on it: 1 for a perfect separation, 0 for constant scores.
///
/// Two differences from the published program remain. It computes the thresholds in the precision of the
/// scores; this function uses 64 bits. It also fills the holes of a region when it counts positive pixels but
/// not when it measures the area, so its overlap can exceed 1; here a hole is not part of its region.
///
/// # Errors
///
/// [`MetricError::MapSize`], [`MetricError::NotANumberInMap`], [`MetricError::InfiniteInMap`] (thresholds
/// cannot be evenly spaced), [`MetricError::Empty`], [`MetricError::NoRegions`], and
/// [`MetricError::OnlyOneClass`] if all pixels are defects.
///
/// # Example
///
/// ```
/// use bgad_metrics::{LabelledMap, paper_protocol};
///
/// let map = LabelledMap {
///     width: 4,
///     height: 1,
///     scores: &[0.0, 0.1, 0.2, 0.9],
///     mask: &[false, false, false, true],
/// };
/// assert_eq!(paper_protocol::aupro(&[map])?, 1.0);
/// # Ok::<(), bgad_metrics::MetricError>(())
/// ```
pub fn aupro(maps: &[LabelledMap<'_>]) -> Result<f64, MetricError> {
    let overlap = RegionOverlap::new(maps)?;
    check_finite(maps)?;
    let thresholds = Thresholds::spanning(maps);

    // Per threshold: the pixels that become positive there and stay so at all lower thresholds.
    let mut new_false_positives = vec![0_usize; THRESHOLDS];
    let mut new_overlap = vec![0.0; THRESHOLDS];
    overlap.for_each_pixel(maps, |score, region| {
        if let Some(index) = thresholds.first_below(score) {
            match region {
                Some(region) => new_overlap[index] += overlap.shares()[region as usize],
                None => new_false_positives[index] += 1,
            }
        }
    });

    let normal_pixels = overlap.normal_pixels() as f64;
    // Nothing exceeds the largest score, so the first threshold gives the point (0, 0).
    let (mut false_positives, mut rate, mut pro) = (0, 0.0, 0.0);
    let mut area = 0.0;
    for (new_false_positives, new_overlap) in new_false_positives.into_iter().zip(new_overlap) {
        false_positives += new_false_positives;
        let next_rate = false_positives as f64 / normal_pixels;
        if next_rate > LIMIT {
            break;
        }
        // The shares of all pixels sum to 1; the rounded sum may be slightly more.
        let next_pro = f64::min(pro + new_overlap, 1.0);
        area += (next_rate - rate) * (pro + next_pro) / 2.0;
        (rate, pro) = (next_rate, next_pro);
    }
    Ok(if rate > 0.0 {
        (area / rate).clamp(0.0, 1.0)
    } else {
        pro
    })
}

/// The thresholds in descending order.
struct Thresholds {
    values: Vec<f64>,
    step: f64,
}

impl Thresholds {
    fn spanning(maps: &[LabelledMap<'_>]) -> Self {
        let (mut smallest, mut largest) = (f32::INFINITY, f32::NEG_INFINITY);
        for &score in maps.iter().flat_map(|map| map.scores) {
            smallest = smallest.min(score);
            largest = largest.max(score);
        }
        let largest = f64::from(largest);
        let step = (largest - f64::from(smallest)) / THRESHOLDS as f64;
        let values = (0..THRESHOLDS).map(|k| largest - k as f64 * step).collect();
        Self { values, step }
    }

    /// The first threshold below the score; `None` if the score exceeds none.
    fn first_below(&self, score: f32) -> Option<usize> {
        let score = f64::from(score);
        // The division finds the index up to rounding, and the comparisons settle it. With a step of 0 it is
        // 0 / 0, and NaN becomes index 0.
        let mut index = (((self.values[0] - score) / self.step) as usize).min(THRESHOLDS - 1);
        while index > 0 && self.values[index - 1] < score {
            index -= 1;
        }
        while index < THRESHOLDS && self.values[index] >= score {
            index += 1;
        }
        (index < THRESHOLDS).then_some(index)
    }
}
