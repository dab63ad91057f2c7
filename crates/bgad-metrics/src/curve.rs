//! A curve as a list of points, and its thinning for plots.

use crate::error::MetricError;

/// A point of a curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CurvePoint {
    /// Horizontal coordinate, in [0, 1].
    pub x: f64,
    /// Vertical coordinate, in [0, 1].
    pub y: f64,
    /// The threshold of this point ("abnormal where score >= threshold"); infinity for a first point at which
    /// nothing is abnormal.
    pub threshold: f32,
}

impl CurvePoint {
    fn distance(self, other: Self) -> f64 {
        (self.x - other.x).hypot(self.y - other.y)
    }

    /// Distance to the straight line between two points.
    fn distance_to_line(self, from: Self, to: Self) -> f64 {
        let (dx, dy) = (to.x - from.x, to.y - from.y);
        let length = dx * dx + dy * dy;
        if length == 0.0 {
            return self.distance(from);
        }
        let along = ((self.x - from.x) * dx + (self.y - from.y) * dy) / length;
        let along = along.clamp(0.0, 1.0);
        (self.x - from.x - along * dx).hypot(self.y - from.y - along * dy)
    }
}

/// Checks the tolerance of a thinned curve.
pub(crate) fn check_tolerance(tolerance: f64) -> Result<(), MetricError> {
    if tolerance >= 0.0 && tolerance.is_finite() {
        Ok(())
    } else {
        Err(MetricError::InvalidTolerance { tolerance })
    }
}

/// Takes the points of a curve in order and keeps only a few of them.
///
/// Half of the tolerance is spent on dropping points near the last one kept as they arrive, so that millions
/// of points are never in memory at once. The other half goes to a final Douglas-Peucker pass (1973).
pub(crate) struct CurveBuilder {
    tolerance: f64,
    points: Vec<CurvePoint>,
    /// The last point received, if it was dropped.
    pending: Option<CurvePoint>,
}

impl CurveBuilder {
    /// A tolerance of 0 keeps every point.
    pub(crate) fn new(tolerance: f64) -> Self {
        Self {
            tolerance,
            points: Vec::new(),
            pending: None,
        }
    }

    pub(crate) fn push(&mut self, point: CurvePoint) {
        let near = self
            .points
            .last()
            .is_some_and(|last| last.distance(point) < self.tolerance / 2.0);
        if near {
            self.pending = Some(point);
        } else {
            self.points.push(point);
            self.pending = None;
        }
    }

    pub(crate) fn finish(mut self) -> Vec<CurvePoint> {
        // The last point of the curve is always kept.
        self.points.extend(self.pending);
        if self.tolerance == 0.0 {
            self.points
        } else {
            simplify(&self.points, self.tolerance / 2.0)
        }
    }
}

/// Keeps enough points that every other one lies within `tolerance` of the lines between them.
fn simplify(points: &[CurvePoint], tolerance: f64) -> Vec<CurvePoint> {
    let Some(last) = points.len().checked_sub(1) else {
        return Vec::new();
    };
    let mut keep = vec![false; points.len()];
    (keep[0], keep[last]) = (true, true);
    let mut pending = vec![(0, last)];
    while let Some((from, to)) = pending.pop() {
        let mut farthest = (tolerance, None);
        for index in from + 1..to {
            let distance = points[index].distance_to_line(points[from], points[to]);
            if distance > farthest.0 {
                farthest = (distance, Some(index));
            }
        }
        if let (_, Some(index)) = farthest {
            keep[index] = true;
            pending.extend([(from, index), (index, to)]);
        }
    }
    let kept = points.iter().zip(keep).filter(|&(_, keep)| keep);
    kept.map(|(&point, _)| point).collect()
}
