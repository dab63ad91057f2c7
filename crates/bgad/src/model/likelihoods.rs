//! Log-likelihoods under the flows.

use crate::input::view::Views;

/// One image's per-dimension log-likelihoods, one entry per flow.
///
/// Each level's positions have a row-major map, finest level first. Pooled features have a single value;
/// these come after the maps.
#[derive(Debug, Clone, PartialEq)]
pub struct LogLikelihoodMaps {
    /// The flows' maps and values.
    pub levels: Vec<LogLikelihoodMap>,
    /// Each position's distance to the nearest one in the memory bank, if the model has a bank.
    pub distances: Option<PositionMap>,
    /// The distance of each position's context to the nearest normal one, if the model stores contexts.
    pub contexts: Option<PositionMap>,
    /// How far each position lies from normal ones at the same place, if the model has Gaussians of positions: a root
    /// mean square in standard deviations.
    pub deviations: Option<PositionMap>,
    /// How far each position lies in the direction of the abnormal training images' defects, if the model
    /// learned from some.
    pub discriminants: Option<PositionMap>,
    /// How much each position looks like a defect of the abnormal training images and unlike normal positions: its
    /// distance to the memory bank minus that to the nearest known defect, if the model learned from some.
    pub likeness: Option<PositionMap>,
    /// The mean squared difference of standardised pooled features to those of the nearest normal training
    /// image, if the model uses it.
    pub neighbor_distance: Option<f32>,
    /// Those of the image's finer input, if the model has one.
    pub finer: Option<Box<FinerMaps>>,
}

/// What a model says about an image's finer input.
#[derive(Debug, Clone, PartialEq)]
pub struct FinerMaps {
    /// What the input shows.
    pub(crate) views: Views,
    /// Its log-likelihoods and distances.
    pub maps: LogLikelihoodMaps,
}

/// One level of [`LogLikelihoodMaps`].
#[derive(Debug, Clone, PartialEq)]
pub struct LogLikelihoodMap {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// `log p / d` of each position, row-major.
    pub values: Vec<f32>,
    /// Whether this is the single value of pooled features. A map can also have only one position.
    pub pooled: bool,
}

impl LogLikelihoodMap {
    /// Whether this is the single value of pooled features rather than a map.
    pub fn is_pooled(&self) -> bool {
        self.pooled
    }
}

/// One value for each position of an input.
#[derive(Debug, Clone, PartialEq)]
pub struct PositionMap {
    /// Number of columns, and of rows.
    pub side: usize,
    /// Row-major. Distances are root mean squared differences of standardised features.
    pub values: Vec<f32>,
}
