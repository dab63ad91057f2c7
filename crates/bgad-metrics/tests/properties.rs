//! Properties that hold for any detector.

use bgad_metrics::{
    LabelledMap, MetricError, aupro, auroc, average_precision, best_f1, paper_protocol,
    pixel_auroc, pixel_best_f1, pixel_f1_at,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::brute_force::{OwnedMap, random_maps, views};

fn two_rows(scores: &[f32; 20]) -> LabelledMap<'_> {
    const MASK: [bool; 20] = {
        let mut mask = [false; 20];
        // Two regions, of four pixels and of one.
        (mask[0], mask[1], mask[10], mask[11], mask[9]) = (true, true, true, true, true);
        mask
    };
    LabelledMap {
        width: 10,
        height: 2,
        scores,
        mask: &MASK,
    }
}

#[test]
fn increasing_functions_of_the_score_change_nothing() {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    for _ in 0..100 {
        let maps = random_maps(&mut rng);
        let increasing: [fn(f32) -> f32; 3] = [|s| 2.0 * s - 100.0, |s| s.exp(), |s| s * s * s];
        for function in increasing {
            let mut mapped = maps.clone();
            for score in mapped.iter_mut().flat_map(|map| &mut map.scores) {
                *score = function(*score);
            }
            let (maps, mapped) = (views(&maps), views(&mapped));
            assert_eq!(pixel_auroc(&maps).unwrap(), pixel_auroc(&mapped).unwrap());
            assert_eq!(aupro(&maps, 0.3).unwrap(), aupro(&mapped, 0.3).unwrap());
        }
    }
}

#[test]
fn the_opposite_score_has_the_complementary_auroc() {
    let scores = [0.5, -1.0, 0.5, 3.0, -1.0, 2.0];
    let opposite = scores.map(|score: f32| -score);
    let abnormal = [false, false, true, true, true, false];
    let (there, back) = (
        auroc(&scores, &abnormal).unwrap(),
        auroc(&opposite, &abnormal).unwrap(),
    );
    assert!(there != 0.5);
    assert!((there + back - 1.0).abs() < 1e-15);
}

#[test]
fn order_of_the_input_does_not_matter() {
    let mut rng = ChaCha8Rng::seed_from_u64(12);
    let maps: Vec<OwnedMap> = (0..6).map(|_| OwnedMap::random(&mut rng, 0.3)).collect();
    let mut reversed = maps.clone();
    reversed.reverse();
    assert_eq!(
        pixel_auroc(&views(&maps)).unwrap(),
        pixel_auroc(&views(&reversed)).unwrap()
    );
    let (there, back) = (
        aupro(&views(&maps), 0.3).unwrap(),
        aupro(&views(&reversed), 0.3).unwrap(),
    );
    assert!((there - back).abs() < 1e-14);
}

#[test]
fn a_perfect_detector_reaches_one() {
    let mut rng = ChaCha8Rng::seed_from_u64(13);
    for _ in 0..50 {
        let mut maps = random_maps(&mut rng);
        for map in &mut maps {
            for (score, &defect) in map.scores.iter_mut().zip(&map.mask) {
                *score += if defect { 10.0 } else { 0.0 };
            }
        }
        let maps = views(&maps);
        assert_eq!(pixel_auroc(&maps).unwrap(), 1.0);
        assert_eq!(aupro(&maps, 0.3).unwrap(), 1.0);
        assert!((paper_protocol::aupro(&maps).unwrap() - 1.0).abs() < 1e-12);
    }
}

#[test]
fn a_detector_that_is_always_wrong_gets_no_overlap() {
    let mut scores = [1.0; 20];
    for defect in [0, 1, 10, 11, 9] {
        scores[defect] = 0.0;
    }
    assert_eq!(aupro(&[two_rows(&scores)], 0.3).unwrap(), 0.0);
    assert_eq!(pixel_auroc(&[two_rows(&scores)]).unwrap(), 0.0);
}

#[test]
fn regions_weigh_the_same_whatever_their_areas() {
    // The one-pixel region is found before all normal pixels, the four-pixel region after them.
    let mut scores = [1.0; 20];
    scores[9] = 2.0;
    for defect in [0, 1, 10, 11] {
        scores[defect] = 0.0;
    }
    assert!((aupro(&[two_rows(&scores)], 0.3).unwrap() - 0.5).abs() < 1e-12);
    // The other way round gives the same.
    let scores = scores.map(|score| 2.0 - score);
    assert!((aupro(&[two_rows(&scores)], 0.3).unwrap() - 0.5).abs() < 1e-12);
}

#[test]
fn a_normal_map_counts_in_the_false_positive_rate() {
    let mut scores = [0.0; 20];
    // One false positive above every defect: 1 of 15 normal pixels, then 1 of 30.
    scores[5] = 3.0;
    for defect in [0, 1, 10, 11, 9] {
        scores[defect] = 2.0;
    }
    let limit = 0.1;
    let alone = aupro(&[two_rows(&scores)], limit).unwrap();
    let normal = LabelledMap {
        width: 5,
        height: 3,
        scores: &[0.0; 15],
        mask: &[false; 15],
    };
    let with_normal = aupro(&[two_rows(&scores), normal], limit).unwrap();
    assert!(
        (alone - (1.0 - 1.0 / 15.0 / limit)).abs() < 1e-12,
        "{alone}"
    );
    assert!(
        (with_normal - (1.0 - 1.0 / 30.0 / limit)).abs() < 1e-12,
        "{with_normal}"
    );
}

#[test]
fn constant_scores_are_worth_a_guess() {
    let abnormal = [true, false, false, false];
    assert_eq!(auroc(&[0.5; 4], &abnormal).unwrap(), 0.5);
    assert_eq!(average_precision(&[0.5; 4], &abnormal).unwrap(), 0.25);
    let best = best_f1(&[0.5; 4], &abnormal).unwrap();
    assert_eq!((best.f1, best.threshold), (0.4, 0.5));
    // The curve is the diagonal; up to the limit its mean height is half the limit.
    let scores = [0.5; 20];
    assert!((aupro(&[two_rows(&scores)], 0.3).unwrap() - 0.15).abs() < 1e-12);
    // No score exceeds a threshold that equals the largest score.
    assert_eq!(paper_protocol::aupro(&[two_rows(&scores)]).unwrap(), 0.0);
}

#[test]
fn paper_protocol_with_no_kept_false_positive_takes_the_highest_overlap() {
    // The lowest threshold lies above the normal pixels (rate 0) and above the small region.
    let mut scores = [0.0; 20];
    for defect in [0, 1, 10, 11] {
        scores[defect] = 1.0;
    }
    assert_eq!(paper_protocol::aupro(&[two_rows(&scores)]).unwrap(), 0.5);
}

#[test]
fn equal_best_f1_takes_the_lowest_threshold() {
    // At 4: 2 * 1 / (1 + 2) = 2/3; at 1: 2 * 2 / (4 + 2) = 2/3.
    let best = best_f1(&[4.0, 3.0, 2.0, 1.0], &[true, false, false, true]).unwrap();
    assert_eq!((best.f1, best.threshold), (2.0 / 3.0, 1.0));
}

#[test]
fn zeros_of_either_sign_are_a_tie_and_infinities_are_extremes() {
    assert_eq!(auroc(&[-0.0, 0.0], &[false, true]).unwrap(), 0.5);
    assert_eq!(auroc(&[0.0, -0.0], &[false, true]).unwrap(), 0.5);
    let scores = [f32::NEG_INFINITY, f32::MIN, f32::MAX, f32::INFINITY];
    assert_eq!(auroc(&scores, &[false, false, true, true]).unwrap(), 1.0);
    let best = best_f1(&scores, &[false, false, false, true]).unwrap();
    assert_eq!((best.f1, best.threshold), (1.0, f32::INFINITY));
    let map = LabelledMap {
        width: 2,
        height: 2,
        scores: &scores,
        mask: &[true, false, false, true],
    };
    assert_eq!(aupro(&[map], 0.3).unwrap(), 0.5);
}

#[test]
fn many_equal_regions_never_exceed_one() {
    // 21 regions of 3 pixels: thirds and twenty-firsts are no binary fractions.
    let mask: Vec<bool> = (0..21 * 6).map(|i| i % 6 < 3).collect();
    let mut rng = ChaCha8Rng::seed_from_u64(14);
    let scores: Vec<f32> = mask
        .iter()
        .map(|&defect| rng.random_range(0.0..1.0) + f32::from(u8::from(defect)))
        .collect();
    let map = LabelledMap {
        width: mask.len(),
        height: 1,
        scores: &scores,
        mask: &mask,
    };
    for limit in [0.05, 0.1, 0.3, 0.7, 1.0] {
        assert_eq!(aupro(&[map], limit).unwrap(), 1.0);
    }
}

#[test]
fn paper_protocol_is_strict_at_a_threshold() {
    // Thresholds 1000, 999, ... 1: the second region lies on the last one and never exceeds it.
    let map = LabelledMap {
        width: 3,
        height: 1,
        scores: &[1000.0, 0.0, 1.0],
        mask: &[true, false, true],
    };
    assert_eq!(paper_protocol::aupro(&[map]).unwrap(), 0.5);
}

#[test]
fn no_fixed_threshold_has_a_higher_f1_than_the_best() {
    let mut rng = ChaCha8Rng::seed_from_u64(13);
    for _ in 0..50 {
        let maps = random_maps(&mut rng);
        let maps = views(&maps);
        let best = pixel_best_f1(&maps).unwrap();
        assert_eq!(pixel_f1_at(&maps, best.threshold).unwrap(), best.f1);
        let scores = maps.iter().flat_map(|map| map.scores);
        for &threshold in scores.take(40) {
            assert!(pixel_f1_at(&maps, threshold).unwrap() <= best.f1);
        }
        assert_eq!(pixel_f1_at(&maps, f32::INFINITY).unwrap(), 0.0);
    }
    let mut scores = [0.0; 20];
    scores[3] = f32::NAN;
    let wrong = pixel_f1_at(&[two_rows(&scores)], 0.0);
    assert!(matches!(wrong, Err(MetricError::NotANumberInMap { .. })));
    assert_eq!(pixel_f1_at(&[], 0.0), Err(MetricError::Empty));
}

#[test]
fn scores_of_all_sizes_keep_their_order_and_value() {
    let ascending = [
        f32::NEG_INFINITY,
        f32::MIN,
        -1.5,
        -1.0,
        -f32::from_bits(1),
        0.0,
        f32::from_bits(1),
        1.0,
        1.000_000_1,
        f32::MAX,
        f32::INFINITY,
    ];
    for pair in ascending.windows(2) {
        assert_eq!(auroc(pair, &[false, true]).unwrap(), 1.0, "{pair:?}");
        assert_eq!(auroc(pair, &[true, false]).unwrap(), 0.0, "{pair:?}");
        let best = best_f1(pair, &[false, true]).unwrap();
        assert_eq!(best.threshold, pair[1]);
    }
    assert_eq!(auroc(&[-0.0, 0.0], &[false, true]).unwrap(), 0.5);
    assert_eq!(auroc(&[-0.0, 0.0], &[true, false]).unwrap(), 0.5);
}
