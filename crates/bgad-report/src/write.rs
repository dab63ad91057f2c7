//! The report's files.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::data::ReportData;
use crate::error::ReportError;
use crate::page::{self, ReportOptions};
use crate::plot;
use crate::thumbnails;

/// What was written.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportFiles {
    /// The page.
    pub html: PathBuf,
    /// Its size, in bytes.
    pub html_bytes: usize,
    /// Figures (SVG) and gallery strips (PNG).
    pub parts: Vec<PathBuf>,
    /// Number of images in the page's gallery.
    pub gallery_shown: usize,
}

/// The page alone, as text.
///
/// # Errors
///
/// Those of [`write_report`] but for files.
pub fn render_html(data: &ReportData, options: &ReportOptions) -> Result<String, ReportError> {
    Ok(page::draw(data, options)?.html)
}

/// Writes `report.html` to a folder, which is made where there is none, and its figures and
/// gallery strips to `report_parts` beside it: SVG files, and PNG files that show image, ground
/// truth, heat map and outline side by side.
///
/// Each file appears under its name only when it is complete: it is written to a temporary file in
/// the same folder, then renamed. The page is the last.
///
/// # Errors
///
/// [`ReportError::PictureSize`] where a picture has another number of pixels than it says,
/// [`ReportError::TooLarge`] where tables and figures alone exceed the limit,
/// [`ReportError::Encode`], and [`ReportError::Io`].
///
/// # Example
///
/// ```
/// use bgad_report::{Metric, ReportData, ReportOptions, write_report};
///
/// let data = ReportData {
///     title: "bottle".to_owned(),
///     metrics: vec![Metric {
///         name: "image AUROC".to_owned(),
///         value: Some(0.988),
///         ..Metric::default()
///     }],
///     ..ReportData::default()
/// };
/// let folder = tempfile::tempdir()?;
/// let files = write_report(&data, folder.path(), &ReportOptions::default())?;
/// assert!(std::fs::read_to_string(files.html)?.contains("0.988"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write_report(
    data: &ReportData,
    folder: &Path,
    options: &ReportOptions,
) -> Result<ReportFiles, ReportError> {
    let page = page::draw(data, options)?;
    let parts_folder = folder.join("report_parts");
    fs::create_dir_all(&parts_folder).map_err(|source| ReportError::Io {
        path: parts_folder.clone(),
        source,
    })?;
    let mut parts = Vec::new();
    for (name, svg) in &page.figures {
        let path = parts_folder.join(format!("{name}.svg"));
        write_atomically(&path, plot::standalone(svg).as_bytes())?;
        parts.push(path);
    }
    for (index, strip) in page.strips.iter().enumerate() {
        let path = parts_folder.join(format!("gallery_{:03}.png", index + 1));
        let png = thumbnails::png(strip).map_err(|source| ReportError::Encode {
            path: path.display().to_string(),
            source,
        })?;
        write_atomically(&path, &png)?;
        parts.push(path);
    }
    let html = folder.join("report.html");
    write_atomically(&html, page.html.as_bytes())?;
    Ok(ReportFiles {
        html,
        html_bytes: page.html.len(),
        parts,
        gallery_shown: page.gallery_shown,
    })
}

fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), ReportError> {
    let io = |source| ReportError::Io {
        path: path.to_owned(),
        source,
    };
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    // As the run's other files until they are whole, so that all that a killed program left is found.
    builder.prefix(".bgad-");
    // A temporary file is private by default; a report is an ordinary file.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder).map_err(io)?;
    file.write_all(bytes).map_err(io)?;
    file.persist(path).map_err(|error| io(error.error))?;
    Ok(())
}
