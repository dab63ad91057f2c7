//! A flow in a build that only predicts.

use std::collections::BTreeMap;

use bgad_flow::{HostFlow, Parameter};

use super::fixed_layer::FixedLayer;
use super::host_flow::HostLevelFlow;
use super::places::{Places, flow_config, is_at_rest};
use super::position_means::PositionMeans;
use super::resting_flow::RestingFlow;
use crate::config::checked::CheckedConfig;
use crate::device::Device;
use crate::error::Result;
use crate::features::flow_inputs::FlowInput;
use crate::features::image_features::ImageFeatures;

/// A flow, ready for whole images.
#[derive(Debug)]
pub(crate) struct LevelFlow {
    /// Whether it is a flow on pooled features.
    pub(super) pooled: bool,
    means: Option<PositionMeans>,
    computed: Computed,
}

/// How a flow is computed.
#[derive(Debug)]
enum Computed {
    /// Never trained.
    Resting(RestingFlow),
    Trained(Box<HostLevelFlow>),
}

impl LevelFlow {
    /// Restores the flow of an input from the parameters in a model file.
    pub fn restore(
        config: &CheckedConfig,
        input: &FlowInput,
        mut parameters: BTreeMap<String, Parameter>,
        _: &Device,
    ) -> Result<Self> {
        let layer = FixedLayer::restore(config, input, &mut parameters)?;
        let factors = layer.as_ref().map(|l| (&l.mean[..], &l.factors[..]));
        let computed = match is_at_rest(config, &parameters) {
            true => Computed::Resting(RestingFlow::new(input.dimension, factors)),
            false => {
                let flow = HostFlow::from_parameters(&flow_config(config, input), &parameters)?;
                let places = Places::new(config, input)?;
                Computed::Trained(Box::new(HostLevelFlow::new(&flow, &places, factors)))
            }
        };
        Ok(Self {
            pooled: input.is_pooled(),
            computed,
            means: layer.and_then(|layer| layer.positions),
        })
    }

    /// The per-dimension log-likelihoods of an image's input `index`.
    pub fn of_image(&self, features: &ImageFeatures, index: usize) -> Result<Vec<f32>> {
        Ok(self.log_likelihoods(features.values(index)?))
    }

    /// The same for the mirrored image, if it is used.
    pub fn of_mirrored(&self, features: &ImageFeatures, index: usize) -> Result<Option<Vec<f32>>> {
        let rows = features.mirrored_values(index)?;
        Ok(rows.map(|rows| self.log_likelihoods(rows)))
    }

    fn log_likelihoods(&self, rows: Vec<f32>) -> Vec<f32> {
        let means = self.means.as_ref();
        match &self.computed {
            Computed::Resting(flow) => flow.log_likelihoods(rows, means),
            Computed::Trained(flow) => flow.log_likelihoods(rows, means),
        }
    }
}
