//! The same numbers on every backend: forward passes, gradients, optimizer steps and scores, compared with
//! our own code on the CPU or, if there is none, with Burn's `flex`.
//!
//! The compiled-in CPU backends are always tested; `BGAD_DEVICES` names others, such as `vulkan` or
//! `cuda:0,cuda:1`, which must exist.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]
#![recursion_limit = "256"]

mod common;

use std::collections::BTreeMap;

use bgad::{Device, DeviceKind, DeviceSelection, Objective, Trainer, load_image};
use bgad_backbone::{Architecture, Backbone, EfficientNet, FilterBank};
use bgad_flow::{Conditions, Flow, FlowConfig, HostFlow, PositionalEncoding};
use bgad_loss::LogLikelihoods;
use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::{Tensor, TensorData};

const DIMENSION: usize = 7;
const CONDITION: usize = 8;
const SIDE: usize = 6;
const ROWS: usize = SIDE * SIDE;
/// Number of normal rows in a mini-batch; the others are abnormal.
const NORMAL: usize = 28;

/// The devices to test.
fn selections() -> Vec<DeviceSelection> {
    let cpu = [DeviceKind::Flex, DeviceKind::Ndarray].into_iter();
    let cpu = cpu.filter(|kind| kind.is_compiled()).map(Into::into);
    let named = std::env::var("BGAD_DEVICES").unwrap_or_default();
    let named = named.split(',').filter(|name| !name.is_empty());
    let named = named.map(|name| name.parse().unwrap());
    cpu.chain(named).collect()
}

/// Runs `check` on each device.
fn on_each(check: impl Fn(&Device)) {
    let selections = selections();
    assert!(!selections.is_empty(), "no backend to try");
    for selection in selections {
        let device = selection.open().unwrap();
        println!("{selection}: {device:?}");
        check(&device);
    }
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
}

/// Equal within `tolerance` of the largest value.
#[track_caller]
fn close(what: &str, found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = |values: &mut dyn Iterator<Item = f32>| values.fold(0f32, |a, b| a.max(b.abs()));
    let scale = largest(&mut expected.iter().copied()).max(1e-6);
    let pairs = found.iter().zip(expected);
    assert!(found.iter().all(|value| value.is_finite()), "{what}");
    let difference = largest(&mut pairs.map(|(a, b)| a - b)) / scale;
    println!("{what}: {difference:.1e} of {scale:.2e}");
    assert!(
        difference <= tolerance,
        "{what}: {difference} > {tolerance}"
    );
}

/// Numbers around 0 that are neither regular nor random.
fn numbers(count: usize, seed: f32) -> Vec<f32> {
    (0..count)
        .map(|i| (i as f32 * 12.9898 + seed).sin() * 1.5)
        .collect()
}

#[test]
fn backbones_give_the_same_features() {
    let image = || TensorData::new(numbers(3 * 32 * 32, 1.0), [1, 3, 32, 32]);
    let of = |backbone: &dyn Backbone, device: &Device| {
        let levels = backbone.extract(Tensor::from_data(image(), device));
        levels.into_levels().into_iter().map(values).collect()
    };
    let network = |device: &Device| EfficientNet::random(Architecture::B0, &[4, 8], 3, device);
    let flex = Device::flex();
    // Through our own layers.
    let expected: Vec<Vec<f32>> = of(&network(&flex), &flex);
    let of_filters: Vec<Vec<f32>> = of(&FilterBank::new(&flex), &flex);
    on_each(|device| {
        let found: Vec<Vec<f32>> = of(&network(device).with_tensor_layers(), device);
        let filtered: Vec<Vec<f32>> = of(&FilterBank::new(device), device);
        let pairs = found.iter().zip(&expected);
        for (found, expected) in pairs.chain(filtered.iter().zip(&of_filters)) {
            close("features", found, expected, 1e-4);
        }
    });
}

fn flow(device: &Device) -> Flow {
    let config = FlowConfig::new(DIMENSION).with_condition(CONDITION);
    config.with_blocks(2).init(5, device).unwrap()
}

/// A mini-batch and its conditions.
fn rows(device: &Device) -> (Tensor<2>, Tensor<2>) {
    let x = TensorData::new(numbers(ROWS * DIMENSION, 2.0), [ROWS, DIMENSION]);
    let encoding = PositionalEncoding::new(CONDITION).unwrap();
    (
        Tensor::from_data(x, device),
        encoding.rows(SIDE, SIDE, device),
    )
}

#[test]
fn flows_go_forth_and_back_the_same() {
    let run = |device: &Device| {
        let (x, condition) = rows(device);
        let output = flow(device).forward(x, Some(condition.clone()));
        let likelihood = values(output.log_likelihood_per_dimension());
        let back = flow(device).inverse(output.latent.clone(), Some(condition));
        [values(output.latent), likelihood, values(back)]
    };
    let expected = run(&Device::flex());
    let host = HostFlow::new(&flow(&Device::flex())).unwrap();
    let encoding = PositionalEncoding::new(CONDITION).unwrap();
    let conditions = Conditions::positions(&encoding, SIDE, SIDE);
    let host = host.prepare(&conditions);
    let places: Vec<u32> = (0..ROWS as u32).collect();
    let x = values(rows(&Device::flex()).0);
    let of_host = host.log_likelihoods(&x, &places);
    on_each(|device| {
        let found = run(device);
        close(
            "likelihood beside our own code's",
            &found[1],
            &of_host,
            1e-4,
        );
        for ((what, found), expected) in ["latent", "likelihood", "inverse"]
            .iter()
            .zip(&found)
            .zip(&expected)
        {
            close(what, found, expected, 1e-4);
        }
        close("to where it began", &found[2], &x, 1e-4);
    });
}

/// The BGAD-FAS loss of the mini-batch; every row contributes.
fn loss(flow: &Flow, device: &Device) -> Tensor<1> {
    let (x, condition) = rows(device);
    let output = flow.forward(x.autodiff(), Some(condition.autodiff()));
    let l = output.log_likelihood_per_dimension();
    let sides = LogLikelihoods {
        normal: Some(l.clone().narrow(0, 0, NORMAL)),
        abnormal: Some(l.narrow(0, NORMAL, ROWS - NORMAL)),
    };
    let objective = Objective::default();
    let boundary = objective.batch_boundary(&sides).unwrap();
    objective.bgad_fas(&sides, boundary.as_ref()).total
}

/// Gradients by the parameters' positions in the flow.
struct Gradients<'a> {
    of: &'a GradientsParams,
    found: Vec<Vec<f32>>,
}

impl ModuleVisitor for Gradients<'_> {
    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
        let gradient = self.of.get::<D>(parameter.id);
        self.found.push(gradient.map(values).unwrap_or_default());
    }
}

fn gradients(flow: &Flow, device: &Device) -> (GradientsParams, Vec<Vec<f32>>) {
    let of = GradientsParams::from_grads(loss(flow, device).backward(), flow);
    let mut visitor = Gradients {
        of: &of,
        found: Vec::new(),
    };
    flow.visit(&mut visitor);
    let found = visitor.found;
    (of, found)
}

#[test]
fn gradients_and_three_steps_are_the_same() {
    let run = |device: &Device| {
        let mut trained = flow(&device.clone().autodiff());
        let first = values(loss(&trained, device).inner());
        let (_, gradients_at_first) = gradients(&trained, device);
        let mut adam = AdamConfig::new().with_epsilon(1e-8).init();
        for _ in 0..3 {
            let (gradients, _) = gradients(&trained, device);
            trained = adam.step(1e-3, trained, gradients);
        }
        let last = values(loss(&trained, device).inner());
        let parameters: BTreeMap<_, _> = trained.valid().parameters().into_iter().collect();
        (first, gradients_at_first, parameters, last)
    };
    let expected = run(&Device::flex());
    assert!(expected.3[0] < expected.0[0], "nothing was learnt");
    on_each(|device| {
        let found = run(device);
        close("loss", &found.0, &expected.0, 1e-4);
        let with_gradient = expected.1.iter().filter(|values| !values.is_empty());
        assert!(
            with_gradient.count() >= 14,
            "a part of the flow learns nothing"
        );
        for (found, expected) in found.1.iter().zip(&expected.1) {
            close("gradient", found, expected, 1e-3);
        }
        for ((name, found), expected) in found.2.iter().zip(expected.2.values()) {
            let of = |data: &TensorData| data.clone().try_to_vec::<f32>().unwrap();
            close(name, &of(found), &of(expected), 1e-3);
        }
        close("loss after three steps", &found.3, &expected.3, 1e-3);
    });
}

#[test]
fn a_trained_model_scores_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let dataset = common::parts(folder.path());
    let image = load_image(&dataset.test[0].path).unwrap();
    let config = common::settings().with(|config| {
        config.input.image_size = Some(32);
        config.pooled.folds = 0;
        config.schedule.image_steps = 2;
        config.schedule.mini_batch_size = 64;
        config.schedule.meta_epochs = 2;
        config.schedule.evaluate = bgad::EvaluateWhen::Never;
    });
    let run = |devices: &[DeviceSelection]| {
        let trainer = Trainer::new(config.clone()).on_all(devices.iter().copied());
        let detector = trainer.fit(&dataset).unwrap();
        let maps = detector.log_likelihoods(&image).unwrap();
        let prediction = detector.predict(&image).unwrap();
        let levels = maps.into_iter().flat_map(|maps| maps.levels);
        let likelihoods = levels.map(|level| level.values);
        let map = prediction.map.unwrap().values;
        (likelihoods.collect::<Vec<_>>(), map, prediction.score)
    };
    let selections = selections();
    // Through our own CPU code, if compiled in.
    let expected = run(&selections[..1]);
    // Training on two devices at once uses Burn's operations on every backend.
    let twice = [[selections[0]; 2]];
    let others = selections[1..].chunks(1);
    for devices in others.chain(twice.iter().map(|pair| &pair[..])) {
        println!("{devices:?}");
        let found = run(devices);
        for (found, expected) in found.0.iter().zip(&expected.0) {
            close("log-likelihoods", found, expected, 2e-3);
        }
        close("score map", &found.1, &expected.1, 2e-3);
        close("score", &[found.2], &[expected.2], 2e-3);
    }
}
