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
        /// The class without scores.
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

    /// The bounds of the false-positive rate are not a range of rates above 0.
    #[error("false-positive rates from {lower} to {upper}: expected 0 < lower < upper <= 1")]
    InvalidBounds {
        /// The lower bound found.
        lower: f64,
        /// The upper bound found.
        upper: f64,
    },

    /// The tolerance of a thinned curve is negative or not finite.
    #[error("curve tolerance {tolerance}: expected a finite number of at least 0")]
    InvalidTolerance {
        /// The tolerance found.
        tolerance: f64,
    },

    /// Every map has a defect, so no false-positive rate can be measured on normal images.
    #[error("no map without a defect: expected at least one normal image")]
    NoNormalMaps,

    /// The maps without a defect have too few pixels to measure such a low false-positive rate.
    #[error(
        "{found} pixels in maps without a defect: \
         the lower false-positive rate needs at least {needed}"
    )]
    TooFewNormalPixels {
        /// Pixels found, over all maps without a defect.
        found: u64,
        /// Pixels needed: with this many, the lower bound is one pixel.
        needed: u64,
    },

    /// The settings of a bootstrap are not usable.
    #[error("bootstrap: {problem}")]
    InvalidBootstrap {
        /// What is wrong.
        problem: &'static str,
    },

    /// The temporary file of sorted scores could not be written or read.
    #[error("temporary file of sorted scores: {message}")]
    TemporaryFile {
        /// What the operating system said.
        message: String,
    },

    /// Something is wrong with one image, by name; see [`MetricError::with_names`].
    #[error("image {image}: {problem}")]
    InImage {
        /// Name of the image.
        image: String,
        /// What is wrong; its indices are those of the slices given.
        #[source]
        problem: Box<MetricError>,
    },
}

/// Why a metric has no value on a set that is otherwise in order.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Undefined {
    /// No image at all.
    NoImages,
    /// All images, or all pixels, are normal.
    OnlyNormal,
    /// All images, or all pixels, are abnormal.
    OnlyAbnormal,
    /// No mask has a defect: region metrics have nothing to find.
    NoMasks,
    /// Too few normal pixels for the requested false-positive rates.
    TooFewNormalPixels,
}

impl fmt::Display for Undefined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoImages => "there are no images",
            Self::OnlyNormal => "all are normal",
            Self::OnlyAbnormal => "all are abnormal",
            Self::NoMasks => "no mask shows a defect",
            Self::TooFewNormalPixels => "there are too few normal pixels",
        })
    }
}

impl MetricError {
    /// Why the metric has no value on this set; `None` if the input is wrong (sizes, NaN, settings) and the
    /// caller must fix it.
    pub fn undefined(&self) -> Option<Undefined> {
        Some(match self {
            Self::Empty => Undefined::NoImages,
            Self::OnlyOneClass {
                missing: Class::Abnormal,
            } => Undefined::OnlyNormal,
            Self::OnlyOneClass {
                missing: Class::Normal,
            }
            | Self::NoNormalMaps => Undefined::OnlyAbnormal,
            Self::NoRegions => Undefined::NoMasks,
            Self::TooFewNormalPixels { .. } => Undefined::TooFewNormalPixels,
            _ => return None,
        })
    }

    /// Adds the name of the image that the error is about, if it is about one. `names` are in the order of the
    /// scores or maps.
    ///
    /// ```
    /// let error = bgad_metrics::auroc(&[0.5, f32::NAN], &[false, true]).unwrap_err();
    /// let error = error.with_names(&["good/000.png", "crack/007.png"]);
    /// assert!(error.to_string().starts_with("image crack/007.png: score 1 is NaN"));
    /// ```
    pub fn with_names<S: AsRef<str>>(self, names: &[S]) -> Self {
        let index = match self {
            Self::NotANumber { index } => index,
            Self::NotANumberInMap { map, .. }
            | Self::InfiniteInMap { map, .. }
            | Self::MapSize { map, .. } => map,
            other => return other,
        };
        match names.get(index) {
            Some(name) => Self::InImage {
                image: name.as_ref().to_owned(),
                problem: Box::new(self),
            },
            None => self,
        }
    }
}

impl From<std::io::Error> for MetricError {
    fn from(error: std::io::Error) -> Self {
        Self::TemporaryFile {
            message: error.to_string(),
        }
    }
}
