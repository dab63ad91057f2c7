//! The settings of a training run.

use bgad_data::CutPaste;
use bgad_loss::Objective;
use serde::{Deserialize, Serialize};

use super::abnormal::AbnormalSettings;
use super::backbone::BackboneSettings;
use super::choices::{Granularity, Model, Preset};
use super::declaration::{Section, settings};
use super::features::FeatureSettings;
use super::flow::FlowSettings;
use super::input::InputSettings;
use super::memory_bank::MemoryBankSettings;
use super::pooled::PooledSettings;
use super::schedule::ScheduleSettings;
use super::scoring::ScoringSettings;

/// All settings of a run, by stage.
///
/// [`Default`] is the improved method, [`TrainerConfig::paper`] the published one, as far as
/// neither needs a backbone with weights.
///
/// ```
/// use bgad::{Model, TrainerConfig};
///
/// # fn main() -> bgad::Result<()> {
/// let mut config = TrainerConfig::default().with(|config| {
///     config.model = Model::BgadFas;
///     config.input.image_size = 128;
/// });
/// // The same by name, as `bgad train --set` does.
/// config.set("scoring.image_score", "top:0.02")?;
/// assert!(config.set("scoring.image_scor", "max").is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainerConfig {
    /// BGAD or BGAD-FAS.
    pub model: Model,
    /// One sample per position or per image; none: per image where the data set has no masks.
    pub granularity: Option<Granularity>,
    /// The seed of all that is random.
    pub seed: u64,
    /// How images become inputs of the backbone.
    pub input: InputSettings,
    /// Which backbone gives the features.
    pub backbone: BackboneSettings,
    /// What is done to features before the flows, and how they are kept.
    pub features: FeatureSettings,
    /// Features pooled over positions, and the flows on them.
    pub pooled: PooledSettings,
    /// The memory of normal positions that scores draw on beside the flows.
    pub memory_bank: MemoryBankSettings,
    /// The shape of the flows.
    pub flow: FlowSettings,
    /// Beta, tau, lambda, focal weights and the forms of the losses.
    pub objective: Objective,
    /// How log-likelihoods become scores and decisions.
    pub scoring: ScoringSettings,
    /// How long is trained, in which steps, and when is evaluated.
    pub schedule: ScheduleSettings,
    /// How abnormal training images are shown.
    pub abnormal: AbnormalSettings,
    /// RandAugmented CutPaste.
    pub cut_paste: CutPaste,
}

settings! {
    for TrainerConfig in "" {
        /// BGAD learns from normal images alone, BGAD-FAS from a few abnormal ones as well.
        model;
        /// Score each pixel, or whole images alone; none: pixels, or images where the data set has no masks.
        granularity;
        /// The seed of all that is random.
        seed;
    }
}

impl TrainerConfig {
    /// The published method: sections 1 to 6 of its description, nothing added.
    pub fn paper() -> Self {
        Self {
            input: InputSettings::paper(),
            backbone: BackboneSettings::paper(),
            features: FeatureSettings::paper(),
            pooled: PooledSettings::paper(),
            memory_bank: MemoryBankSettings::paper(),
            flow: FlowSettings::paper(),
            scoring: ScoringSettings::paper(),
            schedule: ScheduleSettings::paper(),
            abnormal: AbnormalSettings::paper(),
            ..Self::default()
        }
    }

    /// The settings of `preset`.
    pub fn preset(preset: Preset) -> Self {
        match preset {
            Preset::Paper => Self::paper(),
            Preset::Default => Self::default(),
        }
    }

    /// These settings after `change`.
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// All sections; that of settings without a section is first.
    pub(super) fn sections(&self) -> [&dyn Section; 12] {
        [
            self,
            &self.input,
            &self.backbone,
            &self.features,
            &self.pooled,
            &self.memory_bank,
            &self.flow,
            &self.objective,
            &self.scoring,
            &self.schedule,
            &self.abnormal,
            &self.cut_paste,
        ]
    }

    /// The section of a setting's name, as `scoring` of `scoring.mirror`.
    pub(super) fn section_mut(&mut self, name: &str) -> Option<&mut dyn Section> {
        Some(match name {
            "" => self,
            "input" => &mut self.input,
            "backbone" => &mut self.backbone,
            "features" => &mut self.features,
            "pooled" => &mut self.pooled,
            "memory_bank" => &mut self.memory_bank,
            "flow" => &mut self.flow,
            "objective" => &mut self.objective,
            "scoring" => &mut self.scoring,
            "schedule" => &mut self.schedule,
            "abnormal" => &mut self.abnormal,
            "cut_paste" => &mut self.cut_paste,
            _ => return None,
        })
    }
}
