//! From log-likelihoods to scores, through the public API.

use bgad::{
    Aggregation, Calibration, Error, ImageScore, LogLikelihoodMap, LogLikelihoodMaps, MapBaseline,
    ScoreMap,
};

/// A one-level map of 2 by 2, with log-likelihoods `lower` below a normal one's.
fn maps(lower: f32, defect: f32) -> LogLikelihoodMaps {
    LogLikelihoodMaps {
        levels: vec![LogLikelihoodMap {
            width: 2,
            height: 2,
            values: vec![-1.0, -1.5, -1.5, -2.0 - defect]
                .into_iter()
                .map(|l| l - lower)
                .collect(),
            pooled: false,
        }],
        distances: None,
        contexts: None,
        deviations: None,
        discriminants: None,
        likeness: None,
        neighbor_distance: None,
        finer: None,
    }
}

fn calibrated(baseline: MapBaseline, normal: &[LogLikelihoodMaps]) -> Calibration {
    Calibration::new(Aggregation::LogLikelihood, ImageScore::Maximum)
        .with_map_baseline(baseline)
        .over(normal, 2)
        .unwrap()
}

/// Three normal images whose map means are 0.1 apart, with standard deviation 0.1.
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
fn an_offset_beyond_normal_images_stays_in_the_map() {
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

#[test]
fn levels_are_not_weighed_by_dimensions_that_nobody_gave() {
    let rule = Calibration::new(Aggregation::JointLogLikelihood, ImageScore::Maximum);
    let error = rule.over(&normal(), 2).unwrap_err();
    assert!(matches!(error, Error::Input { .. }), "{error}");
    let of_two = rule.clone().with_dimensions(vec![8, 16]);
    assert!(of_two.over(&normal(), 2).is_err(), "there is one flow");
    assert!(rule.with_dimensions(vec![8]).over(&normal(), 2).is_ok());
}

#[test]
fn a_map_of_one_position_is_a_map() {
    let one = |value: f32, pooled| LogLikelihoodMaps {
        levels: vec![LogLikelihoodMap {
            width: 1,
            height: 1,
            values: vec![value],
            pooled,
        }],
        distances: None,
        contexts: None,
        deviations: None,
        discriminants: None,
        likeness: None,
        neighbor_distance: None,
        finer: None,
    };
    let rule = Calibration::new(Aggregation::LogLikelihood, ImageScore::Maximum);
    let of_maps = rule.over(&[one(-1.0, false), one(-2.0, false)], 4).unwrap();
    let map = of_maps.score_map(&one(-3.0, false), 4).unwrap();
    assert_eq!(map.values, [2.0; 16]);
    let of_pooled = rule.over(&[one(-1.0, true), one(-2.0, true)], 4).unwrap();
    assert_eq!(of_pooled.score_map(&one(-3.0, true), 4), None);
    assert_eq!(of_pooled.score(&one(-3.0, true), 4).0, 2.0);
}

#[test]
fn a_resized_map_keeps_scores_of_any_size() {
    let map = ScoreMap {
        width: 2,
        height: 2,
        values: vec![-3.0, 5.0, 40.0, 0.5],
    };
    assert_eq!(map.resized(2, 2), map);
    let wide = map.resized(4, 2);
    // A quarter and three quarters of the way between two centres.
    assert_eq!(wide.values[..4], [-3.0, -1.0, 3.0, 5.0]);
    let large = map.resized(64, 48);
    assert_eq!((large.width, large.height), (64, 48));
    let highest = large.values.iter().copied().fold(f32::MIN, f32::max);
    let lowest = large.values.iter().copied().fold(f32::MAX, f32::min);
    assert_eq!((lowest, highest), (-3.0, 40.0));
    // When it shrinks, it keeps its mean.
    let mean = map.resized(1, 1).values[0];
    assert!((mean - 42.5 / 4.0).abs() < 1e-5, "{mean}");
}
