//! From log-likelihoods to scores, through the public API.

use bgad::{
    Aggregation, Calibration, ImageScore, LogLikelihoodMap, LogLikelihoodMaps, MapBaseline,
};

/// A map of one level, 2 by 2, whose log-likelihoods all lie by `lower` below a normal one's.
fn maps(lower: f32, defect: f32) -> LogLikelihoodMaps {
    LogLikelihoodMaps {
        levels: vec![LogLikelihoodMap {
            width: 2,
            height: 2,
            values: vec![-1.0, -1.5, -1.5, -2.0 - defect]
                .into_iter()
                .map(|l| l - lower)
                .collect(),
        }],
        neighbor_distance: None,
    }
}

fn calibrated(baseline: MapBaseline, normal: &[LogLikelihoodMaps]) -> Calibration {
    Calibration::new(Aggregation::LogLikelihood, ImageScore::Maximum)
        .with_map_baseline(baseline)
        .over(normal, 2)
}

/// Three normal images, whose maps' means lie 0.1 apart from one to the next: a deviation of 0.1.
fn normal() -> Vec<LogLikelihoodMaps> {
    [0.0, 0.1, 0.2].map(|lower| maps(lower, 0.0)).to_vec()
}

#[test]
fn normal_images_that_differ_as_a_whole_score_alike_without_their_baseline() {
    let normal = normal();
    let kept = calibrated(MapBaseline::Keep, &normal);
    let removed = calibrated(MapBaseline::Remove, &normal);
    let scores = |calibration: &Calibration| {
        let scores = normal.iter().map(|maps| calibration.score(maps, 2).0);
        scores.collect::<Vec<f32>>()
    };
    let (kept, removed) = (scores(&kept), scores(&removed));
    assert!((kept[2] - kept[0] - 0.2).abs() < 1e-5, "{kept:?}");
    assert!((removed[2] - removed[0]).abs() < 1e-5, "{removed:?}");
    assert!((removed[1] - kept[1]).abs() < 1e-5, "the mean one stays");
}

#[test]
fn what_goes_beyond_normal_images_stays_in_the_map() {
    let normal = normal();
    let calibration = calibrated(MapBaseline::Remove, &normal);
    let map = |lower, defect| calibration.score_map(&maps(lower, defect), 2).unwrap();
    // The second normal image has the mean baseline; one deviation of it is removed.
    let (usual, unusual) = (map(0.1, 0.0), map(1.1, 0.0));
    for (a, b) in usual.values.iter().zip(&unusual.values) {
        assert!((b - a - (1.0 - 0.1)).abs() < 1e-5, "{a} {b}");
    }
    // A defect of one pixel moves the map's mean too, and keeps most of its contrast.
    let found = map(0.1, 4.0).maximum() - usual.maximum();
    assert!((found - (4.0 - 0.1)).abs() < 1e-5, "{found}");
}

#[test]
fn a_single_normal_image_says_nothing_of_how_images_differ() {
    let one = [maps(0.0, 0.0)];
    let (kept, removed) = (
        calibrated(MapBaseline::Keep, &one),
        calibrated(MapBaseline::Remove, &one),
    );
    let of = |calibration: &Calibration| calibration.score(&maps(0.3, 0.0), 2);
    assert_eq!(of(&kept), of(&removed));
}
