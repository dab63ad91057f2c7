//! Errors for masks that say where defects may be pasted.

use std::path::PathBuf;

/// Why a foreground mask cannot be used.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum ForegroundError {
    /// A foreground mask is empty, so no defect can be pasted.
    #[error("{}: this foreground mask marks no pixel by the rule {rule}; correct the mask, choose another rule with cut_paste.foreground_values, or estimate the foreground", .file.display())]
    Empty {
        /// The mask.
        file: PathBuf,
        /// The rule by which all foreground masks are read.
        rule: String,
    },

    /// The values of the foreground masks do not show which of them mark the foreground.
    #[error("{}: foreground masks with {found}, for example {}: it is not clear which values mark the foreground; choose with --set cut_paste.foreground_values=RULE: nonzero (all but 0), half (above half), above:N, alpha, or the values themselves, such as 1,2", .folder.display(), .example.display())]
    Unclear {
        /// The folder of foreground masks.
        folder: PathBuf,
        /// What was found in the masks.
        found: String,
        /// A mask that shows it.
        example: PathBuf,
    },
}
