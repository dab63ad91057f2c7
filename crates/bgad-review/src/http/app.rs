//! The state that answers requests.

use std::sync::Arc;

use super::guard::Guard;
use crate::project::Project;
use crate::view::Limits;

/// The largest request, except for uploads and masks.
pub(crate) const LONGEST_REQUEST: usize = 4 << 20;
/// A painted mask, which is compressed; its text is a third longer.
pub(crate) const LONGEST_MASK: usize = 48 << 20;

/// The state of the server.
pub(crate) struct App {
    pub(crate) project: Arc<Project>,
    pub(crate) guard: Guard,
    pub(crate) limits: Limits,
    /// Identifies this run of the server; versions of another one are meaningless to it.
    pub(crate) instance: String,
    /// Limits how many large bodies are in memory at the same time.
    pub(crate) large: tokio::sync::Semaphore,
}
