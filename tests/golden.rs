//! Scoring and the learning rate against reference vectors.

use bgad::{
    Aggregation, Calibration, ImageScore, LearningRate, LogLikelihoodMap, LogLikelihoodMaps,
};

use crate::reader::{Golden, assert_close};

#[test]
fn golden_scores() {
    let golden = Golden::open("scores");
    let levels: Vec<String> = golden
        .names()
        .into_iter()
        .filter(|name| name.starts_with("level"))
        .collect();
    assert!(!levels.is_empty());
    let images = golden.shape(&levels[0])[0];
    let maps: Vec<LogLikelihoodMaps> = (0..images)
        .map(|image| LogLikelihoodMaps {
            distances: None,
            contexts: None,
            deviations: None,
            discriminants: None,
            likeness: None,
            neighbor_distance: None,
            finer: None,
            levels: levels
                .iter()
                .map(|name| {
                    let shape = golden.shape(name);
                    let (height, width) = (shape[1], shape[2]);
                    let values = golden.f32(name);
                    LogLikelihoodMap {
                        width,
                        height,
                        values: values[image * height * width..][..height * width].to_vec(),
                        pooled: false,
                    }
                })
                .collect(),
        })
        .collect();
    let size = golden.shape("score_map")[1];
    let calibration = Calibration::new(Aggregation::Likelihood, ImageScore::Maximum)
        .over(&maps, size)
        .unwrap();
    let scored: Vec<_> = maps
        .iter()
        .map(|maps| calibration.score_map(maps, size).unwrap())
        .collect();
    let pixels: Vec<f32> = scored.iter().flat_map(|map| map.values.clone()).collect();
    assert_close("score_map", &pixels, &golden.f32("score_map"), 1e-5, 1e-5);
    let images: Vec<f32> = scored.iter().map(|map| map.maximum()).collect();
    assert_close(
        "image_score",
        &images,
        &golden.f32("image_score"),
        1e-5,
        1e-5,
    );
}

#[test]
fn golden_learning_rate() {
    let golden = Golden::open("learning_rate");
    let metadata = golden.metadata();
    let number = |key: &str| metadata[key].parse::<usize>().unwrap();
    let schedule = LearningRate {
        peak: metadata["lr"].parse().unwrap(),
        meta_epochs: number("meta_epochs"),
        sub_epochs: number("sub_epochs"),
    };
    let batches = number("batches");
    let mut expected = golden.f64("lr").into_iter();
    for meta_epoch in 0..schedule.meta_epochs {
        for sub_epoch in 0..schedule.sub_epochs {
            for batch in 0..batches {
                let found = schedule.at(meta_epoch, sub_epoch, batch, batches);
                let expected = expected.next().unwrap();
                assert!(
                    (found - expected).abs() <= 1e-9 * 2e-4,
                    "{meta_epoch}.{sub_epoch}.{batch}: {found}, expected {expected}"
                );
            }
        }
    }
    assert!(expected.next().is_none());
}

#[test]
fn the_rate_rises_while_it_warms_up_however_short_the_run() {
    for meta_epochs in 1..6 {
        let schedule = LearningRate {
            peak: 1.0,
            meta_epochs,
            sub_epochs: 3,
        };
        let warm = (0..2.min(meta_epochs)).take_while(|epoch| *epoch < meta_epochs.max(2) - 1);
        let steps = warm.flat_map(|meta_epoch| {
            let sub_epochs =
                (0..3).flat_map(|sub_epoch| (0..4).map(move |batch| (sub_epoch, batch)));
            sub_epochs.map(move |(sub_epoch, batch)| schedule.at(meta_epoch, sub_epoch, batch, 4))
        });
        let rates: Vec<f64> = steps.collect();
        assert!(rates.len() >= 12, "{meta_epochs}");
        let rises = rates.windows(2).all(|pair| pair[0] < pair[1]);
        assert!(rises, "{meta_epochs} meta-epochs: {rates:?}");
    }
    // The second of two meta-epochs trains at half of the peak.
    let two = LearningRate {
        peak: 1.0,
        meta_epochs: 2,
        sub_epochs: 1,
    };
    assert!((two.at(1, 0, 0, 4) - 0.5005).abs() < 1e-9);
}
