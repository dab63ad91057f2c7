//! The flow on slices compared with the flow on tensors, at the shapes used in training.
#![cfg(feature = "burn")]

use std::collections::BTreeMap;

use bgad_flow::{
    Conditions, Flow, FlowConfig, FlowStart, HostAdam, HostFlow, PositionalEncoding, Workspace,
};
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::{Device, Int, Tensor, TensorData, activation};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const SIDE: usize = 12;

/// A mini-batch: rows and their places on a map of `SIDE` by `SIDE` positions.
struct Batch {
    rows: Vec<f32>,
    places: Vec<u32>,
}

fn batch(count: usize, dimension: usize, seed: u64) -> Batch {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    Batch {
        rows: (0..count * dimension)
            .map(|_| rng.random_range(-3.0..3.0))
            .collect(),
        places: (0..count)
            .map(|_| rng.random_range(0..(SIDE * SIDE) as u32))
            .collect(),
    }
}

fn config(dimension: usize, conditional: bool) -> FlowConfig {
    let config = FlowConfig::new(dimension).with_blocks(4);
    match conditional {
        true => config.with_condition(16),
        false => config,
    }
}

fn conditions(config: &FlowConfig) -> Conditions {
    match config.condition {
        Some(dimension) => {
            Conditions::positions(&PositionalEncoding::new(dimension).unwrap(), SIDE, SIDE)
        }
        None => Conditions::none(),
    }
}

/// The log-likelihoods of the flow on tensors.
fn on_tensors(flow: &Flow, batch: &Batch, device: &Device) -> Tensor<1> {
    let count = batch.places.len();
    let data = TensorData::new(batch.rows.clone(), [count, flow.dimension()]);
    let condition = flow.config().condition.map(|dimension| {
        let encoding = PositionalEncoding::new(dimension).unwrap();
        let all = encoding.rows(SIDE, SIDE, device);
        let places: Vec<i32> = batch.places.iter().map(|p| *p as i32).collect();
        let places = Tensor::<1, Int>::from_data(TensorData::new(places, [count]), device);
        all.select(0, places)
    });
    flow.forward(Tensor::from_data(data, device), condition)
        .log_likelihood_per_dimension()
}

fn values(tensor: Tensor<1>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
}

/// The loss' derivatives for the mean of `-ln sigmoid(l)`, with the opposite sign for the first fifth.
fn slopes(l: &[f32]) -> Vec<f32> {
    let (count, abnormal) = (l.len() as f32, l.len() / 5);
    l.iter()
        .enumerate()
        .map(|(i, l)| match i < abnormal {
            true => 0.5 / (1.0 + (-l).exp()) / count,
            false => -1.0 / (1.0 + l.exp()) / count,
        })
        .collect()
}

fn train_host(host: &mut HostFlow, conditions: &Conditions, batches: &[Batch]) -> Vec<Vec<f32>> {
    let d = host.config().dimension;
    let (mut adam, mut workspace) = (HostAdam::new(), Workspace::default());
    let mut likelihoods = Vec::new();
    for batch in batches {
        let row = |i: usize| &batch.rows[i * d..(i + 1) * d];
        let rows = (row, batch.places.as_slice());
        host.step(&mut adam, 1e-3, rows, conditions, &mut workspace, |l| {
            likelihoods.push(l.to_vec());
            Ok::<_, ()>(Some(slopes(l)))
        })
        .unwrap();
    }
    likelihoods
}

#[test]
fn training_follows_the_flow_on_tensors() {
    // Full and partial tiles, mini-batches of changing size, odd dimensions. And a last matrix that is not a
    // rotation, as a file may contain: it must not be skipped.
    for (dimension, conditional, growth) in [
        (10, true, 1.0),
        (7, true, 1.0),
        (9, false, 1.0),
        (2, true, 1.0),
        (10, true, 1.25),
    ] {
        let config = config(dimension, conditional);
        let device = Device::flex();
        let tracked = device.clone().autodiff();
        let mut parameters = config.init(5, &device).unwrap().parameters();
        let (_, last) = parameters
            .iter_mut()
            .rev()
            .find(|(name, _)| name.ends_with("rotation"))
            .unwrap();
        let grown = last.as_slice::<f32>().unwrap().iter().map(|v| v * growth);
        *last = TensorData::new(grown.collect(), [dimension, dimension]);
        let parameters: BTreeMap<String, TensorData> = parameters.into_iter().collect();
        let mut flow = config.init_from(parameters.clone(), &tracked).unwrap();
        let mut host = HostFlow::new(&config.init_from(parameters, &device).unwrap()).unwrap();
        let conditions = conditions(&config);
        let batches: Vec<Batch> = [700, 700, 33, 1500, 256]
            .into_iter()
            .enumerate()
            .map(|(seed, count)| batch(count, dimension, seed as u64))
            .collect();

        let found = train_host(&mut host, &conditions, &batches);
        let mut adam = AdamConfig::new().with_epsilon(1e-8).init();
        for (batch, found) in batches.iter().zip(&found) {
            let l = on_tensors(&flow, batch, &tracked);
            for (found, expected) in found.iter().zip(values(l.clone().inner())) {
                assert!(
                    (found - expected).abs() < 2e-4 * expected.abs().max(1.0),
                    "dimension {dimension}, growth {growth}: {found}, on tensors {expected}"
                );
            }
            let count = batch.places.len();
            let abnormal = count / 5;
            let pulled = activation::log_sigmoid(l.clone().narrow(0, abnormal, count - abnormal));
            let pushed = activation::log_sigmoid(l.narrow(0, 0, abnormal).neg());
            let loss = (pulled.sum() + pushed.sum() * 0.5).neg() / count as f64;
            let gradients = GradientsParams::from_grads(loss.backward(), &flow);
            flow = adam.step(1e-3, flow, gradients);
        }
    }
}

#[test]
fn parameters_survive_the_round_trip_to_the_host() {
    let device = Device::flex();
    let flow = config(7, true).init(3, &device).unwrap();
    let host = HostFlow::new(&flow).unwrap();
    assert_eq!(host.config(), flow.config());
    assert_eq!(host.parameters(), flow.parameters());
    assert_eq!(
        host.to_flow(&device).unwrap().parameters(),
        flow.parameters()
    );
}

#[test]
fn threads_change_nothing() {
    let config = config(10, true);
    let conditions = conditions(&config);
    let flow = config.init(1, &Device::flex()).unwrap();
    let run = |threads: usize| {
        let mut host = HostFlow::new(&flow).unwrap();
        let batches: Vec<Batch> = (0..3).map(|seed| batch(2500, 10, seed)).collect();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let pool = pool.build().unwrap();
        let likelihoods = pool.install(|| train_host(&mut host, &conditions, &batches));
        (host.parameters(), likelihoods)
    };
    assert_eq!(run(1), run(3));
}

/// A flow that only rotates is skipped. A change of any single value in any block must be noticed.
#[test]
fn a_flow_that_only_rotates_has_the_log_likelihoods_of_the_whole_flow() {
    let device = Device::flex();
    let config = config(10, true).with_start(FlowStart::Identity);
    let conditions = conditions(&config);
    let mut host = HostFlow::new(&config.init(1, &device).unwrap()).unwrap();
    let start = host.trained().to_vec();
    let of_block = start.len() / config.blocks;
    // The last value of a block is a global offset; before it come global scales and output biases.
    let changed = [None, Some(1), Some(11), Some(21)];
    let mut before: Vec<Vec<f32>> = Vec::new();
    for from_end in changed {
        let mut values = start.clone();
        if let Some(from_end) = from_end {
            values[2 * of_block - from_end] += 0.25;
        }
        host.set_trained(values).unwrap();
        let batch = batch(100, 10, 4);
        let found = host.prepare(&conditions);
        let found = found.log_likelihoods(&batch.rows, &batch.places);
        let expected = values_of(&host, &batch, &device);
        for (found, expected) in found.iter().zip(&expected) {
            assert!(
                (found - expected).abs() < 1e-5,
                "{from_end:?}: {found} {expected}"
            );
        }
        assert!(!before.contains(&found), "{from_end:?} changes nothing");
        before.push(found);
    }
}

fn values_of(host: &HostFlow, batch: &Batch, device: &Device) -> Vec<f32> {
    values(on_tensors(&host.to_flow(device).unwrap(), batch, device))
}

#[test]
fn a_row_alone_is_a_row_among_others() {
    let config = config(10, true);
    let conditions = conditions(&config);
    let host = HostFlow::new(&config.init(1, &Device::flex()).unwrap()).unwrap();
    let prepared = host.prepare(&conditions);
    let batch = batch(600, 10, 9);
    let together = prepared.log_likelihoods(&batch.rows, &batch.places);
    for i in [0, 17, 255, 256, 599] {
        let row = &batch.rows[i * 10..(i + 1) * 10];
        let alone = prepared.log_likelihoods(row, &batch.places[i..=i])[0];
        assert!((alone - together[i]).abs() < 1e-5 * alone.abs().max(1.0));
    }
}

#[test]
fn a_step_without_slopes_changes_nothing() {
    let config = config(6, false);
    let mut host = HostFlow::new(&config.init(1, &Device::flex()).unwrap()).unwrap();
    let before = host.parameters();
    let batch = batch(40, 6, 2);
    let rows = (
        |i: usize| &batch.rows[i * 6..(i + 1) * 6],
        batch.places.as_slice(),
    );
    let none = |_: &[f32]| Ok::<_, ()>(None);
    let (mut adam, mut workspace) = (HostAdam::new(), Workspace::default());
    let conditions = Conditions::none();
    let moved = host.step(&mut adam, 1.0, rows, &conditions, &mut workspace, none);
    assert_eq!(moved, Ok(false));
    assert_eq!(host.parameters(), before);
    let failing = host.step(&mut adam, 1.0, rows, &conditions, &mut workspace, |_| {
        Err("no")
    });
    assert_eq!(failing, Err("no"));
}
