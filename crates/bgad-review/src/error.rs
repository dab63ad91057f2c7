//! Errors between the page and the engine.

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
    /// A table of decisions is invalid.
    #[error("{}, line {line}: {found}; expected {expected}", .path.display())]
    Table {
        /// The table.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// What was found.
        found: String,
        /// What was expected.
        expected: &'static str,
    },
    /// Another program has the folder of decisions open.
    #[error(
        "{}: another `bgad review` has these decisions open; use its page, or end it first",
        .0.display()
    )]
    InUse(PathBuf),
    /// Someone decided about the image in the meantime.
    #[error("someone decided about this image in another window; the page now shows that decision")]
    Stale,
    /// Someone moved the threshold in the meantime.
    #[error("someone moved the threshold in another window; the page now shows it there")]
    StaleThreshold,
    /// What was requested does not exist.
    #[error("{0}")]
    Missing(String),
    /// The page's request can't be used.
    #[error("{0}")]
    Request(String),
    /// It can't be done now.
    #[error("{0}")]
    Busy(String),
    /// This model or server can't do it.
    #[error("{0}")]
    Unsupported(String),
    /// Learning failed; the message is from the program.
    #[error("{0}")]
    Learning(String),
    /// The server can't listen on an address.
    #[error("{address}: {source}; choose another with --listen or --port")]
    Address {
        /// The address.
        address: String,
        /// Why.
        source: std::io::Error,
    },
}

/// A result whose error is a sentence for the page.
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
