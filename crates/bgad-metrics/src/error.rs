//! Why a metric could not be computed.

use std::fmt;

/// The two classes of anomaly detection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Without a defect (label or mask `false`).
    Normal,
    /// With a defect (label or mask `true`).
    Abnormal,
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Normal => "normal",
            Self::Abnormal => "abnormal",
        })
    }
}

/// Why a metric could not be computed.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MetricError {
    /// The scores and the labels have different lengths.
    #[error("{scores} scores but {labels} labels: expected one label for each score")]
    LengthMismatch {
        /// Number of scores found.
        scores: usize,
        /// Number of labels found.
        labels: usize,
    },

    /// There is not a single score.
    #[error("no scores: expected at least one normal and one abnormal score")]
    Empty,

    /// All scores belong to one class, so the metric is not defined.
    #[error("no {missing} scores: expected at least one of each class, normal and abnormal")]
    OnlyOneClass {
        /// The class of which there is no score.
        missing: Class,
    },

    /// A score is NaN and has no place in the order.
    #[error("score {index} is NaN: expected a number")]
    NotANumber {
        /// Position in the slice of scores, from 0.
        index: usize,
    },

    /// A score of a map is NaN and has no place in the order.
    #[error("map {map}: the score at row {row}, column {column} is NaN: expected a number")]
    NotANumberInMap {
        /// Position of the map in the slice of maps, from 0.
        map: usize,
        /// Row of the pixel, from 0.
        row: usize,
        /// Column of the pixel, from 0.
        column: usize,
    },

    /// A score of a map is infinite where evenly spaced thresholds are needed.
    #[error(
        "map {map}: the score at row {row}, column {column} is infinite: \
         evenly spaced thresholds need finite scores"
    )]
    InfiniteInMap {
        /// Position of the map in the slice of maps, from 0.
        map: usize,
        /// Row of the pixel, from 0.
        row: usize,
        /// Column of the pixel, from 0.
        column: usize,
    },

    /// The slices of a map do not have `width * height` entries.
    #[error(
        "map {map}: {scores} scores and {mask} mask entries, \
         expected {width} x {height} of both"
    )]
    MapSize {
        /// Position of the map in the slice of maps, from 0.
        map: usize,
        /// Width that the map states, in pixels.
        width: usize,
        /// Height that the map states, in pixels.
        height: usize,
        /// Number of scores found.
        scores: usize,
        /// Number of mask entries found.
        mask: usize,
    },

    /// A mask does not have `width * height` entries.
    #[error("{found} mask entries, expected {width} x {height}")]
    MaskSize {
        /// Width stated, in pixels.
        width: usize,
        /// Height stated, in pixels.
        height: usize,
        /// Number of mask entries found.
        found: usize,
    },

    /// No map has a defect, so there is no region whose overlap could be measured.
    #[error("no defect region in any mask: expected at least one defect pixel")]
    NoRegions,

    /// More regions than their 32-bit labels can number.
    #[error("more than {limit} defect regions", limit = u32::MAX)]
    TooManyRegions,

    /// The limit on the false-positive rate is not a rate above 0.
    #[error("false-positive rate limit {limit}: expected more than 0 and at most 1")]
    InvalidLimit {
        /// The limit found.
        limit: f64,
    },
}
