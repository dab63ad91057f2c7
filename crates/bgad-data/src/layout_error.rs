//! Errors for data sets whose layout the user must clarify.

use std::path::PathBuf;

/// Why the layout of a data set is unclear.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum LayoutError {
    /// No layout fits.
    #[error("{}: no known layout in {found}; {suggestion}. If it has one of these layouts, choose it with --layout: {}", .folder.display(), .layouts.join(", "))]
    Unknown {
        /// The folder.
        folder: PathBuf,
        /// What the folder contains.
        found: String,
        /// Options that may help.
        suggestion: String,
        /// The supported layouts.
        layouts: Vec<String>,
    },

    /// Several layouts fit.
    #[error("{}: it could be {}; choose with --layout", .folder.display(), .readings.join(" or "))]
    Ambiguous {
        /// The folder.
        folder: PathBuf,
        /// The possible layouts, each with the evidence for it.
        readings: Vec<String>,
    },

    /// Files that would be used for training or testing but may not be images of parts.
    #[error("{}: {found}; {answers}", .folder.display())]
    Question {
        /// The folder.
        folder: PathBuf,
        /// What was found there.
        found: String,
        /// How the user can say what it is.
        answers: String,
    },
}
