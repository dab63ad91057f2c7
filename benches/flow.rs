//! A flow on 4096 positions, forward and as a training step, by the levels of EfficientNet-B6.
//!
//!     cargo bench --workspace --bench flow
#![allow(missing_docs, clippy::unwrap_used)]

use std::convert::Infallible;
use std::hint::black_box;

use bgad::Device;
use bgad_flow::{Conditions, FlowConfig, HostAdam, HostFlow, PositionalEncoding, Workspace};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

const ROWS: usize = 4096;
const SIDE: usize = 64;
/// Channels of the levels.
const DIMENSIONS: [usize; 3] = [40, 72, 200];

/// The slopes of maximum likelihood.
fn slopes(l: &[f32]) -> Result<Option<Vec<f32>>, Infallible> {
    let count = l.len() as f32;
    Ok(Some(l.iter().map(|_| -1.0 / count).collect()))
}

fn flow(criterion: &mut Criterion) {
    let encoding = PositionalEncoding::new(128).unwrap();
    let conditions = Conditions::positions(&encoding, SIDE, SIDE);
    let places: Vec<u32> = (0..ROWS as u32).map(|row| row * 37 % ROWS as u32).collect();
    let mut group = criterion.benchmark_group("flow");
    group.throughput(Throughput::Elements(ROWS as u64));
    for dimension in DIMENSIONS {
        let rows: Vec<f32> = (0..ROWS * dimension)
            .map(|i| (i as f32 * 0.731).sin())
            .collect();
        let config = FlowConfig::new(dimension).with_condition(128);
        let mut flow = HostFlow::new(&config.init(0, &Device::flex()).unwrap()).unwrap();
        let prepared = flow.prepare(&conditions).into_owned();
        group.bench_function(BenchmarkId::new("forward", dimension), |bencher| {
            bencher.iter(|| prepared.log_likelihoods(black_box(&rows), &places));
        });
        let (mut adam, mut workspace) = (HostAdam::new(), Workspace::default());
        let row = |i: usize| &rows[i * dimension..][..dimension];
        group.bench_function(BenchmarkId::new("step", dimension), |bencher| {
            bencher.iter(|| {
                let batch = (row, places.as_slice());
                flow.step(&mut adam, 1e-5, batch, &conditions, &mut workspace, slopes)
            });
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10);
    targets = flow
}
criterion_main!(benches);
