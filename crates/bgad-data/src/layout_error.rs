//! Data sets whose arrangement of files cannot be read without a word from the user.

use std::path::PathBuf;

/// Why it is not clear how a data set lies on disk.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum LayoutError {
    /// No layout fits.
    #[error("{}: no layout is recognised in {found}; say which it is with --layout ({}), or name the sub-folders of normal images with --normal", .folder.display(), .layouts.join(", "))]
    Unknown {
        /// The folder.
        folder: PathBuf,
        /// What lies there.
        found: String,
        /// The layouts that there are.
        layouts: Vec<String>,
    },

    /// Several layouts fit.
    #[error("{}: it can be read as {}; choose with --layout", .folder.display(), .readings.join(" or as "))]
    Ambiguous {
        /// The folder.
        folder: PathBuf,
        /// The readings, each with what speaks for it.
        readings: Vec<String>,
    },

    /// Files that would be trained or tested on and are perhaps no images of parts.
    #[error("{}: {found}; {answers}", .folder.display())]
    Question {
        /// The folder.
        folder: PathBuf,
        /// What was found in it.
        found: String,
        /// How the user can say what it is.
        answers: String,
    },
}
