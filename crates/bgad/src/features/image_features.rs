//! The features of one input.

use burn::tensor::Tensor;

use super::half_precision::Vectors;
use crate::config::precision::FeaturePrecision;
use crate::input::view::View;

/// One input's features, a matrix a flow: `[height · width, channels]`, a row a position, of each
/// level, finest first; then `[1, dimension]` of pooled features.
#[derive(Debug, Clone)]
pub(crate) struct ImageFeatures {
    pub(super) levels: Vec<Vectors>,
    /// What the input shows.
    pub view: View,
    /// The same of the mirrored image, where it counts as well.
    pub(super) mirrored: Option<Vec<Vectors>>,
    /// The format that they are kept in.
    pub(super) precision: FeaturePrecision,
}

impl ImageFeatures {
    /// What flow `index` sees.
    pub fn level(&self, index: usize) -> Tensor<2> {
        self.precision.take(self.levels[index].tensor())
    }

    /// How many flows there are vectors for.
    pub fn len(&self) -> usize {
        self.levels.len()
    }

    /// The same without the mirrored image.
    pub fn unmirrored(mut self) -> Self {
        self.mirrored = None;
        self
    }

    /// The mirrored image alone, in place of the image; none where it was not computed.
    pub fn only_mirrored(mut self) -> Option<Self> {
        self.levels = self.mirrored.take()?;
        Some(self)
    }

    /// What it sees of the mirrored image, where that counts.
    pub fn mirrored_level(&self, index: usize) -> Option<Tensor<2>> {
        let mirrored = self.mirrored.as_ref();
        mirrored.map(|levels| self.precision.take(levels[index].tensor()))
    }

    /// What the flows from number `first` on see.
    pub fn starting_at(&self, first: usize) -> Self {
        let mirrored = self.mirrored.as_ref();
        Self {
            levels: self.levels[first..].to_vec(),
            view: self.view,
            mirrored: mirrored.map(|levels| levels[first..].to_vec()),
            precision: self.precision,
        }
    }
}
