//! Reads and checks the stored parameters of byte networks.

use crate::architecture::Architecture;
use crate::backbone::NamedTensor;
use crate::error::BackboneError;
use crate::plan::{Convolution, Parameter, Plan, Step};
use crate::table::Table;

/// The largest weight in bytes.
const LARGEST_WEIGHT: f32 = 127.0;

/// Whether these stored parameters are a byte network's.
pub(crate) fn is_in_bytes(plan: &Plan, table: &Table) -> bool {
    let first = plan.products().next().map(Convolution::byte_parameters);
    first.is_some_and(|[(scale, _), ..]| table.contains(&scale))
}

/// The stored parameters of a byte network, checked when they are collected.
pub(crate) struct Whole<'a> {
    pub table: &'a Table,
    pub architecture: Architecture,
}

impl Whole<'_> {
    /// All parameters, in the order in which the steps run.
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
