//! Everything that can go wrong, in all rooms. Uses no other room.

mod constructors;
mod kinds;
mod weights;

pub use kinds::{Error, RestoreError, Result};
#[cfg(feature = "train")]
pub use weights::WeightsError;
