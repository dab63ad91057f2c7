//! Times one optimizer step, and one image's log-likelihoods, for each level of a backbone.
//!
//! `step_time [DIMENSION...] [tensors]` prints the median milliseconds of a step on 4096 rows and of
//! 4096 rows scored, on slices and, if asked, on tensors; 40, 72 and 200 are the levels of
//! EfficientNet-B6.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::time::Instant;

use bgad_flow::{Conditions, Flow, FlowConfig, HostAdam, HostFlow, PositionalEncoding, Workspace};
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::{Device, Int, Tensor, TensorData, activation};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const ROWS: usize = 4096;
const SIDE: usize = 64;

/// The median of fifteen runs after one that is not counted, in milliseconds.
fn median(mut work: impl FnMut()) -> f64 {
    work();
    let mut times: Vec<f64> = (0..15)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn slopes(l: &[f32]) -> Result<Option<Vec<f32>>, ()> {
    let count = l.len() as f32;
    Ok(Some(
        l.iter().map(|l| -1.0 / (1.0 + l.exp()) / count).collect(),
    ))
}

fn main() {
    let mut dimensions: Vec<usize> = std::env::args().skip(1).flat_map(|a| a.parse()).collect();
    if dimensions.is_empty() {
        dimensions = vec![40, 72, 200];
    }
    let encoding = PositionalEncoding::new(128).unwrap();
    let conditions = Conditions::positions(&encoding, SIDE, SIDE);
    let device = Device::flex();
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let tensors = std::env::args().any(|argument| argument == "tensors");
    println!("dimension  step  scoring  (ms, {ROWS} rows)");
    for d in dimensions {
        let config = FlowConfig::new(d).with_condition(128);
        let rows: Vec<f32> = (0..ROWS * d).map(|_| rng.random_range(-1.0..1.0)).collect();
        let places: Vec<u32> = (0..ROWS)
            .map(|_| rng.random_range(0..(SIDE * SIDE) as u32))
            .collect();
        let flow = config.init(0, &device).unwrap();

        let mut host = HostFlow::new(&flow).unwrap();
        let (mut adam, mut workspace) = (HostAdam::new(), Workspace::default());
        let step = median(|| {
            let row = |i: usize| &rows[i * d..(i + 1) * d];
            let rows = (row, places.as_slice());
            host.step(&mut adam, 2e-4, rows, &conditions, &mut workspace, slopes)
                .unwrap();
        });
        let prepared = host.prepare(&conditions);
        let scoring = median(|| drop(prepared.log_likelihoods(&rows, &places)));
        println!("{d:9}  {step:.1}  {scoring:.1}");
        if !tensors {
            continue;
        }

        let x = Tensor::<2>::from_data(TensorData::new(rows.clone(), [ROWS, d]), &device);
        let indices: Vec<i32> = places.iter().map(|p| *p as i32).collect();
        let indices = Tensor::<1, Int>::from_data(TensorData::new(indices, [ROWS]), &device);
        let condition = encoding.rows(SIDE, SIDE, &device).select(0, indices);
        let on_tensors = |flow: &Flow, x: Tensor<2>, condition: Tensor<2>| {
            flow.forward(x, Some(condition))
                .log_likelihood_per_dimension()
        };
        let mut tracked = config.init(0, &device.clone().autodiff()).unwrap();
        let mut optimizer = AdamConfig::new().with_epsilon(1e-8).init();
        let tensor_step = median(|| {
            let l = on_tensors(&tracked, x.clone().autodiff(), condition.clone().autodiff());
            let loss = activation::log_sigmoid(l).mean().neg();
            let gradients = GradientsParams::from_grads(loss.backward(), &tracked);
            tracked = optimizer.step(2e-4, tracked.clone(), gradients);
        });
        let tensor_scoring = median(|| {
            let l = on_tensors(&flow, x.clone(), condition.clone());
            drop(l.into_data());
        });
        println!("{d:9}  {tensor_step:.1}  {tensor_scoring:.1}  on tensors");
    }
}
