//! Flows through the part of the interface that needs no Burn. With or without Burn in the build, they must
//! give the values that tensors gave when the numbers here were recorded.
#![cfg(feature = "random")]
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use bgad_flow::{Conditions, FlowConfig, FlowError, HostFlow, PositionalEncoding};

const SIDE: usize = 4;
const DIMENSION: usize = 9;

fn config() -> FlowConfig {
    FlowConfig::new(DIMENSION).with_blocks(3).with_condition(8)
}

fn conditions() -> Conditions {
    Conditions::positions(&PositionalEncoding::new(8).unwrap(), SIDE, SIDE)
}

/// One row per position.
fn rows() -> Vec<f32> {
    let count = SIDE * SIDE * DIMENSION;
    let value = |i: usize| (i * 7919 % 1009) as f32 / 250.0 - 2.0;
    (0..count).map(value).collect()
}

fn log_likelihoods(flow: &HostFlow) -> Vec<f32> {
    let places: Vec<u32> = (0..(SIDE * SIDE) as u32).collect();
    flow.prepare(&conditions())
        .log_likelihoods(&rows(), &places)
}

#[test]
fn a_seeded_flow_gives_what_tensors_gave() {
    let found = log_likelihoods(&HostFlow::random(&config(), 5).unwrap());
    assert_eq!(found.len(), SIDE * SIDE);
    for (found, expected) in found.iter().zip(ON_TENSORS) {
        assert!((found - expected).abs() < 1e-5, "{found}, not {expected}");
    }
}

#[test]
fn a_flow_comes_back_from_its_parameters() {
    let flow = HostFlow::random(&config(), 5).unwrap();
    let parameters: BTreeMap<_, _> = flow.named_parameters().into_iter().collect();
    let restored = HostFlow::from_parameters(&config(), &parameters).unwrap();
    assert_eq!(log_likelihoods(&restored), log_likelihoods(&flow));
    assert_eq!(restored.named_parameters(), flow.named_parameters());
}

#[test]
fn parameters_that_do_not_fit_are_refused() {
    let flow = HostFlow::random(&config(), 5).unwrap();
    let parameters: BTreeMap<_, _> = flow.named_parameters().into_iter().collect();
    let name = "block.1.output_bias";

    let mut fewer = parameters.clone();
    fewer.remove(name);
    let error = HostFlow::from_parameters(&config(), &fewer).unwrap_err();
    assert!(matches!(error, FlowError::MissingParameter { name: n } if n == name));

    let mut shorter = parameters.clone();
    shorter.get_mut(name).unwrap().values.pop();
    let error = HostFlow::from_parameters(&config(), &shorter).unwrap_err();
    assert!(error.to_string().contains("with 7 values"), "{error}");

    let narrow = config().with_condition(4);
    let error = HostFlow::from_parameters(&narrow, &parameters).unwrap_err();
    assert!(matches!(error, FlowError::ParameterShape { .. }));
    let empty = config().with_blocks(0);
    let error = HostFlow::from_parameters(&empty, &parameters).unwrap_err();
    assert!(matches!(error, FlowError::Setting { .. }));
}

#[cfg(feature = "burn")]
#[test]
fn the_way_through_tensors_gives_the_same_bits() {
    let device = burn::tensor::Device::flex();
    let host = HostFlow::random(&config(), 5).unwrap();
    let flow = config().init(5, &device).unwrap();
    let through_tensors = HostFlow::new(&flow).unwrap();
    assert_eq!(through_tensors.parameters(), host.parameters());
    assert_eq!(log_likelihoods(&through_tensors), log_likelihoods(&host));

    let condition = PositionalEncoding::new(8).unwrap();
    let condition = condition.rows(SIDE, SIDE, &device);
    let data = burn::tensor::TensorData::new(rows(), [SIDE * SIDE, DIMENSION]);
    let output = flow.forward(
        burn::tensor::Tensor::from_data(data, &device),
        Some(condition),
    );
    let values = output.log_likelihood_per_dimension().into_data();
    let values = values.try_to_vec::<f32>().unwrap();
    for (found, expected) in values.iter().zip(ON_TENSORS) {
        assert!((found - expected).abs() < 1e-5, "{found}, not {expected}");
    }
}

/// From the flow on Burn's tensors with the same seed.
const ON_TENSORS: [f32; SIDE * SIDE] = [
    -1.7733824, -1.4737028, -1.6907337, -1.6678399, -1.4429724, -1.8040335, -1.5598825, -1.5111251,
    -1.7798601, -1.479872, -1.5669935, -1.7909266, -1.4908977, -1.7045196, -1.6333133, -1.4485801,
];
