//! The flows of all levels, and their log-likelihoods.

use std::collections::BTreeMap;

use bgad_data::random_stream::Purpose;
use bgad_flow::{Flow, HostFlow, Parameter};
use burn::tensor::{Device, Tensor, TensorData};

use super::host_flow::HostLevelFlow;
use super::places::{BLOCK, Places, flow_config};
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
    pub flow: Flow,
}

/// A trained flow, ready for whole images.
#[derive(Debug)]
pub(crate) struct LevelFlow {
    /// Whether it is a flow on pooled features.
    pub(super) pooled: bool,
    scaling: Option<Whitening>,
    computed: Computed,
}

/// Where a flow is computed.
#[derive(Debug)]
enum Computed {
    /// On the CPU.
    Host(Box<HostLevelFlow>),
    /// On any device, with each place's condition.
    Device(Box<(Flow, Option<Tensor<2>>)>),
}

impl LevelFlow {
    pub fn new(flow: WhitenedFlow, places: &Places, device: &Device) -> Result<Self> {
        let WhitenedFlow { scaling, flow } = flow;
        let computed = match is_host(device) {
            false => Computed::Device(Box::new((flow, places.on_device(device)))),
            true => {
                let flow = HostFlow::new(&flow)?;
                let layer = scaling.as_ref().map(Whitening::on_host).transpose()?;
                let layer = layer
                    .as_ref()
                    .map(|(mean, factors)| (&mean[..], &factors[..]));
                Computed::Host(Box::new(HostLevelFlow::new(&flow, places, layer)))
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

    /// Whether it is known to be untrained, so that log-likelihoods depend only on the fixed layer.
    pub fn is_at_rest(&self) -> bool {
        match &self.computed {
            Computed::Host(flow) => flow.is_rotation(),
            Computed::Device(_) => false,
        }
    }

    /// All parameters, without those that training changes if the flow was never trained.
    pub fn parameters_not_at_rest(&self) -> Vec<(String, TensorData)> {
        let mut parameters = self.parameters();
        if self.is_at_rest() {
            parameters.retain(|(name, _)| !name.starts_with(BLOCK));
        }
        parameters
    }

    /// Applies the fixed first layer to one image's vectors, `[rows, dimension]`.
    pub fn scaled(&self, x: Tensor<2>) -> Tensor<2> {
        match &self.scaling {
            Some(scaling) => scaling.apply(x),
            None => x,
        }
    }

    /// The flow on `device` without its first layer, for operations that need tensors.
    #[cfg(feature = "report")]
    pub fn to_flow(&self, device: &Device) -> Result<Flow> {
        match &self.computed {
            Computed::Host(flow) => Ok(flow.flow().to_flow(device)?),
            Computed::Device(flow) => Ok(flow.0.clone()),
        }
    }

    /// Restores the flow of an input from the parameters in a model file.
    pub fn restore(
        config: &CheckedConfig,
        input: &FlowInput,
        mut parameters: BTreeMap<String, Parameter>,
        device: &Device,
    ) -> Result<Self> {
        let scaling = Whitening::restore(config, input, &mut parameters, device)?;
        let parameters = parameters.into_iter();
        let parameters = parameters.map(|(name, parameter)| (name, parameter.into()));
        let flow = flow_config(config, input).init_from(parameters.collect(), device)?;
        let places = Places::new(config, input)?;
        Self::new(WhitenedFlow { scaling, flow }, &places, device)
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

    fn log_likelihoods(&self, x: Tensor<2>) -> Result<Vec<f32>> {
        match &self.computed {
            Computed::Host(flow) => {
                let means = self.scaling.as_ref().and_then(Whitening::position_means);
                Ok(flow.log_likelihoods(read(x)?, means))
            }
            Computed::Device(device) => {
                let (flow, condition) = device.as_ref();
                let output = flow.forward(self.scaled(x), condition.clone());
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
