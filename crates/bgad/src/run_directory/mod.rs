//! The folder that a run leaves: settings, metrics of each meta-epoch, model. Uses `storage`, `config`,
//! `device`, `detector` and `training`.

mod crc32c;
mod dataset_file;
pub(crate) mod description;
pub(crate) mod directory;
mod event_file;
pub(crate) mod metrics_log;
