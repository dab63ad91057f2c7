//! The report's files.

use std::path::{Path, PathBuf};

use crate::data::ReportData;
use crate::error::ReportError;
use crate::page::{self, ReportOptions};
use crate::plot;
use crate::thumbnails;

/// The files that were written.
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

/// Renders the page alone, as text.
///
/// # Errors
///
/// Those of [`write_report`] except the ones about files.
pub fn render_html(data: &ReportData, options: &ReportOptions) -> Result<String, ReportError> {
    Ok(page::draw(data, options)?.html)
}

/// Writes `report.html` to a folder, which is created if needed, and figures and gallery strips to
/// `report_parts` beside it: SVG files, and PNG files that show image, ground truth, heat map and outline
/// side by side.
///
/// Each file appears under its name only when it is complete. The page comes last.
///
/// # Errors
///
/// [`ReportError::PictureSize`] if a picture has another number of values than its size says,
/// [`ReportError::TooLarge`] if tables and figures alone exceed the limit, [`ReportError::Encode`], and
/// [`ReportError::Io`].
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
    bgad_files::create_folder(&parts_folder).map_err(|source| ReportError::Io {
        path: parts_folder.clone(),
        source,
    })?;
    let mut parts = Vec::new();
    for (name, svg) in &page.figures {
        let path = parts_folder.join(format!("{name}.svg"));
        write(&path, plot::standalone(svg).as_bytes())?;
        parts.push(path);
    }
    for (index, strip) in page.strips.iter().enumerate() {
        let path = parts_folder.join(format!("gallery_{:03}.png", index + 1));
        let png = thumbnails::png(strip).map_err(|source| ReportError::Encode {
            path: path.display().to_string(),
            source,
        })?;
        write(&path, &png)?;
        parts.push(path);
    }
    let html = folder.join("report.html");
    write(&html, page.html.as_bytes())?;
    Ok(ReportFiles {
        html,
        html_bytes: page.html.len(),
        parts,
        gallery_shown: page.gallery_shown,
    })
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), ReportError> {
    let written = bgad_files::write_replaceable(path, bytes);
    written.map_err(|source| ReportError::Io {
        path: path.to_owned(),
        source,
    })
}
