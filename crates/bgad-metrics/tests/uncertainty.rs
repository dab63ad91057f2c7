//! Bootstrap intervals, metrics per defect type, and sets on which a metric is undefined.

use bgad_metrics::{
    Bootstrap, Class, LabelledMap, MetricError, Undefined, aupro, auroc, average_precision,
    best_f1, bootstrap_interval, image_intervals, image_metrics, image_metrics_by_type,
    pixel_auroc, pixel_average_precision, pixel_intervals, pixel_metrics, pixel_metrics_by_type,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::brute_force::{OwnedMap, random_maps, views};

type ImageMetric = dyn Fn(&[f32], &[bool]) -> Result<f64, MetricError> + Sync;

const SETTINGS: Bootstrap = Bootstrap {
    resamples: 200,
    level: 0.9,
    seed: 7,
};

fn scores(seed: u64, count: usize) -> (Vec<f32>, Vec<bool>) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let abnormal: Vec<bool> = (0..count).map(|i| i % 4 == 0).collect();
    let scores = abnormal
        .iter()
        .map(|&label| {
            let tenths: i32 = rng.random_range(0..10) + if label { 4 } else { 0 };
            tenths as f32 / 10.0
        })
        .collect();
    (scores, abnormal)
}

#[test]
fn the_fast_form_equals_resampling_images_one_by_one() {
    let (scores, abnormal) = scores(61, 40);
    let pick = |images: &[usize]| -> (Vec<f32>, Vec<bool>) {
        images.iter().map(|&i| (scores[i], abnormal[i])).unzip()
    };
    let slow = |metric: &ImageMetric| {
        bootstrap_interval(&abnormal, &SETTINGS, |images| {
            let (scores, abnormal) = pick(images);
            metric(&scores, &abnormal)
        })
        .unwrap()
    };
    let fast = image_intervals(&scores, &abnormal, &SETTINGS).unwrap();
    assert_eq!(fast.auroc, slow(&auroc));
    assert_eq!(fast.best_f1, slow(&|s, a| Ok(best_f1(s, a)?.f1)));
    assert_eq!(fast.average_precision, slow(&average_precision));
    assert_eq!(fast.auroc.estimate, auroc(&scores, &abnormal).unwrap());
    assert!(fast.auroc.low < fast.auroc.estimate && fast.auroc.estimate < fast.auroc.high);
}

#[test]
fn pixel_intervals_equal_resampling_maps_one_by_one() {
    let mut rng = ChaCha8Rng::seed_from_u64(62);
    let settings = Bootstrap {
        resamples: 40,
        ..SETTINGS
    };
    for _ in 0..10 {
        let mut maps = random_maps(&mut rng);
        maps.push(OwnedMap::random(&mut rng, 0.0));
        let defective: Vec<bool> = maps.iter().map(|map| map.mask.contains(&true)).collect();
        let maps = views(&maps);
        let slow = |metric: &(dyn Fn(&[LabelledMap<'_>]) -> Result<f64, MetricError> + Sync)| {
            bootstrap_interval(&defective, &settings, |images| {
                metric(&images.iter().map(|&i| maps[i]).collect::<Vec<_>>())
            })
            .unwrap()
        };
        let fast = pixel_intervals(&maps, 0.3, &settings).unwrap();
        for (fast, slow) in [
            (fast.auroc, slow(&pixel_auroc)),
            (fast.average_precision, slow(&pixel_average_precision)),
            (fast.aupro, slow(&|maps| aupro(maps, 0.3))),
        ] {
            assert!((fast.estimate - slow.estimate).abs() < 1e-12);
            assert!((fast.low - slow.low).abs() < 1e-12);
            assert!((fast.high - slow.high).abs() < 1e-12);
        }
    }
}

#[test]
fn a_seed_repeats_the_interval_and_another_changes_it() {
    let (scores, abnormal) = scores(63, 60);
    let of_seed =
        |seed| image_intervals(&scores, &abnormal, &Bootstrap { seed, ..SETTINGS }).unwrap();
    assert_eq!(of_seed(1), of_seed(1));
    assert_ne!(of_seed(1), of_seed(2));
}

#[test]
fn more_images_give_narrower_intervals() {
    let width = |count| {
        let (scores, abnormal) = scores(64, count);
        let interval = image_intervals(&scores, &abnormal, &SETTINGS)
            .unwrap()
            .auroc;
        interval.high - interval.low
    };
    assert!(width(1600) < 0.5 * width(100));
}

#[test]
fn settings_of_a_bootstrap_are_checked() {
    for settings in [
        Bootstrap {
            resamples: 0,
            ..SETTINGS
        },
        Bootstrap {
            level: 1.0,
            ..SETTINGS
        },
        Bootstrap {
            level: f64::NAN,
            ..SETTINGS
        },
    ] {
        assert!(matches!(
            image_intervals(&[0.0, 1.0], &[false, true], &settings),
            Err(MetricError::InvalidBootstrap { .. })
        ));
    }
    assert_eq!(
        image_intervals(&[0.0, 1.0], &[true, true], &SETTINGS).unwrap_err(),
        MetricError::OnlyOneClass {
            missing: Class::Normal
        }
    );
}

#[test]
fn each_type_is_judged_against_all_normals() {
    let scores = [0.1, 0.2, 0.3, 0.9, 0.15];
    let types = [None, None, Some("crack"), Some("scratch"), Some("crack")];
    let found = image_metrics_by_type(&scores, &types).unwrap();
    let summary: Vec<_> = found
        .iter()
        .map(|of| (of.defect_type.as_str(), of.abnormal, of.value.auroc))
        .collect();
    assert_eq!(summary, [("crack", 2, 0.75), ("scratch", 1, 1.0)]);
    assert_eq!(
        image_metrics_by_type(&scores[2..], &types[2..]),
        Err(MetricError::OnlyOneClass {
            missing: Class::Normal
        })
    );
    assert_eq!(image_metrics_by_type(&scores[..2], &types[..2]), Ok(vec![]));
    let mut with_nan = scores;
    with_nan[3] = f32::NAN;
    assert_eq!(
        image_metrics_by_type(&with_nan, &types),
        Err(MetricError::NotANumber { index: 3 })
    );
}

#[test]
fn pixel_metrics_by_type_are_those_of_the_subset() {
    let map = |scores: &'static [f32; 4], mask: &'static [bool; 4]| LabelledMap {
        width: 4,
        height: 1,
        scores,
        mask,
    };
    let maps = [
        map(&[0.1, 0.2, 0.3, 0.4], &[false; 4]),
        map(&[0.9, 0.2, 0.3, 0.4], &[true, false, false, false]),
        map(&[0.1, 0.2, 0.3, 0.0], &[false, true, true, false]),
    ];
    let types = [None, Some("hole"), Some("cut")];
    let found = pixel_metrics_by_type(&maps, &types, 0.3).unwrap();
    assert_eq!(found[0].defect_type, "cut");
    assert_eq!(
        found[0].value,
        pixel_metrics(&[maps[0], maps[2]], 0.3).unwrap()
    );
    assert_eq!(found[1].value, pixel_metrics(&maps[..2], 0.3).unwrap());
    assert_eq!(found[1].value.aupro, 1.0);
}

#[test]
fn an_undefined_metric_is_not_an_error() {
    let undefined = |abnormal: &[bool]| {
        let scores = vec![0.5; abnormal.len()];
        image_metrics(&scores, abnormal).unwrap_err().undefined()
    };
    assert_eq!(undefined(&[]), Some(Undefined::NoImages));
    assert_eq!(undefined(&[false; 3]), Some(Undefined::OnlyNormal));
    assert_eq!(undefined(&[true; 3]), Some(Undefined::OnlyAbnormal));
    let no_masks = LabelledMap {
        width: 2,
        height: 1,
        scores: &[0.0, 1.0],
        mask: &[false; 2],
    };
    let error = pixel_metrics(&[no_masks], 0.3).unwrap_err();
    assert_eq!(error.undefined(), Some(Undefined::NoMasks));
    let error = image_metrics(&[0.0, f32::NAN], &[false, true]).unwrap_err();
    assert_eq!(error.undefined(), None);
}

#[test]
fn a_constant_score_is_reported() {
    let constant = image_metrics(&[0.5; 4], &[false, true, false, true]).unwrap();
    assert!(constant.constant_score && constant.auroc == 0.5);
    let abnormal_differ = image_metrics(&[0.5, 0.5, 0.6], &[false, true, true]).unwrap();
    assert!(!abnormal_differ.constant_score);
}
