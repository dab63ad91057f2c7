//! Refused input, and the error messages.

use bgad_metrics::{
    BestF1, Class, LabelledMap, MetricError, aupro, auroc, average_precision, best_f1,
    connected_regions, paper_protocol, pixel_auroc, pixel_average_precision, pixel_best_f1,
};

fn refusals(scores: &[f32], abnormal: &[bool]) -> [MetricError; 3] {
    [
        auroc(scores, abnormal).unwrap_err(),
        average_precision(scores, abnormal).unwrap_err(),
        best_f1(scores, abnormal).unwrap_err(),
    ]
}

fn map<'a>(width: usize, scores: &'a [f32], mask: &'a [bool]) -> LabelledMap<'a> {
    LabelledMap {
        width,
        height: 2,
        scores,
        mask,
    }
}

fn map_refusals(maps: &[LabelledMap<'_>]) -> [MetricError; 5] {
    [
        pixel_auroc(maps).unwrap_err(),
        pixel_average_precision(maps).unwrap_err(),
        pixel_best_f1(maps).unwrap_err(),
        aupro(maps, 0.3).unwrap_err(),
        paper_protocol::aupro(maps).unwrap_err(),
    ]
}

const SCORES: [f32; 4] = [0.0, 1.0, 2.0, 3.0];
const MASK: [bool; 4] = [false, false, true, true];

#[test]
fn lengths_must_agree() {
    for error in refusals(&[0.0, 1.0], &[true]) {
        assert_eq!(
            error,
            MetricError::LengthMismatch {
                scores: 2,
                labels: 1
            }
        );
        assert!(
            error.to_string().starts_with("2 scores but 1 labels"),
            "{error}"
        );
    }
}

#[test]
fn empty_input_is_refused() {
    for error in refusals(&[], &[]) {
        assert_eq!(error, MetricError::Empty);
    }
    for error in map_refusals(&[]) {
        assert_eq!(error, MetricError::Empty);
    }
    for error in map_refusals(&[map(0, &[], &[])]) {
        assert_eq!(error, MetricError::Empty);
    }
}

#[test]
fn both_classes_must_be_there() {
    for (labels, missing, word) in [
        ([true; 3], Class::Normal, "no normal scores"),
        ([false; 3], Class::Abnormal, "no abnormal scores"),
    ] {
        for error in refusals(&[1.0, 2.0, 3.0], &labels) {
            assert_eq!(error, MetricError::OnlyOneClass { missing });
            assert!(error.to_string().starts_with(word), "{error}");
        }
    }
}

#[test]
fn maps_need_defects_and_normal_pixels() {
    let no_normal = MetricError::OnlyOneClass {
        missing: Class::Normal,
    };
    for error in map_refusals(&[map(2, &SCORES, &[true; 4])]) {
        assert_eq!(error, no_normal);
    }
    let no_abnormal = MetricError::OnlyOneClass {
        missing: Class::Abnormal,
    };
    let without_defect = [map(2, &SCORES, &[false; 4])];
    assert_eq!(pixel_auroc(&without_defect), Err(no_abnormal));
    assert_eq!(aupro(&without_defect, 0.3), Err(MetricError::NoRegions));
    assert_eq!(
        paper_protocol::aupro(&without_defect),
        Err(MetricError::NoRegions)
    );
}

#[test]
fn nan_is_named() {
    for error in refusals(&[0.0, 1.0, f32::NAN, -f32::NAN], &MASK) {
        assert_eq!(error, MetricError::NotANumber { index: 2 });
    }
    let with_nan = [0.0, 1.0, 2.0, f32::NAN, 4.0, 5.0];
    let mask = [true, false, false, false, false, false];
    for error in map_refusals(&[map(2, &SCORES, &MASK), map(3, &with_nan, &mask)]) {
        assert_eq!(
            error,
            MetricError::NotANumberInMap {
                map: 1,
                row: 1,
                column: 0
            }
        );
        assert!(error.to_string().contains("map 1") && error.to_string().contains("row 1"));
    }
}

#[test]
fn map_sizes_must_agree() {
    for bad in [
        map(3, &SCORES, &MASK),
        map(2, &SCORES[1..], &MASK),
        map(2, &SCORES, &MASK[1..]),
    ] {
        let expected = MetricError::MapSize {
            map: 1,
            width: bad.width,
            height: 2,
            scores: bad.scores.len(),
            mask: bad.mask.len(),
        };
        for error in map_refusals(&[map(2, &SCORES, &MASK), bad]) {
            assert_eq!(error, expected);
        }
    }
    // A product that overflows is no size.
    assert!(matches!(
        pixel_auroc(&[map(usize::MAX, &SCORES, &MASK)]),
        Err(MetricError::MapSize { .. })
    ));
    assert_eq!(
        connected_regions(&MASK, 3, 2),
        Err(MetricError::MaskSize {
            width: 3,
            height: 2,
            found: 4
        })
    );
}

#[test]
fn the_limit_must_be_a_rate() {
    let maps = [map(2, &SCORES, &MASK)];
    for limit in [0.0, -0.1, 1.000_001, f64::INFINITY] {
        assert_eq!(
            aupro(&maps, limit),
            Err(MetricError::InvalidLimit { limit })
        );
    }
    assert!(matches!(
        aupro(&maps, f64::NAN),
        Err(MetricError::InvalidLimit { .. })
    ));
    assert_eq!(aupro(&maps, 1.0), Ok(1.0));
    assert_eq!(aupro(&maps, f64::MIN_POSITIVE), Ok(1.0));
}

#[test]
fn even_thresholds_need_finite_scores() {
    let scores = [0.0, 1.0, 2.0, f32::INFINITY];
    let maps = [map(2, &scores, &MASK)];
    assert_eq!(
        paper_protocol::aupro(&maps),
        Err(MetricError::InfiniteInMap {
            map: 0,
            row: 1,
            column: 1
        })
    );
    assert_eq!(aupro(&maps, 0.3), Ok(1.0));
    assert_eq!(
        pixel_best_f1(&maps),
        Ok(BestF1 {
            f1: 1.0,
            threshold: 2.0
        })
    );
}
