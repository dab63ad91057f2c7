//! What is told of a transfer.

use std::path::PathBuf;

/// What an observer is told while weights are fetched.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FetchProgress {
    /// Another process is fetching the same file.
    Waiting {
        /// The lock that it holds.
        lock: PathBuf,
    },
    /// Part of the file is here.
    Received {
        /// Bytes that are here.
        bytes: u64,
        /// Bytes in all.
        total: u64,
    },
    /// The connection broke; another one is made.
    Again {
        /// What happened.
        reason: String,
    },
}
