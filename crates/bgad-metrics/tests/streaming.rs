//! The streaming form equals the in-memory form, whatever part of the scores is in the file.

use bgad_metrics::{
    AupimoBounds, LabelledMap, MetricError, StreamingPixelMetrics, aupimo, aupro, pixel_auroc,
    pixel_average_precision, pixel_best_f1, pixel_precision_recall_curve, pixel_roc_curve,
    pro_curve,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::brute_force::{OwnedMap, random_maps, views};

fn assert_equal(maps: &[LabelledMap<'_>], memory: usize) {
    let mut stream = StreamingPixelMetrics::with_memory(memory);
    for map in maps {
        stream.push(map).unwrap();
    }
    assert_eq!(stream.maps(), maps.len());
    assert_eq!(stream.auroc(), pixel_auroc(maps));
    assert_eq!(stream.average_precision(), pixel_average_precision(maps));
    assert_eq!(stream.best_f1(), pixel_best_f1(maps));
    for limit in [0.05, 0.3, 1.0] {
        assert_eq!(stream.aupro(limit), aupro(maps, limit));
    }
    let bounds = AupimoBounds {
        lower: 0.1,
        upper: 0.5,
    };
    assert_eq!(stream.aupimo(bounds), aupimo(maps, bounds));
    for tolerance in [0.0, 0.01] {
        assert_eq!(
            stream.roc_curve(tolerance),
            pixel_roc_curve(maps, tolerance)
        );
        assert_eq!(stream.pro_curve(tolerance), pro_curve(maps, tolerance));
        assert_eq!(
            stream.precision_recall_curve(tolerance),
            pixel_precision_recall_curve(maps, tolerance)
        );
    }
}

#[test]
fn it_equals_the_in_memory_form_at_any_budget() {
    let mut rng = ChaCha8Rng::seed_from_u64(41);
    for round in 0..60 {
        let mut maps = random_maps(&mut rng);
        // Every third set has no normal map, perhaps.
        for _ in 0..round % 3 {
            maps.push(OwnedMap::random(&mut rng, 0.0));
        }
        for memory in [0, 300, usize::MAX] {
            assert_equal(&views(&maps), memory);
        }
    }
}

#[test]
fn runs_longer_than_one_read_are_merged_completely() {
    let mut rng = ChaCha8Rng::seed_from_u64(42);
    let maps: Vec<OwnedMap> = (0..6)
        .map(|index| OwnedMap {
            width: 200,
            height: 150,
            scores: (0..30_000).map(|_| rng.random_range(0.0..1.0)).collect(),
            mask: (0..30_000)
                .map(|i| index % 2 == 0 && i % 200 < 60)
                .collect(),
        })
        .collect();
    // Two maps fit, so that there are several runs of more than 64 KiB and some in memory.
    assert_equal(&views(&maps), 330_000);
}

#[test]
fn sets_without_an_answer_give_the_same_errors() {
    let scores = [0.0, 1.0, 2.0, 3.0];
    let map = |mask: &'static [bool; 4]| LabelledMap {
        width: 4,
        height: 1,
        scores: &scores,
        mask,
    };
    assert_equal(&[], 0);
    assert_equal(&[map(&[false; 4])], 0);
    assert_equal(&[map(&[true; 4])], 0);
    assert_equal(&[map(&[true, false, false, true])], 0);
}

#[test]
fn metrics_can_be_asked_for_in_between() {
    let mut rng = ChaCha8Rng::seed_from_u64(43);
    let maps = random_maps(&mut rng);
    let mut stream = StreamingPixelMetrics::with_memory(100);
    for (index, map) in views(&maps).iter().enumerate() {
        stream.push(map).unwrap();
        let so_far = &views(&maps)[..=index];
        assert_eq!(stream.auroc(), pixel_auroc(so_far));
        assert_eq!(stream.aupro(0.3), aupro(so_far, 0.3));
    }
}

#[test]
fn a_refused_map_is_named_and_leaves_no_trace() {
    let good = LabelledMap {
        width: 2,
        height: 1,
        scores: &[0.0, 1.0],
        mask: &[false, true],
    };
    let mut stream = StreamingPixelMetrics::new();
    stream.push(&good).unwrap();
    let with_nan = LabelledMap {
        scores: &[0.0, f32::NAN],
        ..good
    };
    let error = stream.push(&with_nan).unwrap_err();
    let expected = MetricError::NotANumberInMap {
        map: 1,
        row: 0,
        column: 1,
    };
    assert_eq!(error, expected);
    let named = error.with_names(&["good.png", "nan.png"]).to_string();
    assert!(named.starts_with("image nan.png: "), "{named}");
    let too_small = LabelledMap { width: 3, ..good };
    assert!(matches!(
        stream.push(&too_small),
        Err(MetricError::MapSize { map: 1, .. })
    ));
    assert_eq!((stream.maps(), stream.auroc()), (1, Ok(1.0)));
}
