//! The whole page.

use std::fmt::Write as _;

use image::RgbImage;

use crate::data::{CurveKind, ReportData};
use crate::error::ReportError;
use crate::figures::{self, Figure};
use crate::gallery;
use crate::plot;
use crate::sections::{self, missing};
use crate::text::{counted, escape};

/// Limits on a report's size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportOptions {
    /// Most bytes of the HTML file. The gallery stops before it would exceed this; the images left out are
    /// those with the smallest errors.
    pub max_bytes: usize,
    /// Most images in the gallery.
    pub max_gallery: usize,
    /// Longer side of a gallery picture, in pixels. `None` chooses the largest of 224 (up to 150 images),
    /// 144, 112 and 88 at which all images are likely to fit.
    pub thumbnail_side: Option<u32>,
    /// How many gallery images are also written as PNG files, errors first.
    pub max_gallery_files: usize,
}

impl Default for ReportOptions {
    /// 20 MB, 500 images, 40 of them as PNG files.
    fn default() -> Self {
        Self {
            max_bytes: 20_000_000,
            max_gallery: 500,
            thumbnail_side: None,
            max_gallery_files: 40,
        }
    }
}

/// A drawn report.
pub(crate) struct Page {
    pub(crate) html: String,
    /// File names without extension, and SVGs.
    pub(crate) figures: Vec<(String, String)>,
    pub(crate) strips: Vec<RgbImage>,
    pub(crate) gallery_shown: usize,
}

pub(crate) fn draw(data: &ReportData, options: &ReportOptions) -> Result<Page, ReportError> {
    let mut figures = Vec::new();
    let mut section = |found: Vec<Figure>, otherwise: &str| {
        if found.is_empty() {
            return missing(otherwise);
        }
        let html: String = found.iter().map(figures::html).collect();
        figures.extend(found.into_iter().map(|figure| (figure.file, figure.svg)));
        format!("<div class=\"figures\">\n{html}</div>\n")
    };
    let kinds = [CurveKind::Roc, CurveKind::PrecisionRecall, CurveKind::Pro];
    let curves: Vec<Figure> = kinds
        .into_iter()
        .filter_map(|kind| figures::curves(kind, &data.curves))
        .collect();
    let has_curves = !curves.is_empty();
    let mut curves_html = section(curves, "No curves were given.");
    if has_curves {
        for (kind, name) in kinds.into_iter().zip(["ROC", "precision-recall", "PRO"]) {
            if !data
                .curves
                .iter()
                .any(|c| c.kind == kind && c.points.len() > 1)
            {
                curves_html.push_str(&missing(&format!("No {name} curve was given.")));
            }
        }
    }
    let history = figures::history(&data.history).into_iter().collect();
    let history = section(history, "No history of meta-epochs was given.");
    let histograms = data.histograms.iter().enumerate();
    let histograms = histograms
        .filter_map(|(index, histogram)| figures::histogram(index, histogram))
        .collect();
    let histograms = section(histograms, "No log-likelihoods of features were given.");
    let embeddings = data.embeddings.iter().enumerate();
    let embeddings = embeddings
        .filter_map(|(index, embedding)| figures::embedding(index, embedding))
        .collect();
    let embeddings = section(embeddings, "No features were given to show in the plane.");

    let before = [
        ("summary", "Summary", sections::summary(data)),
        ("curves", "Curves", curves_html),
        ("types", "Types of defects", sections::by_type(data)),
        ("training", "Training", history),
        ("likelihoods", "Log-likelihoods by level", histograms),
        ("embedding", "Features in the plane", embeddings),
    ];
    let after = [
        ("scores", "Scores by image", sections::scores(data)),
        ("settings", "Settings", sections::settings(data)),
    ];

    let navigation = [
        ("summary", "Summary"),
        ("curves", "Curves"),
        ("types", "Types"),
        ("training", "Training"),
        ("likelihoods", "Likelihoods"),
        ("embedding", "Features"),
        ("gallery", "Gallery"),
        ("scores", "Scores"),
        ("settings", "Settings"),
    ];
    let mut head = head(data);
    for (id, name) in navigation {
        let _ = write!(head, "<a href=\"#{id}\">{name}</a>");
    }
    head.push_str("</nav></div>\n<main>\n");
    let sections = |html: &mut String, sections: &[(&str, &str, String)]| {
        for (id, title, content) in sections {
            let _ = write!(
                html,
                "<section id=\"{id}\" aria-labelledby=\"{id}-title\"><h2 id=\"{id}-title\">{title}</h2>\n{content}</section>\n"
            );
        }
    };
    let mut html = head;
    sections(&mut html, &before);
    let mut tail = String::new();
    sections(&mut tail, &after);
    let _ = write!(
        tail,
        "</main>\n<footer>Made by bgad {}. Nothing on this page is loaded from elsewhere.</footer>\n<script>{}</script>\n</body>\n</html>\n",
        env!("CARGO_PKG_VERSION"),
        include_str!("../assets/report.js")
    );

    let used = html.len() + tail.len() + 1024;
    let room = options.max_bytes.checked_sub(used);
    let room = room.ok_or(ReportError::TooLarge {
        bytes: used,
        limit: options.max_bytes,
    })?;
    let (gallery_html, strips, gallery_shown) = if data.gallery.is_empty() {
        (
            missing("No images were given for the gallery."),
            Vec::new(),
            0,
        )
    } else {
        let limits = gallery::Limits {
            entries: options.max_gallery,
            bytes: room,
            strips: options.max_gallery_files,
        };
        let gallery = gallery::draw(&data.gallery, options.thumbnail_side, limits)?;
        (gallery.html, gallery.strips, gallery.shown)
    };
    let gallery = [("gallery", "Gallery, errors first", gallery_html)];
    sections(&mut html, &gallery);
    html.push_str(&tail);
    Ok(Page {
        html,
        figures,
        strips,
        gallery_shown,
    })
}

/// The page up to the navigation. The policy forbids loading anything, whatever the page's text says.
fn head(data: &ReportData) -> String {
    let title = if data.title.is_empty() {
        "Evaluation".into()
    } else {
        escape(&data.title)
    };
    let mut subtitle: Vec<String> = Vec::new();
    if !data.subtitle.is_empty() {
        subtitle.push(escape(&data.subtitle).into());
    }
    if !data.scores.is_empty() {
        subtitle.push(counted(data.scores.len(), "test image"));
    }
    if let Some(seed) = data.seed {
        subtitle.push(format!("seed {seed}"));
    }
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n<title>{title} – bgad report</title>\n<style>{}{}</style>\n</head>\n<body>\n<div class=\"top\"><header><h1>{title}</h1><p class=\"subtitle\">{}</p></header>\n<nav aria-label=\"Sections\">",
        plot::STYLE,
        include_str!("../assets/report.css"),
        subtitle.join(" · ")
    )
}
