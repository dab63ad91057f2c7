//! Exact area under the per-region overlap curve.

use std::ops::ControlFlow;

use crate::error::MetricError;
use crate::labelled_map::LabelledMap;
use crate::region_overlap::RegionOverlap;
use crate::sweep::{Step, Visitor};

/// Area under the per-region overlap curve up to a false-positive rate of `limit`, divided by
/// `limit`: in [0, 1]. The field's usual limit is 0.3.
///
/// At a threshold, a pixel is positive where its score >= threshold.
///
/// - The false-positive rate is the share of positive pixels among all pixels outside the defects, over all
///   maps, including maps without a defect.
/// - The per-region overlap (PRO) is the share of positive pixels in a region, averaged over all 8-connected
///   defect regions of all maps. A small region weighs as much as a large one.
///
/// The curve starts at (0, 0) and has one point per distinct score. Straight lines join the points, and the
/// limit cuts them exactly. Nothing is sampled: the pixels are sorted once and visited once.
///
/// # Errors
///
/// [`MetricError::InvalidLimit`] unless 0 < `limit` <= 1; [`MetricError::MapSize`],
/// [`MetricError::NotANumberInMap`], [`MetricError::Empty`]; [`MetricError::NoRegions`] if no mask has a
/// defect, and [`MetricError::OnlyOneClass`] if all pixels are defects.
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
    check_limit(limit)?;
    let overlap = RegionOverlap::new(maps)?;
    let ranking = overlap.count(maps)?;
    let mut area = ProArea::new(
        overlap.shares(),
        ranking.normal_count(),
        ranking.abnormal_count(),
        limit,
    );
    ranking.sweep(&mut area);
    Ok(area.finish())
}

/// Returns an error unless 0 < `limit` <= 1.
pub(crate) fn check_limit(limit: f64) -> Result<(), MetricError> {
    if limit > 0.0 && limit <= 1.0 {
        Ok(())
    } else {
        Err(MetricError::InvalidLimit { limit })
    }
}

/// The mean overlap at each threshold.
pub(crate) struct MeanOverlap<'a> {
    shares: &'a [f64],
    defects_left: u64,
    value: f64,
}

impl<'a> MeanOverlap<'a> {
    pub(crate) fn new(shares: &'a [f64], abnormal: u64) -> Self {
        Self {
            shares,
            defects_left: abnormal,
            value: 0.0,
        }
    }

    pub(crate) fn add(&mut self, region: usize) {
        self.value += self.shares[region];
    }

    /// The overlap after adding a step's abnormal scores.
    pub(crate) fn after(&mut self, step: &Step) -> f64 {
        self.defects_left -= step.abnormal;
        // All shares sum to 1; the rounded sum may be slightly off.
        self.value = if self.defects_left == 0 {
            1.0
        } else {
            self.value.min(1.0)
        };
        self.value
    }
}

/// Sums the area up to the limit.
pub(crate) struct ProArea<'a> {
    overlap: MeanOverlap<'a>,
    before: f64,
    /// The limit counted in false positives, which are whole numbers.
    limit: f64,
    false_positives: u64,
    /// Those since the last abnormal score. Their area is one product, however many steps they take.
    level: u64,
    area: f64,
}

impl<'a> ProArea<'a> {
    pub(crate) fn new(shares: &'a [f64], normal: u64, abnormal: u64, limit: f64) -> Self {
        Self {
            overlap: MeanOverlap::new(shares, abnormal),
            before: 0.0,
            limit: limit * normal as f64,
            false_positives: 0,
            level: 0,
            area: 0.0,
        }
    }

    pub(crate) fn finish(mut self) -> f64 {
        self.finish_level();
        (self.area / self.limit).clamp(0.0, 1.0)
    }

    fn finish_level(&mut self) {
        let level = std::mem::take(&mut self.level);
        self.area += level as f64 * self.before;
        self.false_positives += level;
    }
}

impl Visitor for ProArea<'_> {
    fn abnormal(&mut self, region: usize) {
        self.overlap.add(region);
    }

    fn end(&mut self, step: Step) -> ControlFlow<()> {
        if step.abnormal == 0 {
            self.level += step.normal;
            let room = self.limit - self.false_positives as f64;
            if (self.level as f64) < room {
                return ControlFlow::Continue(());
            }
            self.level = 0;
            self.area += room * self.before;
            return ControlFlow::Break(());
        }
        self.finish_level();
        let (before, overlap) = (self.before, self.overlap.after(&step));
        self.before = overlap;
        let width = step.normal as f64;
        let room = self.limit - self.false_positives as f64;
        if width >= room {
            let at_limit = before + (overlap - before) * (room / width);
            self.area += room * (before + at_limit) / 2.0;
            return ControlFlow::Break(());
        }
        self.area += width * (before + overlap) / 2.0;
        self.false_positives += step.normal;
        ControlFlow::Continue(())
    }
}
