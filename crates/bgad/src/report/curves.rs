//! ROC, precision-recall and PRO curves.

use bgad_metrics::{CurvePoint, MetricError};
use bgad_report::{Curve, CurveKind};

use crate::error::Result;
use crate::evaluation::evaluate::Examination;

/// Largest distance of a drawn curve from the exact one.
const TOLERANCE: f64 = 0.001;

type Points = std::result::Result<Vec<CurvePoint>, MetricError>;

/// The curves that are defined on this set.
pub(super) fn curves(examination: &Examination) -> Result<Vec<Curve>> {
    let test = &examination.examined.test;
    let evaluation = &examination.evaluation;
    let scored = &examination.examined.scored;
    let abnormal = test.abnormal();
    let (maps, _) = test.labelled(scored);
    let mut curves = Vec::new();
    let mut add = |kind, name: &str, points: Points, area, limit| -> Result<()> {
        match points {
            Ok(points) => curves.push(Curve {
                kind,
                name: name.to_owned(),
                points: points.iter().map(|point| (point.x, point.y)).collect(),
                area,
                limit,
            }),
            Err(error) if error.undefined().is_some() => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    };
    let roc = bgad_metrics::roc_curve(&scored.scores, &abnormal, TOLERANCE);
    add(CurveKind::Roc, "images", roc, evaluation.image_auroc, None)?;
    let precision = bgad_metrics::precision_recall_curve(&scored.scores, &abnormal, TOLERANCE);
    let kind = CurveKind::PrecisionRecall;
    add(kind, "images", precision, evaluation.image_ap, None)?;
    if !maps.is_empty() {
        let limit = Some(evaluation.aupro_limit);
        match bgad_metrics::pixel_curves(&maps, TOLERANCE) {
            Ok(of) => {
                let roc = Ok(of.roc);
                add(CurveKind::Roc, "pixels", roc, evaluation.pixel_auroc, None)?;
                let precision = Ok(of.precision_recall);
                add(kind, "pixels", precision, evaluation.pixel_ap, None)?;
                let pro = Ok(of.pro);
                add(CurveKind::Pro, "regions", pro, evaluation.aupro, limit)?;
            }
            Err(error) if error.undefined().is_some() => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(curves)
}
