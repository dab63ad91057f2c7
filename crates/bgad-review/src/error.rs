//! What can go wrong between the page and the engine.

use std::path::{Path, PathBuf};

/// Why something was not done, in one sentence that the page shows.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    /// A file or folder that can't be read or written.
    #[error("{}: {source}", .path.display())]
    Io {
        /// Its path.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The model, or an image for it.
    #[error(transparent)]
    Bgad(#[from] bgad::Error),
    /// An image or data set.
    #[error(transparent)]
    Data(#[from] bgad::DataError),
    /// A table of decisions that is not one.
    #[error("{}, line {line}: {found}; expected {expected}", .path.display())]
    Table {
        /// The table.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// What stands there.
        found: String,
        /// What should.
        expected: &'static str,
    },
    /// Another program has the folder of decisions open.
    #[error(
        "{}: another `bgad review` has these decisions open; use its page, or end it first",
        .0.display()
    )]
    InUse(PathBuf),
    /// Somebody else has decided in the meantime.
    #[error("this image was decided in another window meanwhile; its decision is shown now")]
    Stale,
    /// What was asked for is not there.
    #[error("{0}")]
    Missing(String),
    /// What the page sent can't be used.
    #[error("{0}")]
    Request(String),
    /// It can't be done now.
    #[error("{0}")]
    Busy(String),
    /// What this model or this server can't do.
    #[error("{0}")]
    Unsupported(String),
    /// Learning failed; the message is that of the program.
    #[error("{0}")]
    Learning(String),
    /// An address that can't be listened on.
    #[error("{address}: {source}; choose another with --listen or --port")]
    Address {
        /// The address.
        address: String,
        /// Why.
        source: std::io::Error,
    },
}

/// A result with the page's sentence in the place of an error.
pub type Result<T> = std::result::Result<T, ReviewError>;

impl ReviewError {
    /// For `map_err`: a file's error with its path.
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |source| Self::Io {
            path: path.to_owned(),
            source,
        }
    }
}
