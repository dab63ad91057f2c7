//! The metrics against their literal definitions on small random inputs with many ties.

use bgad_metrics::{
    aupro, auroc, average_precision, best_f1, connected_regions, paper_protocol, pixel_auroc,
    pixel_average_precision, pixel_best_f1,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::brute_force::{self, OwnedMap, flatten, random_maps, views};

fn assert_near(what: &str, found: f64, expected: f64) {
    assert!(
        (found - expected).abs() < 1e-12,
        "{what}: found {found}, expected {expected}"
    );
}

/// Labelled scores with few levels, both classes present.
fn random_scores(rng: &mut ChaCha8Rng) -> (Vec<f32>, Vec<bool>) {
    let length = rng.random_range(2..40);
    let levels = rng.random_range(1..12);
    let mut abnormal: Vec<bool> = (0..length).map(|_| rng.random_bool(0.4)).collect();
    (abnormal[0], abnormal[1]) = (true, false);
    let scores = (0..length)
        .map(|_| rng.random_range(-levels..=levels) as f32 / 4.0)
        .collect();
    (scores, abnormal)
}

#[test]
fn auroc_is_the_share_of_ordered_pairs() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for _ in 0..300 {
        let (scores, abnormal) = random_scores(&mut rng);
        let found = auroc(&scores, &abnormal).unwrap();
        assert_near("AUROC", found, brute_force::auroc(&scores, &abnormal));
    }
}

#[test]
fn average_precision_sums_over_every_threshold() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    for _ in 0..300 {
        let (scores, abnormal) = random_scores(&mut rng);
        let found = average_precision(&scores, &abnormal).unwrap();
        let expected = brute_force::average_precision(&scores, &abnormal);
        assert_near("average precision", found, expected);
    }
}

#[test]
fn best_f1_is_the_highest_of_every_threshold() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    for _ in 0..300 {
        let (scores, abnormal) = random_scores(&mut rng);
        let found = best_f1(&scores, &abnormal).unwrap();
        let f1_at = |threshold| brute_force::f1(&scores, &abnormal, threshold);
        let thresholds = brute_force::thresholds(&scores);
        let highest = thresholds.iter().map(|&t| f1_at(t)).fold(0.0, f64::max);
        assert_near("F1", found.f1, highest);
        let lowest = thresholds
            .into_iter()
            .rev()
            .find(|&t| highest - f1_at(t) < 1e-12);
        assert_eq!(Some(found.threshold), lowest);
    }
}

#[test]
fn regions_are_what_merging_neighbours_gives() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    for _ in 0..200 {
        let map = OwnedMap::random(&mut rng, 0.35);
        let found = connected_regions(&map.mask, map.width, map.height).unwrap();
        let expected = brute_force::regions(&map.mask, map.width);
        assert_eq!(found.count(), expected.len());
        let mut labels = vec![0; map.mask.len()];
        for (index, region) in expected.iter().enumerate() {
            assert_eq!(found.areas()[index], region.len());
            region
                .iter()
                .for_each(|&pixel| labels[pixel] = index as u32 + 1);
        }
        assert_eq!(found.labels(), labels);
    }
}

#[test]
fn aupro_has_one_point_per_distinct_score() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    for _ in 0..200 {
        let maps = random_maps(&mut rng);
        for limit in [0.05, 0.3, rng.random_range(0.001..1.0), 1.0] {
            let found = aupro(&views(&maps), limit).unwrap();
            assert!((0.0..=1.0).contains(&found));
            assert_near("AUPRO", found, brute_force::aupro(&maps, limit));
        }
    }
}

#[test]
fn paper_protocol_is_a_thousand_binarisations() {
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let mut compared = 0;
    for round in 0..60 {
        let mut maps = random_maps(&mut rng);
        if round % 2 == 0 {
            // Fewer ties, so that many thresholds have their own point.
            for score in maps.iter_mut().flat_map(|map| &mut map.scores) {
                *score += rng.random_range(-1.0..1.0);
            }
        }
        let found = paper_protocol::aupro(&views(&maps)).unwrap();
        assert!((0.0..=1.0).contains(&found));
        // If it divides 0 by 0, the result is our definition; see `properties.rs`.
        if let Some(expected) = brute_force::paper_aupro(&maps) {
            compared += 1;
            assert_near("paper's AUPRO", found, expected);
        }
    }
    assert!(compared > 40, "only {compared} of 60 cases are defined");
}

#[test]
fn pixel_metrics_are_those_of_all_pixels() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    for _ in 0..100 {
        let maps = random_maps(&mut rng);
        let (scores, mask) = flatten(&maps);
        let maps = views(&maps);
        assert_near(
            "AUROC",
            pixel_auroc(&maps).unwrap(),
            brute_force::auroc(&scores, &mask),
        );
        assert_near(
            "average precision",
            pixel_average_precision(&maps).unwrap(),
            brute_force::average_precision(&scores, &mask),
        );
        assert_eq!(pixel_best_f1(&maps), best_f1(&scores, &mask));
    }
}
