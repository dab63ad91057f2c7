//! Metrics of a detector on a test set. Uses the rooms up to `detector`.

mod decide;
pub(crate) mod decisions;
pub(crate) mod evaluate;
mod measure;
pub(crate) mod options;
mod promise;
pub(crate) mod result;
mod scored;
pub(crate) mod test_set;
