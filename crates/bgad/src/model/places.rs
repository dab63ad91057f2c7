//! The shape of an input's flow, and its conditions.

use bgad_flow::{Conditions, FlowConfig, PositionalEncoding};

use crate::config::settings::TrainerConfig;
use crate::error::Result;
use crate::features::flow_inputs::FlowInput;

/// The configuration of an input's flow.
pub(crate) fn flow_config(config: &TrainerConfig, input: &FlowInput) -> FlowConfig {
    let flow = FlowConfig::new(input.dimension)
        .with_blocks(config.coupling_blocks)
        .with_start(config.flow_start);
    match input.is_pooled() {
        false => flow.with_condition(config.position_dimension),
        true => flow,
    }
}

/// The places that an input's vectors can have, which are its flow's conditions.
pub(crate) struct Places {
    /// The encoding and the map's width and height; none for pooled features.
    pub(super) positions: Option<(PositionalEncoding, usize)>,
}

impl Places {
    pub fn new(config: &TrainerConfig, input: &FlowInput) -> Result<Self> {
        let positions = match input.side {
            None => None,
            Some(side) => Some((PositionalEncoding::new(config.position_dimension)?, side)),
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
