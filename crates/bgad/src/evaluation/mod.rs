//! Metrics of a detector on a test set. Uses the rooms up to `detector`.

pub(crate) mod evaluate;
mod measure;
pub(crate) mod options;
pub(crate) mod result;
mod scored;
pub(crate) mod test_set;
