//! Writes one self-contained HTML report of an anomaly detector's evaluation, with its figures as SVG and its
//! gallery as PNG files.
//!
//! [`ReportData`] is plain data that serde can read and write; [`write_report`] draws it. The page needs no
//! network and no other file, works on a phone and a wide screen, in light and dark mode, and stays within
//! [`ReportOptions::max_bytes`]. A section without data says so in one sentence.
//!
//! | section | shows | figure of the paper |
//! |---|---|---|
//! | summary | metrics with confidence intervals, decisions at the threshold | |
//! | curves | ROC, precision-recall, PRO | |
//! | types of defects | metrics of each type | |
//! | training | test metrics against meta-epoch | 3 |
//! | log-likelihoods | normal and abnormal features of each level, boundaries b_n and b_a | 9 |
//! | features in the plane | before and after the flow, see [`pca_2d`] | 8 |
//! | gallery | image, ground truth, heat map, outline; missed and false alarms first | 4 |
//! | scores | every image, sortable | |
//! | settings | settings and seed | |
//!
//! ```
//! use bgad_report::{Metric, ReportData, ReportOptions, render_html};
//!
//! let data = ReportData {
//!     title: "bottle".to_owned(),
//!     metrics: vec![Metric {
//!         name: "AUPRO".to_owned(),
//!         value: Some(0.953),
//!         ..Metric::default()
//!     }],
//!     ..ReportData::default()
//! };
//! let page = render_html(&data, &ReportOptions::default())?;
//! assert!(page.contains("AUPRO") && page.contains("0.953"));
//! # Ok::<(), bgad_report::ReportError>(())
//! ```
//!
//! Names, paths and settings are untrusted: all text is escaped, and the page's content security policy
//! forbids loading anything.
#![forbid(unsafe_code)]

mod axis;
mod data;
mod error;
mod figures;
mod gallery;
mod heat;
mod page;
mod pca;
mod pictures;
mod plot;
mod sections;
mod text;
mod thumbnails;
mod write;

pub use data::{
    Curve, CurveKind, Embedding, EmbeddingPoint, GalleryEntry, HistorySeries, ImageScore, Interval,
    LevelHistogram, Metric, ReportData, SettingGroup, TypeMetrics,
};
pub use error::ReportError;
pub use page::ReportOptions;
pub use pca::{Projection, pca_2d};
pub use pictures::{MaskPicture, RgbPicture, ScoreMapPicture};
pub use write::{ReportFiles, render_html, write_report};
