//! Comparison with scikit-learn and scikit-image, through `tests/goldens/metrics.safetensors`.

use bgad_metrics::{
    BestF1, aupro, auroc, average_precision, best_f1, connected_regions, pixel_auroc,
    pixel_average_precision, pixel_best_f1,
};

use crate::brute_force::{self, OwnedMap, flatten, views};
use crate::reader::Golden;

const TOLERANCE: f64 = 1e-6;

fn golden() -> Golden {
    Golden::open("metrics")
}

fn assert_golden(name: &str, found: f64) {
    let expected = golden().f64(name)[0];
    assert!(
        (found - expected).abs() <= TOLERANCE,
        "{name}: found {found}, expected {expected}"
    );
}

fn images() -> (Vec<f32>, Vec<bool>) {
    let golden = golden();
    let labels = golden
        .i32("image_label")
        .iter()
        .map(|&label| label != 0)
        .collect();
    (golden.f32("image_score"), labels)
}

fn maps() -> Vec<OwnedMap> {
    let golden = golden();
    let shape = golden.shape("score_map");
    assert_eq!(golden.shape("mask"), shape);
    let [_, height, width] = shape[..] else {
        unreachable!("score_map has the shape {shape:?}, not [maps, height, width]");
    };
    let mask: Vec<bool> = golden
        .f32("mask")
        .iter()
        .map(|&value| value > 0.5)
        .collect();
    golden
        .f32("score_map")
        .chunks_exact(width * height)
        .zip(mask.chunks_exact(width * height))
        .map(|(scores, mask)| OwnedMap {
            width,
            height,
            scores: scores.to_vec(),
            mask: mask.to_vec(),
        })
        .collect()
}

/// The reference threshold must also reach the best F1; if only one threshold does, it must be ours.
fn assert_threshold(name: &str, found: BestF1, scores: &[f32], abnormal: &[bool]) {
    let expected = golden().f32(name)[0];
    let f1_at = |threshold| brute_force::f1(scores, abnormal, threshold);
    assert!(
        f1_at(expected) >= found.f1 - 1e-12,
        "{name}: {expected} has a lower F1"
    );
    let as_good = brute_force::thresholds(scores)
        .into_iter()
        .filter(|&threshold| f1_at(threshold) >= found.f1 - 1e-12)
        .count();
    if as_good == 1 {
        assert_eq!(found.threshold, expected, "{name}");
    }
}

#[test]
fn golden_image_metrics() {
    let (scores, abnormal) = images();
    assert_golden("image_auroc", auroc(&scores, &abnormal).unwrap());
    assert_golden("image_ap", average_precision(&scores, &abnormal).unwrap());
    let best = best_f1(&scores, &abnormal).unwrap();
    assert_golden("image_f1_max", best.f1);
    assert_threshold("image_f1_threshold", best, &scores, &abnormal);
}

#[test]
fn golden_pixel_metrics() {
    let owned = maps();
    let maps = views(&owned);
    assert_golden("pixel_auroc", pixel_auroc(&maps).unwrap());
    assert_golden("pixel_ap", pixel_average_precision(&maps).unwrap());
    let best = pixel_best_f1(&maps).unwrap();
    assert_golden("pixel_f1_max", best.f1);
    let (scores, mask) = flatten(&owned);
    assert_threshold("pixel_f1_threshold", best, &scores, &mask);
}

#[test]
fn golden_aupro() {
    let owned = maps();
    assert_golden("aupro_30", aupro(&views(&owned), 0.3).unwrap());
    assert_golden("aupro_05", aupro(&views(&owned), 0.05).unwrap());
}

#[test]
fn golden_number_of_regions() {
    let found: usize = maps()
        .iter()
        .map(|map| {
            connected_regions(&map.mask, map.width, map.height)
                .unwrap()
                .count()
        })
        .sum();
    assert_eq!(golden().metadata()["regions"], found.to_string());
}
