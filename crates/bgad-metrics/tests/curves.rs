//! Curves: their areas are the metrics, and thinning keeps their shape.

use bgad_metrics::{
    CurvePoint, MetricError, aupro, auroc, average_precision, pixel_auroc, pixel_curves,
    pixel_precision_recall_curve, pixel_roc_curve, precision_recall_curve, pro_curve, roc_curve,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::brute_force::{random_maps, views};

fn scores(rng: &mut ChaCha8Rng, count: usize) -> (Vec<f32>, Vec<bool>) {
    let abnormal: Vec<bool> = (0..count).map(|i| i % 3 == 0).collect();
    let shift = |&abnormal: &bool| if abnormal { 0.3 } else { 0.0 };
    let scores = abnormal
        .iter()
        .map(|label| rng.random_range(0.0..1.0) + shift(label))
        .collect();
    (scores, abnormal)
}

fn trapezoids(curve: &[CurvePoint]) -> f64 {
    let pairs = curve.windows(2);
    pairs
        .map(|pair| (pair[1].x - pair[0].x) * (pair[0].y + pair[1].y) / 2.0)
        .sum()
}

fn distance(point: CurvePoint, from: CurvePoint, to: CurvePoint) -> f64 {
    let (dx, dy) = (to.x - from.x, to.y - from.y);
    let length = dx * dx + dy * dy;
    let along = if length > 0.0 {
        (((point.x - from.x) * dx + (point.y - from.y) * dy) / length).clamp(0.0, 1.0)
    } else {
        0.0
    };
    (point.x - from.x - along * dx).hypot(point.y - from.y - along * dy)
}

#[test]
fn areas_under_the_curves_are_the_metrics() {
    let mut rng = ChaCha8Rng::seed_from_u64(51);
    for _ in 0..50 {
        let (scores, abnormal) = scores(&mut rng, 60);
        let roc = roc_curve(&scores, &abnormal, 0.0).unwrap();
        assert!((trapezoids(&roc) - auroc(&scores, &abnormal).unwrap()).abs() < 1e-12);
        let curve = precision_recall_curve(&scores, &abnormal, 0.0).unwrap();
        let steps: f64 = curve.windows(2).map(|p| (p[1].x - p[0].x) * p[1].y).sum();
        assert!((steps - average_precision(&scores, &abnormal).unwrap()).abs() < 1e-12);

        let maps = random_maps(&mut rng);
        let maps = views(&maps);
        let pro = pro_curve(&maps, 0.0).unwrap();
        assert!((trapezoids(&pro) - aupro(&maps, 1.0).unwrap()).abs() < 1e-12);
        for tolerance in [0.0, 0.01] {
            let all = pixel_curves(&maps, tolerance).unwrap();
            assert_eq!(all.roc, pixel_roc_curve(&maps, tolerance).unwrap());
            let precision = pixel_precision_recall_curve(&maps, tolerance);
            assert_eq!(all.precision_recall, precision.unwrap());
            assert_eq!(all.pro, pro_curve(&maps, tolerance).unwrap());
        }
        let roc = pixel_roc_curve(&maps, 0.0).unwrap();
        assert!((trapezoids(&roc) - pixel_auroc(&maps).unwrap()).abs() < 1e-12);
    }
}

#[test]
fn a_threshold_gives_its_point() {
    let mut rng = ChaCha8Rng::seed_from_u64(52);
    let (scores, abnormal) = scores(&mut rng, 90);
    let share = |class: bool, threshold: f32| {
        let of_class = || scores.iter().zip(&abnormal).filter(|&(_, &a)| a == class);
        let above = of_class().filter(|&(&score, _)| score >= threshold);
        above.count() as f64 / of_class().count() as f64
    };
    for point in roc_curve(&scores, &abnormal, 0.0).unwrap() {
        assert_eq!(point.x, share(false, point.threshold));
        assert_eq!(point.y, share(true, point.threshold));
    }
}

#[test]
fn thinning_keeps_the_ends_and_the_shape() {
    let mut rng = ChaCha8Rng::seed_from_u64(53);
    let (scores, abnormal) = scores(&mut rng, 20_000);
    for curve in [roc_curve, precision_recall_curve] {
        let full = curve(&scores, &abnormal, 0.0).unwrap();
        for tolerance in [0.001, 0.01, 0.1] {
            let thin = curve(&scores, &abnormal, tolerance).unwrap();
            assert!(thin.len() < 1000, "{} points", thin.len());
            assert_eq!(thin.first(), full.first());
            assert_eq!(thin.last(), full.last());
            for &point in &full {
                let nearest = thin
                    .windows(2)
                    .map(|pair| distance(point, pair[0], pair[1]))
                    .fold(f64::INFINITY, f64::min);
                assert!(nearest <= tolerance + 1e-12, "{nearest} > {tolerance}");
            }
        }
    }
}

#[test]
fn a_tolerance_must_be_a_distance() {
    for tolerance in [-0.1, f64::NAN, f64::INFINITY] {
        assert!(matches!(
            roc_curve(&[0.0, 1.0], &[false, true], tolerance),
            Err(MetricError::InvalidTolerance { .. })
        ));
    }
}
