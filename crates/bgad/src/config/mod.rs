//! The settings of a run, one file per section, with their choices and checks. Uses `error`.

pub(crate) mod abnormal;
pub(crate) mod backbone;
pub(crate) mod by_name;
pub(crate) mod checked;
pub(crate) mod choices;
mod cut_paste;
mod declaration;
pub(crate) mod features;
pub(crate) mod finer_size;
pub(crate) mod flow;
pub(crate) mod image_fit;
pub(crate) mod image_score;
pub(crate) mod input;
pub(crate) mod memory_bank;
pub(crate) mod memory_size;
mod objective;
pub(crate) mod pooled;
pub(crate) mod precision;
pub(crate) mod rotations;
pub(crate) mod schedule;
pub(crate) mod scoring;
pub(crate) mod settings;
mod value;
