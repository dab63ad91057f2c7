//! A parameter source for byte networks.

use std::collections::BTreeMap;
use std::convert::Infallible;

use crate::backbone::NamedTensor;
use crate::plan::{ByteSteps, Convolution, Parameter, ParameterSource, SqueezeExcite};

/// Serves the collected parameters of a byte network.
pub(crate) struct InBytes<'a> {
    tensors: BTreeMap<&'a str, &'a NamedTensor>,
    /// Whether to convert weights back to single precision.
    single: bool,
}

impl<'a> InBytes<'a> {
    /// Serves `parameters`; `single` converts weights back to single precision.
    pub fn of(parameters: &'a [NamedTensor], single: bool) -> Self {
        let tensors = parameters.iter();
        Self {
            tensors: tensors.map(|t| (t.name.as_str(), t)).collect(),
            single,
        }
    }

    fn get(&self, (name, shape): Parameter) -> NamedTensor {
        // The same plan collected them, so none is missing.
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
