//! Why a report could not be written.

use std::path::PathBuf;

/// Why a report could not be written.
#[non_exhaustive]
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A file or folder could not be written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },

    /// A gallery picture does not have as many values as its size says, or is empty.
    #[error(
        "gallery image {path}: {what} has {found} values, \
         expected those of {width} x {height} pixels, at least one"
    )]
    PictureSize {
        /// Path of the gallery entry.
        path: String,
        /// Which of its pictures.
        what: &'static str,
        /// Width stated, in pixels.
        width: u32,
        /// Height stated, in pixels.
        height: u32,
        /// Number of values found.
        found: usize,
    },

    /// A picture could not be encoded.
    #[error("gallery image {path}: {source}")]
    Encode {
        /// Path of the gallery entry.
        path: String,
        /// What the encoder said.
        source: image::ImageError,
    },

    /// The features do not form rows of the stated dimension.
    #[error("{values} feature values: expected a positive multiple of the dimension {dimension}")]
    FeatureShape {
        /// Number of values found.
        values: usize,
        /// Values per feature.
        dimension: usize,
    },

    /// A feature value is NaN or infinite.
    #[error("feature {row} has a value that is not finite")]
    FeatureNotFinite {
        /// Index of the feature, from 0.
        row: usize,
    },

    /// The HTML would exceed the limit even without a gallery.
    #[error("the report without its gallery takes {bytes} bytes: expected at most {limit}")]
    TooLarge {
        /// Bytes needed.
        bytes: usize,
        /// Bytes allowed.
        limit: usize,
    },
}
