//! Folders in which the program writes pictures, such as heat maps. They are never read as images of parts.

use std::path::Path;

use crate::{DataError, Result};

/// The file that marks a folder of results.
pub(crate) const MARK: &str = ".written-by-bgad";

const ABOUT: &str = "\
bgad wrote its results into this folder, so it reads no images of parts from it.
If you keep images of your own here, delete this file.
";

/// Marks a folder of results: neither this folder nor a data set that contains it is read as images of parts
/// from then on. Masks are still read from it.
///
/// # Errors
/// [`DataError::Io`] if the mark can't be written.
pub fn mark_results(folder: &Path) -> Result<()> {
    if holds_results(folder) {
        return Ok(());
    }
    let path = folder.join(MARK);
    let written = bgad_files::write_replaceable(&path, ABOUT.as_bytes());
    written.map_err(|reason| DataError::Io { path, reason })
}

/// Whether a folder is marked by [`mark_results`].
pub fn holds_results(folder: &Path) -> bool {
    folder.join(MARK).is_file()
}

/// Whether a folder inside a folder of images holds only what the program wrote: results, a run, the pictures
/// of a report or the decisions of `bgad review`.
pub(crate) fn is_of_program(folder: &Path) -> bool {
    let has = |name: &str| folder.join(name).is_file();
    let is_run = || has("run.json") && (has("dataset.json") || has("model.bgad"));
    let is_report = || {
        let parent = folder.parent().unwrap_or(Path::new(""));
        folder.ends_with("report_parts") && parent.join("report.html").is_file()
    };
    let is_review = || folder.join("uploads").is_dir() && folder.join("cache/maps").is_dir();
    holds_results(folder) || is_run() || is_report() || is_review()
}
