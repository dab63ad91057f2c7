//! The fixed first layer of a flow, as stored in a model file.

use std::collections::BTreeMap;

use bgad_flow::Parameter;

use super::position_means::PositionMeans;
use crate::config::checked::CheckedConfig;
use crate::config::choices::{FeatureMean, FeatureScaling};
use crate::error::{Error, Result};
use crate::features::flow_inputs::FlowInput;

/// The mean's name in a model file, after the level's.
pub(super) const MEAN: &str = "scaling.mean";
/// The factors' name.
pub(super) const FACTORS: &str = "scaling.factors";

/// `(x - mean) · factors`, with one mean per level or per position.
#[derive(Debug, Clone)]
pub(crate) struct FixedLayer {
    /// `[dimension]`.
    pub mean: Vec<f32>,
    /// A matrix `[dimension, dimension]`, or the diagonal of one, `[dimension]`.
    pub factors: Vec<f32>,
    /// Offsets of the positions' means from the mean.
    pub positions: Option<PositionMeans>,
}

impl FixedLayer {
    /// Restores the layer of an input's flow and removes it from the flow's `parameters`; `None` if features
    /// are not scaled.
    pub fn restore(
        config: &CheckedConfig,
        input: &FlowInput,
        parameters: &mut BTreeMap<String, Parameter>,
    ) -> Result<Option<Self>> {
        let dimension = input.dimension;
        let rows = match config.features.scaling {
            FeatureScaling::None => return Ok(None),
            FeatureScaling::Standardize => 1,
            FeatureScaling::Whiten => dimension,
        };
        let mut take = |name: &str, rows: usize| match parameters.remove(name) {
            Some(Parameter { shape, values }) if shape == [rows, dimension] => Ok(values),
            other => {
                let shape = other.map(|parameter| parameter.shape);
                Err(Error::state(
                    name,
                    format!("of shape {shape:?}"),
                    format!("[{rows}, {dimension}]"),
                ))
            }
        };
        let mean = take(MEAN, 1)?;
        let factors = take(FACTORS, rows)?;
        let side = match config.features.mean {
            FeatureMean::Position => input.side,
            FeatureMean::Level => None,
        };
        let positions = side.map(|side| side * side);
        let positions = positions.map(|count| PositionMeans::restore(count, dimension, parameters));
        Ok(Some(Self {
            mean,
            factors,
            positions: positions.transpose()?,
        }))
    }
}
