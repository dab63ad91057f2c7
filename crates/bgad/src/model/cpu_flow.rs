//! A trained flow in a build that only predicts.

use std::collections::BTreeMap;

use bgad_flow::{HostFlow, Parameter};

use super::fixed_layer::FixedLayer;
use super::host_flow::HostLevelFlow;
use super::places::{Places, flow_config};
use super::position_means::PositionMeans;
use crate::config::checked::CheckedConfig;
use crate::device::Device;
use crate::error::Result;
use crate::features::flow_inputs::FlowInput;
use crate::features::image_features::ImageFeatures;

/// A trained flow, ready for whole images.
#[derive(Debug)]
pub(crate) struct LevelFlow {
    /// Whether it is a flow on pooled features.
    pub(super) pooled: bool,
    means: Option<PositionMeans>,
    flow: HostLevelFlow,
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
        let flow = HostFlow::from_parameters(&flow_config(config, input), &parameters)?;
        let factors = layer.as_ref().map(|l| (&l.mean[..], &l.factors[..]));
        Ok(Self {
            pooled: input.is_pooled(),
            flow: HostLevelFlow::new(&flow, &Places::new(config, input)?, factors),
            means: layer.and_then(|layer| layer.positions),
        })
    }

    /// The per-dimension log-likelihoods of an image's input `index`.
    pub fn of_image(&self, features: &ImageFeatures, index: usize) -> Result<Vec<f32>> {
        let rows = features.values(index)?;
        Ok(self.flow.log_likelihoods(rows, self.means.as_ref()))
    }

    /// The same for the mirrored image, if it is used.
    pub fn of_mirrored(&self, features: &ImageFeatures, index: usize) -> Result<Option<Vec<f32>>> {
        let rows = features.mirrored_values(index)?;
        Ok(rows.map(|rows| self.flow.log_likelihoods(rows, self.means.as_ref())))
    }
}
