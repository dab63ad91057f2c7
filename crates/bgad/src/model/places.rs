//! The shape of an input's flow, and its conditions.

use std::collections::BTreeMap;

use bgad_flow::{Conditions, FlowConfig, Parameter, PositionalEncoding};

use crate::config::checked::CheckedConfig;
use crate::error::Result;
use crate::features::flow_inputs::FlowInput;

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

/// The beginning of the names of parameters that training changes.
const BLOCK: &str = "block.";

/// Whether the flow with these parameters from a model file was never trained; such a flow has only its fixed layer.
pub(super) fn is_at_rest(config: &CheckedConfig, parameters: &BTreeMap<String, Parameter>) -> bool {
    let trained = parameters.keys().any(|name| name.starts_with(BLOCK));
    !trained && !config.schedule.trains(config.model)
}

/// The places that an input's vectors can have; they are its flow's conditions.
pub(crate) struct Places {
    /// The encoding and the map's width and height; `None` for pooled features.
    pub(super) positions: Option<(PositionalEncoding, usize)>,
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
}
