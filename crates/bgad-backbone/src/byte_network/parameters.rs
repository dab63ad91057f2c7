//! Parameters of networks in bytes, as they are stored and handed out.

use std::collections::BTreeMap;
use std::convert::Infallible;

use super::product::{Seen, Weights};
use crate::architecture::Architecture;
use crate::backbone::NamedTensor;
use crate::error::BackboneError;
use crate::network::Network;
use crate::plan::{ByteSteps, Convolution, Parameter, ParameterSource, Plan, SqueezeExcite, Step};
use crate::table::Table;

/// The largest weight in bytes.
const LARGEST_WEIGHT: f32 = 127.0;

/// Whether stored parameters are of a network in bytes.
pub(crate) fn is_in_bytes(plan: &Plan, table: &Table) -> bool {
    let first = plan.products().next().map(Convolution::byte_parameters);
    first.is_some_and(|[(scale, _), ..]| table.contains(&scale))
}

/// Stored parameters of a network in bytes, checked.
pub(crate) struct Whole<'a> {
    pub table: &'a Table,
    pub architecture: Architecture,
}

impl Whole<'_> {
    /// All of them, in the order the steps run.
    pub fn collect(&self, plan: &Plan) -> Result<Vec<NamedTensor>, BackboneError> {
        let any = |_: f32| true;
        let mut parameters = Vec::new();
        for parameter in plan.stem.parameters() {
            parameters.push(self.take(parameter, any, "")?);
        }
        for step in plan.stages.iter().flatten().flat_map(|block| &block.steps) {
            match step {
                Step::Convolution(step) if step.depthwise => {
                    for parameter in step.parameters() {
                        parameters.push(self.take(parameter, any, "")?);
                    }
                }
                Step::Convolution(step) => {
                    let [weight, bias] = step.parameters();
                    let [scale, input_step, zero] = step.byte_parameters();
                    parameters.push(self.take(weight, is_weight, WEIGHT)?);
                    parameters.push(self.take(bias, any, "")?);
                    parameters.push(self.take(scale, is_positive, POSITIVE)?);
                    parameters.push(self.take(input_step, is_positive, POSITIVE)?);
                    parameters.push(self.take(zero, is_byte, BYTE)?);
                }
                Step::SqueezeExcite(step) => {
                    let [reduce, reduce_bias, expand, expand_bias] = step.parameters();
                    for weight in [reduce, expand] {
                        parameters.push(self.take(weight, is_weight, WEIGHT)?);
                    }
                    for bias in [reduce_bias, expand_bias] {
                        parameters.push(self.take(bias, any, "")?);
                    }
                    for scale in step.byte_parameters() {
                        parameters.push(self.take(scale, is_positive, POSITIVE)?);
                    }
                }
            }
        }
        Ok(parameters)
    }

    fn take(
        &self,
        parameter: Parameter,
        sound: impl Fn(f32) -> bool,
        expected: &'static str,
    ) -> Result<NamedTensor, BackboneError> {
        let tensor = self.table.copy(parameter, self.architecture)?;
        match tensor.values.iter().position(|value| !sound(*value)) {
            None => Ok(tensor),
            Some(index) => Err(BackboneError::OutOfRange {
                file: self.table.source.clone(),
                found: tensor.values[index],
                tensor: tensor.name,
                index,
                expected,
            }),
        }
    }
}

const WEIGHT: &str = "a whole number from -127 to 127";
const BYTE: &str = "a whole number from 0 to 127";
const POSITIVE: &str = "a positive number";

fn is_weight(value: f32) -> bool {
    value.fract() == 0.0 && value.abs() <= LARGEST_WEIGHT
}

fn is_byte(value: f32) -> bool {
    is_weight(value) && value >= 0.0
}

fn is_positive(value: f32) -> bool {
    value > 0.0
}

/// Parameters of a network in bytes, handed out again.
pub(crate) struct InBytes<'a> {
    tensors: BTreeMap<&'a str, &'a NamedTensor>,
    /// Whether weights are to be what whole numbers stand for.
    single: bool,
}

impl<'a> InBytes<'a> {
    /// Those of `network`, in single precision if wanted.
    pub fn of(network: &'a Network, single: bool) -> Self {
        let tensors = network.parameters.iter();
        Self {
            tensors: tensors.map(|t| (t.name.as_str(), t)).collect(),
            single,
        }
    }

    fn get(&self, (name, shape): Parameter) -> NamedTensor {
        // They were collected by the same plan.
        let found = self.tensors.get(name.as_str()).copied().cloned();
        found.unwrap_or_else(|| NamedTensor {
            name,
            values: vec![0.0; shape.iter().product()],
            shape,
        })
    }

    fn steps_of(&self, plan: &Convolution) -> Option<ByteSteps> {
        let [scale, step, zero] = plan.byte_parameters();
        let stored = !plan.depthwise && self.tensors.contains_key(scale.0.as_str());
        stored.then(|| ByteSteps {
            scales: self.get(scale).values,
            steps: self.get(step).values,
            zeros: self.get(zero).values,
        })
    }
}

impl ParameterSource for InBytes<'_> {
    type Error = Infallible;

    fn convolution(&mut self, plan: &Convolution) -> Result<[NamedTensor; 2], Infallible> {
        let [mut weight, bias] = plan.parameters().map(|parameter| self.get(parameter));
        let steps = self.steps_of(plan).filter(|_| self.single);
        if let Some(ByteSteps { scales, steps, .. }) = steps {
            let taps = plan.kernel * plan.kernel;
            let outputs = weight.values.chunks_exact_mut((plan.inputs * taps).max(1));
            for (output, scale) in outputs.zip(scales) {
                for (taps, step) in output.chunks_exact_mut(taps).zip(&steps) {
                    taps.iter_mut().for_each(|weight| *weight *= scale / step);
                }
            }
        }
        Ok([weight, bias])
    }

    fn gate(&mut self, plan: &SqueezeExcite) -> Result<[NamedTensor; 4], Infallible> {
        let [mut reduce, reduce_bias, mut expand, expand_bias] =
            plan.parameters().map(|parameter| self.get(parameter));
        let scales = plan.byte_parameters().map(|parameter| self.get(parameter));
        for (weight, scales) in [&mut reduce, &mut expand].into_iter().zip(scales) {
            let inputs = weight.values.len() / scales.values.len().max(1);
            let outputs = weight.values.chunks_exact_mut(inputs.max(1));
            for (output, scale) in outputs.zip(scales.values) {
                output.iter_mut().for_each(|weight| *weight *= scale);
            }
        }
        Ok([reduce, reduce_bias, expand, expand_bias])
    }

    fn steps(&mut self, plan: &Convolution) -> Result<Option<ByteSteps>, Infallible> {
        Ok(self.steps_of(plan).filter(|_| !self.single))
    }
}

/// A network's parameters in bytes, fitted to what its products have seen.
pub(super) fn in_bytes(network: &Network, seen: &[Vec<Seen>]) -> Network {
    let plan = network.plan();
    let tensors = network.parameters.iter();
    let tensors: BTreeMap<&str, &NamedTensor> = tensors.map(|t| (t.name.as_str(), t)).collect();
    let products: BTreeMap<&str, &[Seen]> = plan
        .products()
        .map(|product| product.name.as_str())
        .zip(seen.iter().map(Vec::as_slice))
        .collect();
    let mut parameters: Vec<NamedTensor> = Vec::new();
    let get = |(name, _): &Parameter| tensors.get(name.as_str()).copied().cloned();
    parameters.extend(plan.stem.parameters().iter().filter_map(get));
    for step in plan.stages.iter().flatten().flat_map(|block| &block.steps) {
        match step {
            Step::Convolution(step) => {
                let seen = products.get(step.name.as_str()).filter(|_| !step.depthwise);
                let [weight, bias] = step.parameters().map(|parameter| get(&parameter));
                let (Some(mut weight), Some(mut bias)) = (weight, bias) else {
                    continue; // Never: the same plan collected them.
                };
                let mut others = Vec::new();
                if let Some(seen) = seen {
                    let strip = match step.kernel {
                        1 => step.inputs,
                        kernel => kernel * step.inputs,
                    };
                    let fitted = Weights {
                        values: &weight.values,
                        inputs: step.inputs,
                        taps: step.kernel * step.kernel,
                        strip,
                    }
                    .fit(seen);
                    weight.values = fitted.weights;
                    let shifted = bias.values.iter_mut().zip(fitted.shift);
                    shifted.for_each(|(bias, shift)| *bias += shift);
                    let values = [fitted.scales, fitted.steps, fitted.zeros];
                    let named = step.byte_parameters().into_iter().zip(values);
                    others.extend(named.map(|((name, shape), values)| NamedTensor {
                        name,
                        shape,
                        values,
                    }));
                }
                parameters.extend([weight, bias]);
                parameters.extend(others);
            }
            Step::SqueezeExcite(step) => {
                let stored: Vec<NamedTensor> = step.parameters().iter().filter_map(get).collect();
                let mut scales = step.byte_parameters().into_iter();
                for tensor in stored {
                    if !tensor.name.ends_with(".weight") {
                        parameters.push(tensor);
                        continue;
                    }
                    let Some((name, shape)) = scales.next() else {
                        continue; // Never: there are two of each.
                    };
                    let (whole, values) = whole_rows(tensor, shape.iter().product());
                    parameters.push(whole);
                    parameters.push(NamedTensor {
                        name,
                        shape,
                        values,
                    });
                }
            }
        }
    }
    Network {
        parameters,
        in_bytes: true,
        ..network.clone()
    }
}

/// A matrix of whole numbers, and each row's scale.
fn whole_rows(mut tensor: NamedTensor, rows: usize) -> (NamedTensor, Vec<f32>) {
    let columns = (tensor.values.len() / rows.max(1)).max(1);
    let mut scales = Vec::with_capacity(rows);
    for row in tensor.values.chunks_exact_mut(columns) {
        let largest = row.iter().fold(0.0_f32, |most, w| most.max(w.abs()));
        let scale = match largest > 0.0 {
            true => largest / LARGEST_WEIGHT,
            false => 1.0,
        };
        let whole = |w: f32| (w / scale).round().clamp(-LARGEST_WEIGHT, LARGEST_WEIGHT);
        row.iter_mut().for_each(|w| *w = whole(*w));
        scales.push(scale);
    }
    (tensor, scales)
}
