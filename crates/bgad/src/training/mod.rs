//! Training: the images, the flows and their optimizers, the schedule, and checkpoints. Uses the rooms up to
//! `evaluation`.

mod batch;
pub(crate) mod checkpoints;
mod duplicates;
mod flow_ensemble;
mod image_digest;
mod input_size;
pub(crate) mod learning_rate;
mod level_trainer;
mod meta_epoch;
mod mini_batch;
mod mirror;
mod optimizer;
pub(crate) mod outcome;
mod outlines;
mod pooled_flows;
pub(crate) mod progress;
mod reading;
mod run;
mod run_checkpoints;
pub(crate) mod run_context;
mod scale;
mod shown_defects;
mod state;
pub(crate) mod trainer;
mod training_set;
mod turned_copies;
