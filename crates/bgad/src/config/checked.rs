//! Settings that are within their ranges.

use std::ops::Deref;

#[cfg(feature = "train")]
use bgad_data::BitDepth;
use serde::{Deserialize, Serialize};

use super::settings::TrainerConfig;
use crate::error::{Error, Result};

/// Settings of which each is within its range: what runs, and what a model file holds. They can be
/// read as [`TrainerConfig`] and not changed; [`TrainerConfig::check`] makes them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(into = "TrainerConfig", try_from = "TrainerConfig")]
pub struct CheckedConfig(TrainerConfig);

impl CheckedConfig {
    /// The same settings for changes.
    pub fn into_inner(self) -> TrainerConfig {
        self.0
    }

    /// The same with the depth at which images are read.
    #[cfg(feature = "train")]
    pub(crate) fn with_bit_depth(mut self, depth: Option<BitDepth>) -> Self {
        self.0.input.bit_depth = depth;
        self
    }

    /// The same without the path of weights: they are known by their checksum, wherever they lie.
    #[cfg(feature = "train")]
    pub(crate) fn without_weights(&self) -> Self {
        let mut config = self.clone();
        config.0.backbone.weights = None;
        config
    }
}

impl TrainerConfig {
    /// Checks that every setting is within its range, before any work starts.
    ///
    /// # Errors
    /// The first one that is not.
    pub fn check(&self) -> Result<CheckedConfig> {
        self.clone().try_into()
    }
}

impl Deref for CheckedConfig {
    type Target = TrainerConfig;

    fn deref(&self) -> &TrainerConfig {
        &self.0
    }
}

impl From<CheckedConfig> for TrainerConfig {
    fn from(config: CheckedConfig) -> Self {
        config.0
    }
}

impl TryFrom<TrainerConfig> for CheckedConfig {
    type Error = Error;

    fn try_from(config: TrainerConfig) -> Result<Self> {
        config.objective.check()?;
        config.cut_paste.check()?;
        config.input.check()?;
        config.features.check()?;
        config.pooled.check()?;
        config.memory_bank.check()?;
        config.flow.check()?;
        config.scoring.check()?;
        config.schedule.check()?;
        config.abnormal.check()?;
        Ok(Self(config))
    }
}
