//! A flow on 4096 positions, forward and as a training step, for the levels of EfficientNet-B6.
//!
//!     cargo bench --workspace --bench flow
#![allow(missing_docs, clippy::unwrap_used)]

use std::convert::Infallible;

use bgad::Device;
use bgad_flow::{Conditions, FlowConfig, HostAdam, HostFlow, PositionalEncoding, Workspace};
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};

const ROWS: usize = 4096;
const SIDE: usize = 64;
/// Channels of the levels.
const DIMENSIONS: [usize; 3] = [40, 72, 200];

/// The slopes of the maximum-likelihood loss.
fn slopes(l: &[f32]) -> Result<Option<Vec<f32>>, Infallible> {
    let count = l.len() as f32;
    Ok(Some(l.iter().map(|_| -1.0 / count).collect()))
}

/// A flow with that many channels and a mini-batch, for both measurements.
struct Case {
    flow: HostFlow,
    conditions: Conditions,
    rows: Vec<f32>,
    places: Vec<u32>,
}

fn case(dimension: usize) -> Case {
    let encoding = PositionalEncoding::new(128).unwrap();
    let config = FlowConfig::new(dimension).with_condition(128);
    Case {
        flow: HostFlow::new(&config.init(0, &Device::flex()).unwrap()).unwrap(),
        conditions: Conditions::positions(&encoding, SIDE, SIDE),
        rows: (0..ROWS * dimension)
            .map(|i| (i as f32 * 0.731).sin())
            .collect(),
        places: (0..ROWS as u32).map(|row| row * 37 % ROWS as u32).collect(),
    }
}

#[divan::bench(args = DIMENSIONS, sample_count = 10, sample_size = 1)]
fn forward(bencher: Bencher<'_, '_>, dimension: usize) {
    let case = case(dimension);
    let prepared = case.flow.prepare(&case.conditions);
    bencher
        .counter(ItemsCount::new(ROWS))
        .bench_local(|| prepared.log_likelihoods(black_box(&case.rows), &case.places));
}

#[divan::bench(args = DIMENSIONS, sample_count = 10, sample_size = 1)]
fn step(bencher: Bencher<'_, '_>, dimension: usize) {
    let mut case = case(dimension);
    let (mut adam, mut workspace) = (HostAdam::new(), Workspace::default());
    let row = |i: usize| &case.rows[i * dimension..][..dimension];
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
        let batch = (row, case.places.as_slice());
        case.flow.step(
            &mut adam,
            1e-5,
            batch,
            &case.conditions,
            &mut workspace,
            slopes,
        )
    });
}

fn main() {
    divan::main();
}
