//! From the log-likelihoods of three levels to score map and image score, 256 x 256 pixels.
//!
//!     cargo bench --workspace --bench scoring
#![allow(missing_docs, clippy::unwrap_used)]

use std::hint::black_box;

use bgad::{Aggregation, Calibration, ImageScore, LogLikelihoodMap, LogLikelihoodMaps};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};

const SIDE: usize = 256;

/// Those of one image.
fn maps(seed: usize) -> LogLikelihoodMaps {
    let level = |stride: usize| {
        let side = SIDE / stride;
        let value = |place: usize| ((place + seed) as f32 * 0.731).sin() - 1.5;
        LogLikelihoodMap {
            width: side,
            height: side,
            values: (0..side * side).map(value).collect(),
            pooled: false,
        }
    };
    LogLikelihoodMaps {
        levels: [4, 8, 16].map(level).to_vec(),
        neighbor_distance: None,
    }
}

fn scoring(criterion: &mut Criterion) {
    let normal: Vec<LogLikelihoodMaps> = (0..20).map(maps).collect();
    let image = maps(20);
    let mut group = criterion.benchmark_group("scoring");
    for (name, aggregation, score) in [
        ("paper", Aggregation::Likelihood, ImageScore::Maximum),
        ("default", Aggregation::LogLikelihood, ImageScore::Top(0.01)),
    ] {
        let calibration = Calibration::new(aggregation, score)
            .over(&normal, SIDE)
            .unwrap();
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| calibration.score(black_box(&image), SIDE));
        });
    }
}

criterion_group!(benches, scoring);
criterion_main!(benches);
