//! Settings whose values are all within range.

use std::ops::Deref;

#[cfg(feature = "train")]
use bgad_data::{BitDepth, MaskValues};
use bgad_flow::FlowStart;
use serde::{Deserialize, Serialize};

#[cfg(feature = "train")]
use super::choices::Granularity;
use super::choices::Model;
use super::finer_size::FinerSize;
use super::rotations::Rotations;
use super::settings::TrainerConfig;
use crate::error::{Error, Result};

/// Settings whose values are all within range: what a run uses and a model file contains. Dereferences to a
/// [`TrainerConfig`] that cannot be changed; [`TrainerConfig::check`] creates it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(into = "TrainerConfig", try_from = "TrainerConfig")]
pub struct CheckedConfig(TrainerConfig);

impl CheckedConfig {
    /// The settings as an ordinary, changeable configuration.
    pub fn into_inner(self) -> TrainerConfig {
        self.0
    }

    /// What a data set without masks is scored by. Without pooled flows or a memory bank, position flows alone would
    /// have to judge whole images.
    #[cfg(feature = "train")]
    pub(crate) fn without_masks(&self) -> Granularity {
        match self.pooled.flows && self.memory_bank.size > 0 {
            true => Granularity::Both,
            false => Granularity::Image,
        }
    }

    /// The same settings with this bit depth for images.
    #[cfg(feature = "train")]
    pub(crate) fn with_bit_depth(mut self, depth: Option<BitDepth>) -> Self {
        self.0.input.bit_depth = depth;
        self
    }

    /// The same settings with inputs of `size` by `size` pixels and, if wanted, finer ones.
    #[cfg(feature = "train")]
    pub(crate) fn with_sizes(mut self, size: u32, finer: Option<u32>) -> Self {
        self.0.input.image_size = Some(size);
        self.0.input.finer_size = finer.map_or(FinerSize::Off, FinerSize::Pixels);
        self
    }

    /// The same settings with these copies of normal images.
    pub(crate) fn with_rotations(mut self, rotations: Rotations) -> Self {
        self.0.input.rotations = rotations;
        self
    }

    /// The settings of the finer input alone, if there is one.
    pub(crate) fn finer(&self) -> Option<Self> {
        let mut finer = self.clone();
        finer.0.input.image_size = Some(self.input.finer_size.pixels()?);
        finer.0.input.finer_size = FinerSize::Off;
        Some(finer)
    }

    /// The same settings without the path of the weights, which are identified by their checksum.
    #[cfg(feature = "train")]
    pub(crate) fn without_weights(&self) -> Self {
        let mut config = self.clone();
        config.0.backbone.weights = None;
        config
    }
}

impl TrainerConfig {
    /// Decides which values of the foreground masks mark the foreground, if training pastes on foregrounds
    /// from a folder of masks ([`CutPaste::settle_foreground`](bgad_data::CutPaste::settle_foreground)).
    /// Training needs this rule; returns a warning if it is not the usual one.
    ///
    /// # Errors
    /// If the folder is missing or has no masks, or if their values allow several rules.
    #[cfg(feature = "train")]
    pub fn settle_foreground(&mut self) -> Result<Option<String>> {
        let pastes = self.model == Model::BgadFas && self.abnormal.paste;
        if !pastes || !self.schedule.trains(self.model) {
            return Ok(None);
        }
        let is_chosen = self.cut_paste.foreground_values != MaskValues::Auto;
        let decision = self.cut_paste.settle_foreground()?;
        let unusual = decision.filter(|rule| !is_chosen && rule.values != MaskValues::Half);
        Ok(unusual.map(|rule| {
            format!(
                "foreground masks read by the rule {}: {}",
                rule.values, rule.reason
            )
        }))
    }

    /// Checks that every setting is within its range, before any work starts.
    ///
    /// # Errors
    /// The first setting that is out of range.
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
        check_what_teaches(&config)?;
        Ok(Self(config))
    }
}

/// Refuses flows that start at random and are never trained, abnormal images that teach nothing, and a finer input for
/// flows that are trained, which would take hours.
fn check_what_teaches(config: &TrainerConfig) -> Result<()> {
    if config.schedule.trains(config.model) {
        if let Some(finer) = config.input.finer_size.pixels() {
            let expected = "`off`, or schedule.train_flows=never";
            return Err(Error::setting("input.finer_size", finer, expected));
        }
        return Ok(());
    }
    let found = "flows that are not trained";
    if config.flow.start == FlowStart::Random {
        let expected = "`identity`, or schedule.train_flows=always";
        return Err(Error::setting("flow.start", "random", expected));
    }
    let taught = config.memory_bank.size > 0 && config.memory_bank.discriminant;
    if config.model == Model::BgadFas && !taught {
        let expected = "`abnormal`, or a memory bank with memory_bank.discriminant: abnormal images would \
                        teach nothing";
        return Err(Error::setting("schedule.train_flows", found, expected));
    }
    Ok(())
}
