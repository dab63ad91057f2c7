//! The flows of all levels, and their log-likelihoods.

use std::collections::BTreeMap;

use bgad_data::random_stream::Purpose;
use bgad_flow::{Flow, FlowOutput, HostFlow, Parameter};
use burn::tensor::{Device, Tensor, TensorData};

use super::host_flow::HostLevelFlow;
use super::places::{Places, flow_config, is_at_rest};
use super::resting_flow::RestingFlow;
use super::whitening::Whitening;
use crate::config::checked::CheckedConfig;
use crate::device::host::{is_host, read};
use crate::error::Result;
use crate::features::flow_inputs::FlowInput;
use crate::features::image_features::ImageFeatures;

/// An untrained flow for an input. `number` makes the flows of a run differ; a flow of the same input may use
/// the rotations of the `first` one.
pub(crate) fn init(
    config: &CheckedConfig,
    input: &FlowInput,
    number: u64,
    device: &Device,
    first: Option<&Flow>,
) -> Result<Flow> {
    let seed = Purpose::Flow.seed(config.seed, number);
    let flow = flow_config(config, input);
    Ok(match first {
        Some(first) => flow.init_with_rotations_of(first, seed, device)?,
        None => flow.init(seed, device)?,
    })
}

/// A flow and its fixed first layer.
#[derive(Debug, Clone)]
pub(crate) struct WhitenedFlow {
    pub scaling: Option<Whitening>,
    /// `None` if it was never trained: it then only rotates, which changes no log-likelihood.
    pub flow: Option<Flow>,
}

/// A flow, ready for whole images.
#[derive(Debug)]
pub(crate) struct LevelFlow {
    /// Whether it is a flow on pooled features.
    pub(super) pooled: bool,
    scaling: Option<Whitening>,
    computed: Computed,
}

/// How and where a flow is computed.
#[derive(Debug)]
enum Computed {
    /// Never trained, on the CPU.
    Resting(RestingFlow),
    /// On the CPU.
    Host(Box<HostLevelFlow>),
    /// On any device, with each place's condition; `None` if it was never trained.
    Device(Option<Box<(Flow, Option<Tensor<2>>)>>),
}

impl LevelFlow {
    /// Prepares a flow of an input.
    pub fn new(
        flow: WhitenedFlow,
        config: &CheckedConfig,
        input: &FlowInput,
        device: &Device,
    ) -> Result<Self> {
        let WhitenedFlow { scaling, flow } = flow;
        let computed = match (is_host(device), flow) {
            (false, None) => Computed::Device(None),
            (false, Some(flow)) => {
                let places = Places::new(config, input)?;
                Computed::Device(Some(Box::new((flow, places.on_device(device)))))
            }
            (true, flow) => {
                let layer = scaling.as_ref().map(Whitening::on_host).transpose()?;
                let layer = layer
                    .as_ref()
                    .map(|(mean, factors)| (&mean[..], &factors[..]));
                match flow {
                    None => Computed::Resting(RestingFlow::new(input.dimension, layer)),
                    Some(flow) => {
                        let (flow, places) = (HostFlow::new(&flow)?, Places::new(config, input)?);
                        Computed::Host(Box::new(HostLevelFlow::new(&flow, &places, layer)))
                    }
                }
            }
        };
        Ok(Self {
            pooled: input.is_pooled(),
            scaling,
            computed,
        })
    }

    /// All parameters on the host, by name.
    pub fn parameters(&self) -> Vec<(String, TensorData)> {
        let mut parameters = match &self.computed {
            Computed::Host(flow) => flow.flow().parameters(),
            Computed::Device(Some(device)) => device.0.parameters(),
            Computed::Resting(_) | Computed::Device(None) => Vec::new(),
        };
        let scaling = self.scaling.iter().flat_map(Whitening::parameters);
        parameters.extend(scaling.map(|(name, data)| (name.to_owned(), data)));
        parameters
    }

    /// Whether it was never trained, so that log-likelihoods depend only on the fixed layer.
    pub fn is_at_rest(&self) -> bool {
        matches!(self.computed, Computed::Resting(_) | Computed::Device(None))
    }

    /// Applies the fixed first layer to one image's vectors, `[rows, dimension]`.
    pub fn scaled(&self, x: Tensor<2>) -> Tensor<2> {
        match &self.scaling {
            Some(scaling) => scaling.apply(x),
            None => x,
        }
    }

    /// The flow on `device` without its first layer, for operations that need tensors; `None` if it was never trained.
    #[cfg(feature = "report")]
    pub fn to_flow(&self, device: &Device) -> Result<Option<Flow>> {
        Ok(match &self.computed {
            Computed::Host(flow) => Some(flow.flow().to_flow(device)?),
            Computed::Device(flow) => flow.as_ref().map(|flow| flow.0.clone()),
            Computed::Resting(_) => None,
        })
    }

    /// Restores the flow of an input from the parameters in a model file.
    pub fn restore(
        config: &CheckedConfig,
        input: &FlowInput,
        mut parameters: BTreeMap<String, Parameter>,
        device: &Device,
    ) -> Result<Self> {
        let scaling = Whitening::restore(config, input, &mut parameters, device)?;
        let flow = match is_at_rest(config, &parameters) {
            true => None,
            false => {
                let parameters = parameters.into_iter();
                let parameters = parameters.map(|(name, parameter)| (name, parameter.into()));
                Some(flow_config(config, input).init_from(parameters.collect(), device)?)
            }
        };
        Self::new(WhitenedFlow { scaling, flow }, config, input, device)
    }

    /// The per-dimension log-likelihoods of an image's input `index`.
    pub fn of_image(&self, features: &ImageFeatures, index: usize) -> Result<Vec<f32>> {
        self.log_likelihoods(features.level(index))
    }

    /// The same for the mirrored image, if it is used.
    pub fn of_mirrored(&self, features: &ImageFeatures, index: usize) -> Result<Option<Vec<f32>>> {
        let mirrored = features.mirrored_level(index);
        mirrored.map(|x| self.log_likelihoods(x)).transpose()
    }

    /// Those that the flow would give if it had not been trained, with its fixed layer alone.
    pub fn of_fixed_layer(&self, x: Tensor<2>) -> Result<Vec<f32>> {
        read(FlowOutput::at_rest(self.scaled(x)).log_likelihood_per_dimension())
    }

    fn log_likelihoods(&self, x: Tensor<2>) -> Result<Vec<f32>> {
        let means = || self.scaling.as_ref().and_then(Whitening::position_means);
        match &self.computed {
            Computed::Resting(flow) => Ok(flow.log_likelihoods(read(x)?, means())),
            Computed::Host(flow) => Ok(flow.log_likelihoods(read(x)?, means())),
            Computed::Device(flow) => {
                let x = self.scaled(x);
                let output = match flow.as_deref() {
                    Some((flow, condition)) => flow.forward(x, condition.clone()),
                    None => FlowOutput::at_rest(x),
                };
                read(output.log_likelihood_per_dimension())
            }
        }
    }
}

impl Places {
    /// Each place's condition, `[height · width, dimension]`.
    pub fn on_device(&self, device: &Device) -> Option<Tensor<2>> {
        let positions = self.positions.as_ref();
        positions.map(|(encoding, size)| encoding.rows(*size, *size, device))
    }
}
