//! From the log-likelihoods of three levels to score map and image score, 256 x 256 pixels.
//!
//!     cargo bench --workspace --bench scoring
#![allow(missing_docs, clippy::unwrap_used)]

use bgad::{Aggregation, Calibration, ImageScore, LogLikelihoodMap, LogLikelihoodMaps};
use divan::{Bencher, black_box};

const SIDE: usize = 256;

/// The log-likelihoods of one image.
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
        distances: None,
        contexts: None,
        deviations: None,
        discriminants: None,
        likeness: None,
        neighbor_distance: None,
        finer: None,
    }
}

fn measure(bencher: Bencher<'_, '_>, aggregation: Aggregation, score: ImageScore) {
    let normal: Vec<LogLikelihoodMaps> = (0..20).map(maps).collect();
    let image = maps(20);
    let calibration = Calibration::new(aggregation, score)
        .over(&normal, SIDE)
        .unwrap();
    bencher.bench_local(|| calibration.score(black_box(&image), SIDE));
}

#[divan::bench]
fn paper(bencher: Bencher<'_, '_>) {
    measure(bencher, Aggregation::Likelihood, ImageScore::Maximum);
}

#[divan::bench]
fn default(bencher: Bencher<'_, '_>) {
    let score = ImageScore::Top(0.01);
    measure(bencher, Aggregation::LogLikelihood, score);
}

fn main() {
    divan::main();
}
