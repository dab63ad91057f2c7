//! Progress of a transfer.

use std::path::PathBuf;

/// Events reported while weights are fetched.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FetchProgress {
    /// Another process is fetching the same file.
    Waiting {
        /// The lock that it holds.
        lock: PathBuf,
    },
    /// Part of the file has arrived.
    Received {
        /// Bytes received so far.
        bytes: u64,
        /// Total size in bytes.
        total: u64,
    },
    /// The connection broke and is being made again.
    Again {
        /// What happened.
        reason: String,
    },
}
