//! The fixed first layer of a flow as a model file has it.

use std::collections::BTreeMap;

use bgad_flow::Parameter;

use super::position_means::PositionMeans;
use crate::config::choices::{FeatureMean, FeatureScaling};
use crate::config::settings::TrainerConfig;
use crate::error::{Error, Result};
use crate::features::flow_inputs::FlowInput;

/// The mean's name in a model file, after the level's.
pub(super) const MEAN: &str = "scaling.mean";
/// The factors' name.
pub(super) const FACTORS: &str = "scaling.factors";

/// `(x - mean) · factors`, with the level's mean or each position's.
#[derive(Debug, Clone)]
pub(crate) struct FixedLayer {
    /// `[dimension]`.
    pub mean: Vec<f32>,
    /// `[dimension, dimension]`, or of a diagonal matrix the diagonal, `[dimension]`.
    pub factors: Vec<f32>,
    /// What positions' means lie apart from the mean.
    pub positions: Option<PositionMeans>,
}

impl FixedLayer {
    /// That of an input's flow, which is taken out of the flow's `parameters`; none where features are
    /// taken as they are.
    pub fn restore(
        config: &TrainerConfig,
        input: &FlowInput,
        parameters: &mut BTreeMap<String, Parameter>,
    ) -> Result<Option<Self>> {
        let dimension = input.dimension;
        let rows = match config.feature_scaling {
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
                    format!("of the shape {shape:?}"),
                    format!("[{rows}, {dimension}]"),
                ))
            }
        };
        let mean = take(MEAN, 1)?;
        let factors = take(FACTORS, rows)?;
        let side = match config.feature_mean {
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
