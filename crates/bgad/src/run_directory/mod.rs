//! The folder that a run writes: settings, metrics per meta-epoch, model. Uses `storage`, `config`, `device`,
//! `detector` and `training`.

mod dataset_file;
pub(crate) mod description;
pub(crate) mod directory;
pub(crate) mod kept_features;
pub(crate) mod metrics_log;
mod own_files;
mod scores_file;
