//! Converts a network's parameters from single precision to bytes.

use std::collections::BTreeMap;

use super::inputs::ProductInputs;
use super::product::Weights;
use super::seen::Seen;
use crate::backbone::NamedTensor;
use crate::plan::{Parameter, Plan, Step};

/// The largest weight in bytes.
const LARGEST_WEIGHT: f32 = 127.0;

/// A network's parameters in bytes, fitted to the inputs that its products had.
pub(crate) fn in_bytes(
    plan: &Plan,
    parameters: &[NamedTensor],
    inputs: &ProductInputs,
) -> Vec<NamedTensor> {
    let tensors = parameters.iter();
    let tensors: BTreeMap<&str, &NamedTensor> = tensors.map(|t| (t.name.as_str(), t)).collect();
    let products: BTreeMap<&str, &[Seen]> = plan
        .products()
        .map(|product| product.name.as_str())
        .zip(inputs.of_products.iter().map(Vec::as_slice))
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
    parameters
}

/// Rounds a matrix to whole numbers, and returns it with each row's scale.
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
