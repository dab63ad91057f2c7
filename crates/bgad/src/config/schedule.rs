//! How long is trained, in which steps, and when is evaluated.

#[cfg(feature = "train")]
use super::choices::Model;
use super::choices::{BoundaryScope, EvaluateWhen, TrainFlows};
use super::declaration::{Section, settings};
use crate::error::Result;

settings! {
    /// How long is trained, in which steps, and when is evaluated.
    pub struct ScheduleSettings in "schedule." {
        /// Train flows always, or only those of models that learn from abnormal images: on normal images
        /// alone flows that start as a Gaussian model gain nothing.
        pub train_flows: TrainFlows = TrainFlows::Abnormal, paper TrainFlows::Always;
        /// Meta-epochs; the first trains by maximum likelihood on normal images alone.
        pub meta_epochs: usize = 3, paper 25, allowed "at least 1";
        /// Sub-epochs in a meta-epoch.
        pub sub_epochs: usize = 2, paper 8, allowed "at least 1";
        /// End training after a meta-epoch in which no flow's boundary, over the whole training set, has
        /// moved by more than this, in log-likelihood per dimension.
        pub stop_when_still: Option<f32> = None,
            allowed "a positive change in log-likelihood, such as 0.01, or `none`";
        /// Images in a batch.
        pub batch_size: usize = 32, allowed "at least 1";
        /// Features in a mini-batch, one optimizer step each.
        pub mini_batch_size: usize = 4096, allowed "at least 1";
        /// Adam's learning rate at its peak.
        pub learning_rate: f64 = 2e-4, allowed "a positive number";
        /// Optimizer steps of each flow of positions in the whole run, at most: in each batch of images a
        /// sample of their positions is trained on; 0: all positions.
        pub position_steps: usize = 48, paper 0, allowed "a number";
        /// Optimizer steps of flows of pooled features in the whole run, at least: an image is one sample
        /// there, and sub-epochs go over the images as often as it takes.
        pub image_steps: usize = 200, paper 1000, allowed "at least 1";
        /// Take the separating boundary over each mini-batch, or over the whole training set, refreshed in
        /// each meta-epoch.
        pub boundary: BoundaryScope = BoundaryScope::Batch;
        /// When to evaluate on the test images: after each meta-epoch, after the last, or never.
        pub evaluate: EvaluateWhen = EvaluateWhen::Last, paper EvaluateWhen::Each;
    }
}

impl ScheduleSettings {
    /// Whether flows of a model are trained.
    #[cfg(feature = "train")]
    pub(crate) fn trains(&self, model: Model) -> bool {
        self.train_flows == TrainFlows::Always || model == Model::BgadFas
    }

    pub(crate) fn check(&self) -> Result<()> {
        let at_least_one = [
            ("schedule.meta_epochs", self.meta_epochs),
            ("schedule.sub_epochs", self.sub_epochs),
            ("schedule.batch_size", self.batch_size),
            ("schedule.mini_batch_size", self.mini_batch_size),
            ("schedule.image_steps", self.image_steps),
        ];
        if let Some((setting, value)) = at_least_one.into_iter().find(|(_, value)| *value == 0) {
            return Err(self.refused(setting, value));
        }
        if !(self.learning_rate.is_finite() && self.learning_rate > 0.0) {
            let found = self.learning_rate;
            return Err(self.refused("schedule.learning_rate", found));
        }
        match self.stop_when_still {
            Some(most) if !(most.is_finite() && most > 0.0) => {
                Err(self.refused("schedule.stop_when_still", most))
            }
            _ => Ok(()),
        }
    }
}
