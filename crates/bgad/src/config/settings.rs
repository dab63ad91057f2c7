//! The settings of a training run.

use bgad_data::CutPaste;
use bgad_loss::Objective;
use serde::{Deserialize, Serialize};

use super::abnormal::AbnormalSettings;
use super::backbone::BackboneSettings;
use super::choices::{Granularity, Model, Preset, TrainFlows};
use super::declaration::{Section, settings};
use super::features::FeatureSettings;
use super::flow::FlowSettings;
use super::input::InputSettings;
use super::memory_bank::MemoryBankSettings;
use super::pooled::PooledSettings;
use super::schedule::ScheduleSettings;
use super::scoring::ScoringSettings;

/// All settings of a run, by section.
///
/// [`Default`] gives our improved method, [`TrainerConfig::paper`] the published one. Both use the filter bank,
/// which needs no weights, until you name another backbone.
///
/// ```
/// use bgad::{Model, TrainerConfig};
///
/// # fn main() -> bgad::Result<()> {
/// let mut config = TrainerConfig::default().with(|config| {
///     config.model = Model::BgadFas;
///     config.input.image_size = Some(128);
/// });
/// // By name, like `bgad train --set`.
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
    /// What is scored: each position, whole images, or both; `None`: positions, or both if the data set has no masks
    /// and the images show a background (whole images without pooled flows or without a memory bank).
    pub granularity: Option<Granularity>,
    /// The seed of all random choices.
    pub seed: u64,
    /// How images are prepared for the backbone.
    pub input: InputSettings,
    /// The backbone that computes the features.
    pub backbone: BackboneSettings,
    /// How features are scaled and stored.
    pub features: FeatureSettings,
    /// Features pooled over positions, and the flows on them.
    pub pooled: PooledSettings,
    /// The memory bank of normal positions.
    pub memory_bank: MemoryBankSettings,
    /// The shape of the flows.
    pub flow: FlowSettings,
    /// Beta, tau, lambda, focal weights and the forms of the losses.
    pub objective: Objective,
    /// How log-likelihoods become scores and decisions.
    pub scoring: ScoringSettings,
    /// How long to train, in which steps, and when to evaluate.
    pub schedule: ScheduleSettings,
    /// How often abnormal training images are shown.
    pub abnormal: AbnormalSettings,
    /// The settings of CutPaste.
    pub cut_paste: CutPaste,
}

settings! {
    for TrainerConfig in "" {
        /// BGAD learns from normal images alone, BGAD-FAS also from a few abnormal ones.
        model;
        /// What is scored: each position, whole images, or both; none: positions, or both if the data set has no
        /// masks and the images show a background (whole images without pooled flows or without a memory bank).
        granularity;
        /// The seed of all random choices.
        seed;
    }
}

impl TrainerConfig {
    /// The settings of the published method, without our changes.
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
            Preset::Thorough => Self::default().with(|config| {
                config.schedule.train_flows = TrainFlows::Abnormal;
                config.memory_bank.size = 20_000;
            }),
        }
    }

    /// Applies `change` to these settings.
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// All sections, starting with the settings that have none.
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

    /// The section of a setting's name, such as `scoring` for `scoring.mirror`.
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
