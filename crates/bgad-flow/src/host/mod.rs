//! The flow on the host's CPU, on plain slices: what `Flow` computes with tensors, in a
//! third of its time.
//!
//! Two things make the difference. Rows go through all blocks a tile at a time, so that a tile's
//! activations stay in the cache from one operation to the next. And the condition's part of a
//! subnet's first layer is not multiplied for each row: a positional encoding depends on the column
//! in one half and on the row in the other, so that `c · W` is `A[column] + B[row]` with two small
//! tables ([`Conditions`]), exactly, forward and backward.
//!
//! Rows are split into tiles and tiles into groups by their number alone. Groups run on as many
//! threads as there are and are summed in order, so that results don't depend on the threads.

mod adam;
mod backward;
mod conditions;
mod forward;
mod parameters;
mod tile;
mod train;

pub use adam::HostAdam;
pub use conditions::Conditions;
pub use forward::PreparedFlow;
pub use parameters::HostFlow;
pub use train::Workspace;

/// Parts of a mini-batch whose gradients are summed apart from each other.
const GROUPS: usize = 4;
