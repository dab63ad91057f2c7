//! A plan's parameters, taken from a source once and handed out again.

use std::convert::Infallible;

use crate::backbone::NamedTensor;
use crate::plan::{Convolution, Parameter, ParameterSource, Plan, SqueezeExcite, Step};

impl Plan {
    /// Every parameter, in the order the steps run.
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

/// What [`Plan::collect`] gave, handed out again.
pub(crate) struct Collected<'a>(pub std::slice::Iter<'a, NamedTensor>);

impl Collected<'_> {
    fn next(&mut self, (name, shape): Parameter) -> NamedTensor {
        // There are as many as the same plan asked for.
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
