//! The parameters of a block: names, shapes, values on the host, and the method's constants.

use std::collections::BTreeMap;

use crate::{FlowConfig, FlowError};

/// The factor before the softplus of the global scale.
pub const GLOBAL_SCALE_FACTOR: f64 = 0.1;
/// The sharpness of the softplus: `softplus(g) = ln(1 + exp(g · β)) / β`.
pub(crate) const SOFTPLUS_BETA: f64 = 0.5;
/// The subnet's output is multiplied by this factor.
pub(crate) const SUBNET_FACTOR: f64 = 0.1;

/// Values on the host with their extents.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Extents, outermost first.
    pub shape: Vec<usize>,
    /// As many values as the shape holds, row-major.
    pub values: Vec<f32>,
}

/// The shapes of a block's parameters, in the order in which they are drawn and stored.
pub(crate) fn shapes(config: &FlowConfig) -> Vec<(&'static str, Vec<usize>)> {
    let (kept, changed) = config.split();
    let condition = config.condition.unwrap_or(0);
    let hidden = 2 * (kept + condition);
    let mut shapes = vec![("input_weight", vec![kept, hidden])];
    if condition > 0 {
        shapes.push(("condition_weight", vec![condition, hidden]));
    }
    shapes.extend([
        ("input_bias", vec![hidden]),
        ("output_weight", vec![hidden, 2 * changed]),
        ("output_bias", vec![2 * changed]),
        ("global_scale", vec![config.dimension]),
        ("global_offset", vec![config.dimension]),
        ("rotation", vec![config.dimension, config.dimension]),
    ]);
    shapes
}

/// The full name of a block's parameter, as in a model file.
pub(crate) fn full_name(index: usize, name: &str) -> String {
    format!("block.{index}.{name}")
}

/// The values of a parameter that must exist and have this shape.
pub(crate) fn find<'p>(
    parameters: &'p BTreeMap<String, Parameter>,
    name: String,
    shape: &[usize],
) -> Result<&'p [f32], FlowError> {
    let Some(parameter) = parameters.get(&name) else {
        return Err(FlowError::MissingParameter { name });
    };
    let count: usize = shape.iter().product();
    if parameter.shape != shape || parameter.values.len() != count {
        let (found, values) = (&parameter.shape, parameter.values.len());
        return Err(FlowError::ParameterShape {
            name,
            found: format!("F32 {found:?} with {values} values"),
            expected: format!("F32 {shape:?}"),
        });
    }
    Ok(&parameter.values)
}
