//! The flow on the host's CPU, on plain slices: computes the same as `Flow` with tensors, in a third of the
//! time.
//!
//! Two things make the difference. Rows pass through all blocks a tile at a time, so that a tile's
//! activations stay in the cache between operations. And the condition's part of a subnet's first layer is
//! not multiplied for each row: one half of a positional encoding depends on the column and the other on the
//! row, so `c · W` is exactly `A[column] + B[row]` with two small tables ([`Conditions`]), forward and
//! backward.
//!
//! Only the row numbers determine how rows are split into tiles and tiles into groups. Groups run on all
//! available threads and are summed in order, so results don't depend on the number of threads.

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

/// Parts of a mini-batch whose gradients are summed separately.
const GROUPS: usize = 4;
