//! The flows of all levels, and the log-likelihoods that they give.

use bgad_backbone::Level;
use bgad_flow::{Conditions, Flow, FlowConfig, HostFlow, PositionalEncoding, PreparedFlow};
use burn::tensor::{Device, Tensor, TensorData};

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

/// The places that a level's vectors can have, which are its flow's conditions.
pub(crate) struct Places {
    /// The encoding and the map's width and height; none at image granularity.
    positions: Option<(PositionalEncoding, usize)>,
}

impl Places {
    pub fn new(config: &TrainerConfig, granularity: Granularity, level: Level) -> Result<Self> {
        let positions = match granularity {
            Granularity::Image => None,
            Granularity::Pixel => Some((
                PositionalEncoding::new(config.position_dimension)?,
                map_size(config.image_size, level.stride),
            )),
        };
        Ok(Self { positions })
    }

    /// The conditions as tables.
    pub fn on_host(&self) -> Conditions {
        match &self.positions {
            Some((encoding, size)) => Conditions::positions(encoding, *size, *size),
            None => Conditions::none(),
        }
    }

    /// The condition of each place: `[height · width, dimension]`.
    pub fn on_device(&self, device: &Device) -> Option<Tensor<2>> {
        let positions = self.positions.as_ref();
        positions.map(|(encoding, size)| encoding.rows(*size, *size, device))
    }
}

/// A trained level's flow, ready for whole images.
#[derive(Debug)]
pub(crate) enum LevelFlow {
    /// On the CPU.
    Host(Box<PreparedFlow<'static>>),
    /// On any device, with the condition of each place.
    Device(Box<(Flow, Option<Tensor<2>>)>),
}

impl LevelFlow {
    pub fn new(flow: Flow, places: &Places, device: &Device) -> Result<Self> {
        if !crate::device::is_host(device) {
            return Ok(Self::Device(Box::new((flow, places.on_device(device)))));
        }
        let flow = HostFlow::new(&flow)?;
        let prepared = flow.prepare(&places.on_host()).into_owned();
        Ok(Self::Host(Box::new(prepared)))
    }

    /// All parameters on the host, by name.
    pub fn parameters(&self) -> Vec<(String, TensorData)> {
        match self {
            Self::Host(flow) => flow.flow().parameters(),
            Self::Device(device) => device.0.parameters(),
        }
    }

    /// The flow on `device`, for what only it can do.
    #[cfg(feature = "report")]
    pub fn to_flow(&self, device: &Device) -> Result<Flow> {
        match self {
            Self::Host(flow) => Ok(flow.flow().to_flow(device)?),
            Self::Device(flow) => Ok(flow.0.clone()),
        }
    }

    /// The per-dimension log-likelihoods of one image's vectors at this level.
    fn log_likelihoods(&self, x: Tensor<2>) -> Result<Vec<f32>> {
        match self {
            Self::Host(flow) => {
                let places: Vec<u32> = (0..x.dims()[0] as u32).collect();
                Ok(flow.log_likelihoods(&read(x)?, &places))
            }
            Self::Device(device) => {
                let (flow, condition) = device.as_ref();
                let output = flow.forward(x, condition.clone());
                read(output.log_likelihood_per_dimension())
            }
        }
    }
}

/// The log-likelihoods of one image, computed alone.
pub(crate) fn log_likelihood_maps(
    flows: &[LevelFlow],
    features: &ImageFeatures,
) -> Result<LogLikelihoodMaps> {
    let maps = flows.iter().zip(&features.levels).map(|(flow, x)| {
        let side = x.dims()[0].isqrt();
        Ok(LogLikelihoodMap {
            width: side,
            height: side,
            values: flow.log_likelihoods(x.clone())?,
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
