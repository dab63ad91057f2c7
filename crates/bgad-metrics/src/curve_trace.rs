//! Walks over the distinct scores that trace a curve.

use std::ops::ControlFlow;

use crate::aupro::MeanOverlap;
use crate::curve::{CurveBuilder, CurvePoint};
use crate::order;
use crate::sweep::{Step, Visitor};

/// A visitor that traces a curve.
pub(crate) trait Trace: Visitor {
    fn finish(self) -> Vec<CurvePoint>;
}

const ORIGIN: CurvePoint = CurvePoint {
    x: 0.0,
    y: 0.0,
    threshold: f32::INFINITY,
};

pub(crate) struct RocCurve {
    totals: (f64, f64),
    positives: (u64, u64),
    points: CurveBuilder,
}

impl RocCurve {
    pub(crate) fn new(normal: u64, abnormal: u64, tolerance: f64) -> Self {
        let mut points = CurveBuilder::new(tolerance);
        points.push(ORIGIN);
        Self {
            totals: (normal as f64, abnormal as f64),
            positives: (0, 0),
            points,
        }
    }
}

impl Visitor for RocCurve {
    fn end(&mut self, step: Step) -> ControlFlow<()> {
        self.positives.0 += step.normal;
        self.positives.1 += step.abnormal;
        self.points.push(CurvePoint {
            x: self.positives.0 as f64 / self.totals.0,
            y: self.positives.1 as f64 / self.totals.1,
            threshold: order::score(step.rank),
        });
        ControlFlow::Continue(())
    }
}

impl Trace for RocCurve {
    fn finish(self) -> Vec<CurvePoint> {
        self.points.finish()
    }
}

pub(crate) struct PrecisionRecallCurve {
    abnormal: f64,
    positives: (u64, u64),
    points: CurveBuilder,
}

impl PrecisionRecallCurve {
    pub(crate) fn new(_normal: u64, abnormal: u64, tolerance: f64) -> Self {
        Self {
            abnormal: abnormal as f64,
            positives: (0, 0),
            points: CurveBuilder::new(tolerance),
        }
    }
}

impl Visitor for PrecisionRecallCurve {
    fn end(&mut self, step: Step) -> ControlFlow<()> {
        let first = self.positives == (0, 0);
        self.positives.0 += step.normal;
        self.positives.1 += step.abnormal;
        let (false_positives, true_positives) = self.positives;
        let point = CurvePoint {
            x: true_positives as f64 / self.abnormal,
            y: true_positives as f64 / (false_positives + true_positives) as f64,
            threshold: order::score(step.rank),
        };
        if first {
            self.points.push(CurvePoint { x: 0.0, ..point });
        }
        self.points.push(point);
        ControlFlow::Continue(())
    }
}

impl Trace for PrecisionRecallCurve {
    fn finish(self) -> Vec<CurvePoint> {
        self.points.finish()
    }
}

pub(crate) struct ProCurve<'a> {
    normal: f64,
    false_positives: u64,
    overlap: MeanOverlap<'a>,
    points: CurveBuilder,
}

impl<'a> ProCurve<'a> {
    pub(crate) fn new(shares: &'a [f64], normal: u64, abnormal: u64, tolerance: f64) -> Self {
        let mut points = CurveBuilder::new(tolerance);
        points.push(ORIGIN);
        Self {
            normal: normal as f64,
            false_positives: 0,
            overlap: MeanOverlap::new(shares, abnormal),
            points,
        }
    }
}

impl Visitor for ProCurve<'_> {
    fn abnormal(&mut self, region: usize) {
        self.overlap.add(region);
    }

    fn end(&mut self, step: Step) -> ControlFlow<()> {
        self.false_positives += step.normal;
        self.points.push(CurvePoint {
            x: self.false_positives as f64 / self.normal,
            y: self.overlap.after(&step),
            threshold: order::score(step.rank),
        });
        ControlFlow::Continue(())
    }
}

impl Trace for ProCurve<'_> {
    fn finish(self) -> Vec<CurvePoint> {
        self.points.finish()
    }
}
