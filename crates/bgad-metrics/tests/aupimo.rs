//! AUPIMO against its definition, and the input that it refuses.

use bgad_metrics::{AupimoBounds, LabelledMap, MetricError, aupimo};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::brute_force::{self, OwnedMap, random_maps, views};

const WIDE: AupimoBounds = AupimoBounds {
    lower: 0.1,
    upper: 0.7,
};

/// Maps of which at least one is normal and at least one is not.
fn maps_with_normal(rng: &mut ChaCha8Rng) -> Vec<OwnedMap> {
    let mut maps = random_maps(rng);
    for _ in 0..rng.random_range(1..3) {
        let mut map = OwnedMap::random(rng, 0.0);
        // At least ten normal pixels in total.
        while map.scores.len() < 10 {
            map = OwnedMap::random(rng, 0.0);
        }
        maps.insert(rng.random_range(0..=maps.len()), map);
    }
    maps
}

#[test]
fn it_is_the_integral_of_each_maps_curve() {
    let mut rng = ChaCha8Rng::seed_from_u64(31);
    for _ in 0..200 {
        let maps = maps_with_normal(&mut rng);
        let found = aupimo(&views(&maps), WIDE).unwrap();
        let expected = brute_force::aupimo(&maps, WIDE.lower, WIDE.upper);
        assert_eq!(found.per_map.len(), expected.len());
        for (found, expected) in found.per_map.iter().zip(&expected) {
            assert_eq!(found.is_some(), expected.is_some());
            let (found, expected) = (found.unwrap_or(0.0), expected.unwrap_or(0.0));
            assert!((0.0..=1.0).contains(&found));
            assert!((found - expected).abs() < 1e-12, "{found}, {expected}");
        }
        let defective: Vec<f64> = expected.into_iter().flatten().collect();
        let mean = defective.iter().sum::<f64>() / defective.len() as f64;
        assert!((found.mean - mean).abs() < 1e-12);
    }
}

#[test]
fn increasing_functions_of_the_score_change_nothing() {
    let mut rng = ChaCha8Rng::seed_from_u64(32);
    for _ in 0..50 {
        let maps = maps_with_normal(&mut rng);
        let mut mapped = maps.clone();
        for score in mapped.iter_mut().flat_map(|map| &mut map.scores) {
            *score = score.exp();
        }
        assert_eq!(aupimo(&views(&maps), WIDE), aupimo(&views(&mapped), WIDE));
    }
}

#[test]
fn normal_pixels_of_defective_maps_do_not_count() {
    let normal_scores: Vec<f32> = (0..100).map(|i| i as f32 / 100.0).collect();
    let normal = LabelledMap {
        width: 100,
        height: 1,
        scores: &normal_scores,
        mask: &[false; 100],
    };
    let bounds = AupimoBounds {
        lower: 0.01,
        upper: 0.1,
    };
    for beside in [0.0, 5.0] {
        let defective = LabelledMap {
            width: 2,
            height: 1,
            scores: &[2.0, beside],
            mask: &[true, false],
        };
        let found = aupimo(&[defective, normal], bounds).unwrap();
        assert_eq!(found.per_map, [Some(1.0), None]);
    }
}

#[test]
fn constant_scores_give_the_value_of_a_guess() {
    let normal = LabelledMap {
        width: 400,
        height: 250,
        scores: &[1.0; 100_000],
        mask: &[false; 100_000],
    };
    let defective = LabelledMap {
        width: 2,
        height: 1,
        scores: &[1.0, 1.0],
        mask: &[true, false],
    };
    let found = aupimo(&[normal, defective], AupimoBounds::default()).unwrap();
    let guess = (1e-4 - 1e-5) / 10_f64.ln();
    assert!((found.mean - guess).abs() < 1e-12, "{}", found.mean);
}

#[test]
fn sets_without_an_answer_say_why() {
    let normal = LabelledMap {
        width: 2,
        height: 1,
        scores: &[0.0, 1.0],
        mask: &[false; 2],
    };
    let defective = LabelledMap {
        mask: &[true, false],
        ..normal
    };
    let default = AupimoBounds::default();
    assert_eq!(aupimo(&[], default), Err(MetricError::Empty));
    assert_eq!(aupimo(&[normal], default), Err(MetricError::NoRegions));
    assert_eq!(
        aupimo(&[defective], default),
        Err(MetricError::NoNormalMaps)
    );
    assert_eq!(
        aupimo(&[normal, defective], default),
        Err(MetricError::TooFewNormalPixels {
            found: 2,
            needed: 100_000
        })
    );
    for (lower, upper) in [(0.0, 0.1), (0.2, 0.1), (0.1, 1.1), (f64::NAN, 0.1)] {
        assert!(matches!(
            aupimo(&[normal, defective], AupimoBounds { lower, upper }),
            Err(MetricError::InvalidBounds { .. })
        ));
    }
}
