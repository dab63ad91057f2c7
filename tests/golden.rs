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
            neighbor_distance: None,
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
                    }
                })
                .collect(),
        })
        .collect();
    let size = golden.shape("score_map")[1];
    let calibration =
        Calibration::new(Aggregation::Likelihood, ImageScore::Maximum).over(&maps, size);
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
