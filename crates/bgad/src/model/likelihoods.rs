//! The log-likelihoods that flows give.

/// One image's per-dimension log-likelihoods, an entry a flow.
///
/// Of positions each level has a map, row-major, finest first; of pooled features there is a single
/// value, after the maps where there are both.
#[derive(Debug, Clone, PartialEq)]
pub struct LogLikelihoodMaps {
    /// The flows' maps and values.
    pub levels: Vec<LogLikelihoodMap>,
    /// How far each position lies from the nearest one of the memory bank, where the model has it.
    pub distances: Option<PositionMap>,
    /// How far each position lies in the direction of the defects of abnormal training images, where the
    /// model learnt from some.
    pub discriminants: Option<PositionMap>,
    /// The mean squared difference of standardised pooled features to those of the nearest normal
    /// training image, where the model has it.
    pub neighbor_distance: Option<f32>,
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
    /// Whether this is the one value of pooled features rather than a map. A map can have a single
    /// position too.
    pub pooled: bool,
}

impl LogLikelihoodMap {
    /// Whether this is the one value of pooled features rather than a map.
    pub fn is_pooled(&self) -> bool {
        self.pooled
    }
}

/// One value for each position of an input.
#[derive(Debug, Clone, PartialEq)]
pub struct PositionMap {
    /// Columns, and rows.
    pub side: usize,
    /// Row-major. Distances are roots of the mean squared difference of standardised features.
    pub values: Vec<f32>,
}
