//! What answers requests.

use std::sync::Arc;

use super::guard::Guard;
use crate::project::Project;
use crate::view::Limits;

/// Requests other than uploads and masks are no longer than this.
pub(crate) const LONGEST_REQUEST: usize = 4 << 20;
/// A painted mask, which is compressed; its text is a third longer.
pub(crate) const LONGEST_MASK: usize = 48 << 20;

/// The state of the server.
pub(crate) struct App {
    pub(crate) project: Arc<Project>,
    pub(crate) guard: Guard,
    pub(crate) limits: Limits,
    /// This server's own name: versions of another one mean nothing to it.
    pub(crate) instance: String,
    /// Large bodies are in memory while they come: so many at a time.
    pub(crate) large: tokio::sync::Semaphore,
}
