//! Collects a plan's parameters from a source once, and serves them again.

use std::convert::Infallible;

use crate::backbone::NamedTensor;
use crate::plan::{Convolution, Parameter, ParameterSource, Plan, SqueezeExcite, Step};

impl Plan {
    /// All parameters, in the order in which the steps run.
    pub fn collect<S: ParameterSource>(
        &self,
        source: &mut S,
    ) -> Result<Vec<NamedTensor>, S::Error> {
        let mut parameters = Vec::from(source.convolution(&self.stem)?);
        let blocks = self.stages.iter().flatten();
        for step in blocks.flat_map(|block| &block.steps) {
            match step {
                Step::Convolution(step) => parameters.extend(source.convolution(step)?),
                Step::SqueezeExcite(step) => parameters.extend(source.gate(step)?),
            }
        }
        Ok(parameters)
    }
}

/// Serves the parameters that [`Plan::collect`] returned.
pub(crate) struct Collected<'a>(pub std::slice::Iter<'a, NamedTensor>);

impl Collected<'_> {
    fn next(&mut self, (name, shape): Parameter) -> NamedTensor {
        // The same plan collected them, so there are enough.
        self.0.next().cloned().unwrap_or_else(|| NamedTensor {
            name,
            values: vec![0.0; shape.iter().product()],
            shape,
        })
    }
}

impl ParameterSource for Collected<'_> {
    type Error = Infallible;

    fn convolution(&mut self, plan: &Convolution) -> Result<[NamedTensor; 2], Infallible> {
        Ok(plan.parameters().map(|parameter| self.next(parameter)))
    }

    fn gate(&mut self, plan: &SqueezeExcite) -> Result<[NamedTensor; 4], Infallible> {
        Ok(plan.parameters().map(|parameter| self.next(parameter)))
    }
}
