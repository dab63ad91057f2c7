//! The flows of all levels, and the log-likelihoods that they give.

use bgad_backbone::Level;
use bgad_flow::{Flow, FlowConfig, PositionalEncoding};
use burn::tensor::{Device, Tensor};

use crate::config::{Granularity, TrainerConfig};
use crate::features::{ImageFeatures, dimension, map_size};
use crate::random::{self, Purpose};
use crate::{Error, Result};

/// One image's per-dimension log-likelihoods at each level, finest first.
///
/// At pixel granularity each level is a map, row-major; at image granularity a single value.
#[derive(Debug, Clone, PartialEq)]
pub struct LogLikelihoodMaps {
    /// The levels' maps.
    pub levels: Vec<LogLikelihoodMap>,
}

/// One level of [`LogLikelihoodMaps`].
#[derive(Debug, Clone, PartialEq)]
pub struct LogLikelihoodMap {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// `log p / d` of each position, row-major.
    pub values: Vec<f32>,
}

/// The configuration of a level's flow.
pub(crate) fn flow_config(
    config: &TrainerConfig,
    granularity: Granularity,
    level: Level,
) -> FlowConfig {
    let dimension = dimension(level.channels, granularity, config.pooling);
    let flow = FlowConfig::new(dimension).with_blocks(config.coupling_blocks);
    match granularity {
        Granularity::Pixel => flow.with_condition(config.position_dimension),
        Granularity::Image => flow,
    }
}

/// Untrained flows, a level each.
pub(crate) fn init(
    config: &TrainerConfig,
    granularity: Granularity,
    levels: &[Level],
    device: &Device,
) -> Result<Vec<Flow>> {
    let flows = levels.iter().enumerate().map(|(index, level)| {
        let seed = random::seed(config.seed, Purpose::Flow, index as u64);
        Ok(flow_config(config, granularity, *level).init(seed, device)?)
    });
    flows.collect()
}

/// The conditions of all positions, a level each: `[height · width, dimension]`; none at image
/// granularity.
pub(crate) fn conditions(
    config: &TrainerConfig,
    granularity: Granularity,
    levels: &[Level],
    device: &Device,
) -> Result<Vec<Option<Tensor<2>>>> {
    let encoding = PositionalEncoding::new(config.position_dimension)?;
    let of_level = |level: &Level| match granularity {
        Granularity::Image => None,
        Granularity::Pixel => {
            let size = map_size(config.image_size, level.stride);
            Some(encoding.rows(size, size, device))
        }
    };
    Ok(levels.iter().map(of_level).collect())
}

/// The log-likelihoods of one image, computed alone.
pub(crate) fn log_likelihood_maps(
    flows: &[Flow],
    conditions: &[Option<Tensor<2>>],
    features: &ImageFeatures,
) -> Result<LogLikelihoodMaps> {
    let levels = flows.iter().zip(conditions).zip(&features.levels);
    let maps = levels.map(|((flow, condition), x)| {
        let rows = x.dims()[0];
        let output = flow.forward(x.clone(), condition.clone());
        let values = read(output.log_likelihood_per_dimension())?;
        let side = rows.isqrt();
        Ok(LogLikelihoodMap {
            width: side,
            height: side,
            values,
        })
    });
    Ok(LogLikelihoodMaps {
        levels: maps.collect::<Result<_>>()?,
    })
}

/// The values of a tensor, on the host.
pub(crate) fn read<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>> {
    let data = tensor
        .try_into_data()
        .map_err(|error| Error::Device(error.to_string()))?;
    data.try_to_vec::<f32>()
        .map_err(|error| Error::Device(format!("{error:?}")))
}
