//! The flows of all levels, and the log-likelihoods that they give.

use bgad_flow::{Conditions, Flow, FlowConfig, HostFlow, PositionalEncoding, PreparedFlow};
use burn::tensor::{Device, Tensor, TensorData};
use rayon::prelude::*;

use super::likelihoods::{LogLikelihoodMap, LogLikelihoodMaps};
use super::whitening::Whitening;
use crate::config::checked::CheckedConfig;
use crate::device::host::{is_host, read};
use crate::error::Result;
use crate::features::extractor::ImageFeatures;
use crate::features::flow_inputs::FlowInput;
use crate::random::{self, Purpose};

/// The configuration of an input's flow.
pub(crate) fn flow_config(config: &CheckedConfig, input: &FlowInput) -> FlowConfig {
    let flow = FlowConfig::new(input.dimension)
        .with_blocks(config.flow.coupling_blocks)
        .with_start(config.flow.start);
    match input.is_pooled() {
        false => flow.with_condition(config.flow.position_dimension),
        true => flow,
    }
}

/// An untrained flow for an input. `number` tells apart the flows of a run, of which those of one input
/// may have the rotations of the `first` in common.
pub(crate) fn init(
    config: &CheckedConfig,
    input: &FlowInput,
    number: u64,
    device: &Device,
    first: Option<&Flow>,
) -> Result<Flow> {
    let seed = random::seed(config.seed, Purpose::Flow, number);
    let flow = flow_config(config, input);
    Ok(match first {
        Some(first) => flow.init_with_rotations_of(first, seed, device)?,
        None => flow.init(seed, device)?,
    })
}

/// The places that an input's vectors can have, which are its flow's conditions.
pub(crate) struct Places {
    /// The encoding and the map's width and height; none for pooled features.
    positions: Option<(PositionalEncoding, usize)>,
}

impl Places {
    pub fn new(config: &CheckedConfig, input: &FlowInput) -> Result<Self> {
        let positions = match input.side {
            None => None,
            Some(side) => Some((
                PositionalEncoding::new(config.flow.position_dimension)?,
                side,
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

/// A flow with the fixed first layer that its features go through.
#[derive(Debug, Clone)]
pub(crate) struct WhitenedFlow {
    pub scaling: Option<Whitening>,
    pub flow: Flow,
}

/// A trained flow, ready for whole images.
#[derive(Debug)]
pub(crate) struct LevelFlow {
    /// Whether it is one of pooled features.
    pooled: bool,
    scaling: Option<Whitening>,
    computed: Computed,
}

/// Where a flow is computed.
#[derive(Debug)]
enum Computed {
    /// On the CPU.
    Host(Box<PreparedFlow<'static>>),
    /// On any device, with the condition of each place.
    Device(Box<(Flow, Option<Tensor<2>>)>),
}

impl LevelFlow {
    pub fn new(flow: WhitenedFlow, places: &Places, device: &Device) -> Result<Self> {
        let WhitenedFlow { scaling, flow } = flow;
        let computed = match is_host(device) {
            false => Computed::Device(Box::new((flow, places.on_device(device)))),
            true => {
                let flow = HostFlow::new(&flow)?;
                let mut prepared = flow.prepare(&places.on_host()).into_owned();
                if let Some(scaling) = &scaling {
                    let (mean, factors) = scaling.on_host()?;
                    prepared = prepared.after(&mean, &factors);
                }
                Computed::Host(Box::new(prepared))
            }
        };
        Ok(Self {
            pooled: places.positions.is_none(),
            scaling,
            computed,
        })
    }

    /// All parameters on the host, by name.
    pub fn parameters(&self) -> Vec<(String, TensorData)> {
        let mut parameters = match &self.computed {
            Computed::Host(flow) => flow.flow().parameters(),
            Computed::Device(device) => device.0.parameters(),
        };
        let scaling = self.scaling.iter().flat_map(Whitening::parameters);
        parameters.extend(scaling.map(|(name, data)| (name.to_owned(), data)));
        parameters
    }

    /// One image's vectors, `[rows, dimension]`, after the fixed first layer.
    pub fn scaled(&self, x: Tensor<2>) -> Tensor<2> {
        match &self.scaling {
            Some(scaling) => scaling.apply(x),
            None => x,
        }
    }

    /// The flow on `device`, without its first layer, for what only it can do.
    #[cfg(feature = "report")]
    pub fn to_flow(&self, device: &Device) -> Result<Flow> {
        match &self.computed {
            Computed::Host(flow) => Ok(flow.flow().to_flow(device)?),
            Computed::Device(flow) => Ok(flow.0.clone()),
        }
    }

    /// The per-dimension log-likelihoods of one image's vectors.
    pub fn log_likelihoods(&self, x: Tensor<2>) -> Result<Vec<f32>> {
        match &self.computed {
            Computed::Host(flow) => {
                let places: Vec<u32> = (0..x.dims()[0] as u32).collect();
                let mut rows = read(x)?;
                let scaling = self.scaling.as_ref();
                if let Some(means) = scaling.and_then(Whitening::position_means) {
                    means.take_off(&mut rows);
                }
                Ok(flow.log_likelihoods(&rows, &places))
            }
            Computed::Device(device) => {
                let (flow, condition) = device.as_ref();
                let output = flow.forward(self.scaled(x), condition.clone());
                read(output.log_likelihood_per_dimension())
            }
        }
    }
}

/// The log-likelihoods of one image, computed alone.
pub(crate) fn log_likelihood_maps(
    flows: &[LevelFlow],
    features: &ImageFeatures,
    neighbor_distance: Option<f32>,
) -> Result<LogLikelihoodMaps> {
    let maps = flows.par_iter().enumerate().map(|(index, flow)| {
        let values = mean_log_likelihoods(flow, features, index)?;
        let side = values.len().isqrt();
        Ok(LogLikelihoodMap {
            width: side,
            height: side,
            values,
            pooled: flow.pooled,
        })
    });
    Ok(LogLikelihoodMaps {
        levels: maps.collect::<Result<_>>()?,
        neighbor_distance,
    })
}

/// One flow's log-likelihoods of an image, averaged with those of its mirror image where there is
/// one.
pub(crate) fn mean_log_likelihoods(
    flow: &LevelFlow,
    features: &ImageFeatures,
    index: usize,
) -> Result<Vec<f32>> {
    let mut values = flow.log_likelihoods(features.level(index))?;
    if let Some(mirrored) = features.mirrored_level(index) {
        let mirrored = flow.log_likelihoods(mirrored)?;
        let side = values.len().isqrt();
        let rows = values.chunks_exact_mut(side);
        for (row, mirrored) in rows.zip(mirrored.chunks_exact(side)) {
            for (value, other) in row.iter_mut().zip(mirrored.iter().rev()) {
                *value = (*value + other) / 2.0;
            }
        }
    }
    Ok(values)
}
