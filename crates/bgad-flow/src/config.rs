//! The shape of a flow, and its initial parameters.

use serde::{Deserialize, Serialize};

use crate::FlowError;

/// The shape of a flow; the defaults are the paper's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FlowConfig {
    /// The dimension `d` of the vectors; odd ones work.
    pub dimension: usize,
    /// The dimension of the condition, or none for an unconditional flow.
    pub condition: Option<usize>,
    /// The number of coupling blocks (8).
    pub blocks: usize,
    /// The bound of each block's log-scale: `s = clamp · tanh(a)` (1.9).
    ///
    /// FrEIA from August 2023 on computes `clamp · tanh(a / clamp)` instead; the published numbers used the
    /// form above.
    pub clamp: f64,
    /// How an untrained flow starts.
    pub start: FlowStart,
}

/// The initial parameters of an untrained flow.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FlowStart {
    /// All linear layers uniform within `±1/sqrt(fan_in)`, as in the authors' program.
    #[default]
    Random,
    /// The second layer of each subnet is 0, so the flow only rotates: log-likelihoods are those of a
    /// standard normal distribution until training changes them. Use it for vectors whose distribution is
    /// already close to that.
    Identity,
}

impl FlowConfig {
    /// An unconditional flow of 8 blocks on vectors of `dimension`.
    pub fn new(dimension: usize) -> Self {
        Self {
            dimension,
            condition: None,
            blocks: 8,
            clamp: 1.9,
            start: FlowStart::Random,
        }
    }

    /// Adds a condition of `dimension` channels.
    pub fn with_condition(mut self, dimension: usize) -> Self {
        self.condition = Some(dimension);
        self
    }

    /// Changes the number of blocks.
    pub fn with_blocks(mut self, blocks: usize) -> Self {
        self.blocks = blocks;
        self
    }

    /// Changes the bound of the log-scale.
    pub fn with_clamp(mut self, clamp: f64) -> Self {
        self.clamp = clamp;
        self
    }

    /// Changes the initial parameters.
    pub fn with_start(mut self, start: FlowStart) -> Self {
        self.start = start;
        self
    }

    /// The numbers of kept and changed channels.
    pub(crate) fn split(&self) -> (usize, usize) {
        let kept = self.dimension.div_ceil(2);
        (kept, self.dimension - kept)
    }

    pub(crate) fn check(&self) -> Result<(), FlowError> {
        if self.dimension < 2 {
            return Err(FlowError::Dimension {
                found: self.dimension,
            });
        }
        let wrong = |setting, found: String, expected| FlowError::Setting {
            setting,
            found,
            expected,
        };
        if self.blocks == 0 {
            return Err(wrong("blocks", self.blocks.to_string(), "at least 1"));
        }
        if self.condition == Some(0) {
            return Err(wrong("condition", "0".into(), "at least 1, or none"));
        }
        if !(self.clamp.is_finite() && self.clamp > 0.0) {
            return Err(wrong("clamp", self.clamp.to_string(), "a positive number"));
        }
        Ok(())
    }
}
