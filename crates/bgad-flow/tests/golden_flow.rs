//! The flow compared with FrEIA's, and the positional encoding, on reference vectors.
//!
//! The files contain parameters, what the flow computes with them, and the parameters after three steps of
//! Adam. In some files both names refer to the trained parameters, because `param.*` were saved by reference.
//! [`Case::recover`] then recovers the starting point from the gradients of the first step alone, and
//! everything else that the file computed from it (latent vectors, determinants, likelihoods, other
//! gradients, three losses) must agree.
#![cfg(feature = "burn")]

use std::collections::BTreeMap;

use bgad_flow::{Conditions, Flow, FlowConfig, HostAdam, HostFlow, PositionalEncoding, Workspace};
use burn::module::Param;
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::{Device, Gradients, Tensor, TensorData, activation};

use crate::reader::{Golden, assert_close};

/// `[rows, columns]`, row-major, to `[columns, rows]`.
fn transposed(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    (0..columns)
        .flat_map(|c| (0..rows).map(move |r| values[r * columns + c]))
        .collect()
}

type Parameters = BTreeMap<String, TensorData>;

fn host(data: &TensorData) -> Vec<f32> {
    data.try_to_vec::<f32>().unwrap()
}

struct Case {
    golden: Golden,
    config: FlowConfig,
}

impl Case {
    fn open(name: &str) -> Self {
        let golden = Golden::open(name);
        let metadata = golden.metadata();
        let number = |key: &str| metadata[key].parse::<f64>().unwrap();
        let mut config = FlowConfig::new(number("dim") as usize)
            .with_blocks(number("blocks") as usize)
            .with_clamp(number("clamp"));
        if number("cond") > 0.0 {
            config = config.with_condition(number("cond") as usize);
        }
        Self { golden, config }
    }

    /// FrEIA's parameters of block `k` under `prefix`, with our names and layout.
    fn block(&self, prefix: &str, k: usize) -> Vec<(&'static str, Vec<usize>, Vec<f32>)> {
        let get = |name: &str| {
            let full = format!("{prefix}module_list.{k}.{name}");
            (self.golden.shape(&full), self.golden.f32(&full))
        };
        let d = self.config.dimension;
        let kept = d.div_ceil(2);
        let (shape, weight) = get("subnet.0.weight");
        let (hidden, inputs) = (shape[0], shape[1]);
        let weight = transposed(&weight, hidden, inputs);
        let (x, c) = weight.split_at(kept * hidden);
        let mut block = vec![("input_weight", vec![kept, hidden], x.to_vec())];
        if inputs > kept {
            block.push(("condition_weight", vec![inputs - kept, hidden], c.to_vec()));
        }
        let (shape, weight) = get("subnet.2.weight");
        block.push((
            "output_weight",
            vec![shape[1], shape[0]],
            transposed(&weight, shape[0], shape[1]),
        ));
        block.push(("input_bias", vec![hidden], get("subnet.0.bias").1));
        block.push(("output_bias", vec![shape[0]], get("subnet.2.bias").1));
        block.push(("global_scale", vec![d], get("global_scale").1));
        block.push(("global_offset", vec![d], get("global_offset").1));
        block
    }

    /// All parameters in the file under `prefix`, and the fixed rotations.
    fn parameters(&self, prefix: &str) -> Parameters {
        let d = self.config.dimension;
        let mut parameters = BTreeMap::new();
        for k in 0..self.config.blocks {
            let rotation = self.golden.f32(&format!("param.module_list.{k}.w_perm"));
            let mut block = self.block(prefix, k);
            block.push(("rotation", vec![d, d], rotation));
            for (name, shape, values) in block {
                parameters.insert(format!("block.{k}.{name}"), TensorData::new(values, shape));
            }
        }
        parameters
    }

    /// The parameters that the file's values were computed with, and whether they had to be recovered.
    /// Recovered ones carry the rounding of three steps through all blocks.
    fn initial(&self, device: &Device) -> (Parameters, bool) {
        let (given, after) = (self.parameters("param."), self.parameters("after_adam."));
        if given == after {
            (self.recover(after, device), true)
        } else {
            (given, false)
        }
    }

    /// The parameters from which three steps of Adam lead to `after`, by fixed-point iteration.
    ///
    /// The first step uses the file's gradients, the other two are computed. Adam's steps hardly depend on a
    /// gradient's size, but if one is nearly zero, its sign must be the file's.
    fn recover(&self, after: Parameters, device: &Device) -> Parameters {
        let first: BTreeMap<String, Vec<f32>> = (0..self.config.blocks)
            .flat_map(|k| {
                let block = self.block("grad.", k).into_iter();
                block.map(move |(name, _, values)| (format!("block.{k}.{name}"), values))
            })
            .collect();
        let mut initial = after.clone();
        for _ in 0..30 {
            let mut moments: BTreeMap<&String, Vec<[f64; 2]>> = BTreeMap::new();
            let mut current = initial.clone();
            let mut gradients = first.clone();
            for step in 1..=3 {
                if step > 1 {
                    let flow = self.config.init_from(current.clone(), device).unwrap();
                    let value = loss(&flow, self.rows("x", device), self.condition(device));
                    gradients = gradients_of(&flow, &value.backward());
                }
                for (name, gradient) in &gradients {
                    let (name, data) = current.get_key_value(name).unwrap();
                    let name = first.get_key_value(name).unwrap().0;
                    let mut values = host(data);
                    let moment = moments.entry(name).or_insert(vec![[0.0; 2]; values.len()]);
                    for ((p, &g), [m, v]) in values.iter_mut().zip(gradient).zip(moment) {
                        let g = f64::from(g);
                        *m = 0.9 * *m + 0.1 * g;
                        *v = 0.999 * *v + 0.001 * g * g;
                        let mean = *m / (1.0 - 0.9f64.powi(step));
                        let variance = *v / (1.0 - 0.999f64.powi(step));
                        *p -= (2e-4 * mean / (variance.sqrt() + 1e-8)) as f32;
                    }
                    let data = TensorData::new(values, data.shape().clone());
                    current.insert(name.clone(), data);
                }
            }
            for (name, value) in &mut initial {
                let (target, reached) = (host(&after[name]), host(&current[name]));
                let mut moved = host(value);
                for ((m, t), r) in moved.iter_mut().zip(target).zip(reached) {
                    *m += t - r;
                }
                *value = TensorData::new(moved, value.shape().clone());
            }
        }
        initial
    }

    /// Three steps of Adam from `initial`: the resulting parameters, and the loss before each step.
    fn train(&self, initial: &Parameters, device: &Device) -> (Parameters, Vec<f32>) {
        let mut flow = self.config.init_from(initial.clone(), device).unwrap();
        let mut adam = AdamConfig::new().with_epsilon(1e-8).init();
        let mut losses = Vec::new();
        for _ in 0..3 {
            let value = loss(&flow, self.rows("x", device), self.condition(device));
            losses.extend(values(value.clone()));
            let gradients = GradientsParams::from_grads(value.backward(), &flow);
            flow = adam.step(2e-4, flow, gradients);
        }
        (flow.parameters().into_iter().collect(), losses)
    }

    fn rows(&self, name: &str, device: &Device) -> Tensor<2> {
        let shape = self.golden.shape(name);
        Tensor::from_data(
            TensorData::new(self.golden.f32(name), [shape[0], shape[1]]),
            device,
        )
    }

    fn condition(&self, device: &Device) -> Option<Tensor<2>> {
        self.config.condition.map(|_| self.rows("cond", device))
    }
}

fn loss(flow: &Flow, x: Tensor<2>, condition: Option<Tensor<2>>) -> Tensor<1> {
    let log_likelihood = flow.forward(x, condition).log_likelihood_per_dimension();
    activation::log_sigmoid(log_likelihood).mean().neg()
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec::<f32>().unwrap()
}

fn gradient<const D: usize>(parameter: &Param<Tensor<D>>, gradients: &Gradients) -> Vec<f32> {
    values(parameter.val().grad(gradients).expect("a gradient"))
}

/// The gradients of all trained parameters, by name.
fn gradients_of(flow: &Flow, gradients: &Gradients) -> BTreeMap<String, Vec<f32>> {
    let mut all = BTreeMap::new();
    for (k, block) in flow.blocks.iter().enumerate() {
        let mut add = |name: &str, values| all.insert(format!("block.{k}.{name}"), values);
        add("input_weight", gradient(&block.input_weight, gradients));
        if let Some(weight) = &block.condition_weight {
            add("condition_weight", gradient(weight, gradients));
        }
        add("input_bias", gradient(&block.input_bias, gradients));
        add("output_weight", gradient(&block.output_weight, gradients));
        add("output_bias", gradient(&block.output_bias, gradients));
        add("global_scale", gradient(&block.global_scale, gradients));
        add("global_offset", gradient(&block.global_offset, gradients));
    }
    all
}

/// Tensors differ in scale; the tolerance is relative to a tensor's largest value.
fn assert_close_to_scale(what: &str, found: &[f32], expected: &[f32], relative: f32) {
    let scale = expected.iter().fold(0f32, |m, v| m.max(v.abs()));
    assert_close(what, found, expected, 0.0, relative * scale);
}

/// Every value within `allowed`. With recovered parameters, a hidden unit at its ReLU's kink may switch
/// sides, which changes single elements, so two in a hundred may be off.
fn assert_elements(name: &str, found: &[f32], expected: &[f32], allowed: f32, recovered: bool) {
    if !recovered {
        return assert_close(name, found, expected, 0.0, allowed);
    }
    let off = |(f, e): &(&f32, &f32)| (*f - *e).abs() > allowed;
    let count = found.iter().zip(expected).filter(off).count();
    assert!(
        50 * count <= found.len(),
        "{name}: {count} of {} differ",
        found.len()
    );
}

fn check(name: &str) {
    let case = Case::open(name);
    let device = Device::flex().autodiff();
    let (initial, recovered) = case.initial(&device);
    let tolerance = if recovered { 5e-4 } else { 1e-4 };
    let flow = case.config.init_from(initial.clone(), &device).unwrap();
    let x = case.rows("x", &device).require_grad();
    let condition = case.condition(&device);

    let output = flow.forward(x.clone(), condition.clone());
    for (name, found) in [
        ("z", values(output.latent.clone())),
        ("log_det", values(output.log_determinant.clone())),
        ("log_p", values(output.log_likelihood())),
    ] {
        assert_close_to_scale(name, &found, &case.golden.f32(name), tolerance);
    }
    let restored = flow.inverse(output.latent, condition.clone());
    assert_close(
        "inverse",
        &values(restored),
        &case.golden.f32("x"),
        1e-4,
        1e-4,
    );

    let value = loss(&flow, x.clone(), condition.clone());
    assert_close(
        "loss",
        &values(value.clone()),
        &case.golden.f32("loss"),
        1e-4,
        0.0,
    );
    let gradients = value.backward();
    assert_close_to_scale(
        "grad_x",
        &values(x.grad(&gradients).unwrap()),
        &case.golden.f32("grad_x"),
        1e-3,
    );
    let found = gradients_of(&flow, &gradients);
    for k in 0..case.config.blocks {
        for (name, _, expected) in case.block("grad.", k) {
            let name = format!("block.{k}.{name}");
            let scale = expected.iter().fold(0f32, |m, v| m.max(v.abs()));
            assert_elements(&name, &found[&name], &expected, 1e-3 * scale, recovered);
        }
        let rotation = flow.blocks[k].rotation.val();
        assert!(rotation.grad(&gradients).is_none(), "the rotation is fixed");
    }

    let (after, losses) = case.train(&initial, &device);
    assert_close(
        "adam_losses",
        &losses,
        &case.golden.f32("adam_losses"),
        1e-4,
        0.0,
    );
    for (name, expected) in case.parameters("after_adam.") {
        assert_elements(
            &name,
            &host(&after[&name]),
            &host(&expected),
            1e-5,
            recovered,
        );
    }
}

/// The same file against the flow on slices: likelihoods, losses and three steps of Adam.
fn check_host(name: &str) {
    let case = Case::open(name);
    let device = Device::flex();
    let (initial, recovered) = case.initial(&device.clone().autodiff());
    let tolerance = if recovered { 5e-4 } else { 1e-4 };
    let flow = case.config.init_from(initial, &device).unwrap();
    let mut host = HostFlow::new(&flow).unwrap();
    let (x, d) = (case.golden.f32("x"), case.config.dimension);
    let conditions = match case.config.condition {
        Some(columns) => Conditions::rows(case.golden.f32("cond"), columns),
        None => Conditions::none(),
    };
    let places: Vec<u32> = (0..(x.len() / d) as u32).collect();

    let found = host.prepare(&conditions).log_likelihoods(&x, &places);
    let found: Vec<f32> = found.iter().map(|l| l * d as f32).collect();
    assert_close_to_scale("log_p", &found, &case.golden.f32("log_p"), tolerance);

    let (mut adam, mut workspace) = (HostAdam::new(), Workspace::default());
    let mut losses = Vec::new();
    for _ in 0..3 {
        let row = |i: usize| &x[i * d..(i + 1) * d];
        let slopes = |l: &[f32]| {
            let count = l.len() as f32;
            losses.push(l.iter().map(|l| (1.0 + (-l).exp()).ln()).sum::<f32>() / count);
            let slope = |l: &f32| -1.0 / (1.0 + l.exp()) / count;
            Ok::<_, ()>(Some(l.iter().map(slope).collect()))
        };
        let rows = (row, places.as_slice());
        let moved = host.step(&mut adam, 2e-4, rows, &conditions, &mut workspace, slopes);
        assert_eq!(moved, Ok(true));
    }
    let expected = case.golden.f32("adam_losses");
    assert_close("adam_losses", &losses, &expected, 1e-4, 0.0);
    let after: Parameters = host.parameters().into_iter().collect();
    for (name, expected) in case.parameters("after_adam.") {
        let (found, expected) = (self::host(&after[&name]), self::host(&expected));
        assert_elements(&name, &found, &expected, 1e-5, recovered);
    }
}

#[test]
fn golden_conditional_flow_on_slices() {
    check_host("flow_cond_20");
}

#[test]
fn golden_conditional_flow_of_odd_dimension_on_slices() {
    check_host("flow_cond_9_odd");
}

#[test]
fn golden_unconditional_flow_on_slices() {
    check_host("flow_uncond_16");
}

#[test]
fn golden_conditional_flow() {
    check("flow_cond_20");
}

#[test]
fn golden_conditional_flow_of_odd_dimension() {
    check("flow_cond_9_odd");
}

#[test]
fn golden_unconditional_flow() {
    check("flow_uncond_16");
}

#[test]
fn golden_positional_encoding() {
    let golden = Golden::open("positional_encoding");
    let names = golden.names();
    assert!(!names.is_empty());
    for name in names {
        let shape = golden.shape(&name);
        let encoding = PositionalEncoding::new(shape[0]).unwrap();
        let map = encoding.map(shape[1], shape[2], &Device::flex());
        assert_eq!(map.dims(), [shape[0], shape[1], shape[2]]);
        assert_close(&name, &values(map), &golden.f32(&name), 0.0, 1e-5);
    }
}
