//! How long to train, in which steps, and when to evaluate.

use super::choices::{BoundaryScope, EvaluateWhen, Model, TrainFlows};
use super::declaration::{Section, settings};
use crate::error::Result;

settings! {
    /// How long to train, in which steps, and when to evaluate.
    pub struct ScheduleSettings in "schedule." {
        /// Whether to train flows always, only for models that learn from abnormal images, or never. On
        /// normal images alone, training does not improve flows that start as plain rotations; with abnormal
        /// ones it improves them little.
        pub train_flows: TrainFlows = TrainFlows::Never, paper TrainFlows::Always;
        /// Number of meta-epochs. The first trains by maximum likelihood on normal images alone.
        pub meta_epochs: usize = 3, paper 25, allowed "at least 1";
        /// Number of sub-epochs in a meta-epoch.
        pub sub_epochs: usize = 2, paper 8, allowed "at least 1";
        /// Stop after a meta-epoch in which no flow's boundary over the whole training set moved by more than
        /// this, in log-likelihood per dimension. none: never stop early.
        pub stop_when_still: Option<f32> = None,
            allowed "a positive change in log-likelihood, such as 0.01, or `none`";
        /// Number of images in a batch.
        pub batch_size: usize = 32, allowed "at least 1";
        /// Number of features in a mini-batch; each mini-batch is one optimizer step.
        pub mini_batch_size: usize = 4096, allowed "at least 1";
        /// Adam's peak learning rate.
        pub learning_rate: f64 = 2e-4, allowed "a positive number";
        /// The most optimizer steps of each position flow in the whole run; each batch of images is then
        /// represented by a sample of its positions. 0: use all positions.
        pub position_steps: usize = 48, paper 0, allowed "a number";
        /// The fewest optimizer steps of each pooled flow in the whole run. An image is only one sample
        /// there, so sub-epochs repeat the images as often as needed.
        pub image_steps: usize = 200, paper 1000, allowed "at least 1";
        /// Whether the separating boundary comes from each mini-batch, or from the whole training set,
        /// refreshed in each meta-epoch.
        pub boundary: BoundaryScope = BoundaryScope::Batch;
        /// When to evaluate the test images: after each meta-epoch, after the last one, or never.
        pub evaluate: EvaluateWhen = EvaluateWhen::Last, paper EvaluateWhen::Each;
    }
}

impl ScheduleSettings {
    /// Whether the flows of a model are trained.
    pub fn trains(&self, model: Model) -> bool {
        match self.train_flows {
            TrainFlows::Never => false,
            TrainFlows::Abnormal => model == Model::BgadFas,
            TrainFlows::Always => true,
        }
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
