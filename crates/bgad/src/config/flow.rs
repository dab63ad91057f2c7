//! The shape of the flows.

use bgad_flow::FlowStart;

use super::declaration::{Section, settings};
use crate::error::Result;

settings! {
    /// The shape of the flows.
    pub struct FlowSettings in "flow." {
        /// Whether the flows start as random functions or as plain rotations.
        pub start: FlowStart = FlowStart::Identity, paper FlowStart::Random;
        /// Number of coupling blocks in each flow.
        pub coupling_blocks: usize = 8, allowed "at least 1";
        /// Dimension of the positional encoding.
        pub position_dimension: usize = 128, allowed "a multiple of 4";
    }
}

impl FlowSettings {
    pub(crate) fn check(&self) -> Result<()> {
        if self.coupling_blocks == 0 {
            return Err(self.refused("flow.coupling_blocks", 0));
        }
        bgad_flow::PositionalEncoding::new(self.position_dimension)?;
        Ok(())
    }
}
