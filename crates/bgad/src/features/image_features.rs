//! The vectors of one input of an image.

#[cfg(feature = "train")]
use burn::tensor::Tensor;

#[cfg(feature = "train")]
pub(super) use super::half_precision::Vectors;
/// The vectors that one flow sees of an input.
#[cfg(not(feature = "train"))]
pub(super) use super::rows::Rows as Vectors;
use crate::config::precision::FeaturePrecision;
#[cfg(feature = "train")]
use crate::device::host::read;
use crate::error::Result;
use crate::input::view::View;

/// One input's features, a matrix a flow: `[height · width, channels]`, a row a position, of each
/// level, finest first; then `[1, dimension]` of pooled features.
#[derive(Debug, Clone)]
pub(crate) struct ImageFeatures {
    pub(super) levels: Vec<Vectors>,
    /// What the input shows.
    #[cfg_attr(not(feature = "train"), allow(dead_code))] // as the format below: training's
    pub view: View,
    /// The same of the mirrored image, where it counts as well.
    pub(super) mirrored: Option<Vec<Vectors>>,
    /// The format that they are kept in.
    #[cfg_attr(not(feature = "train"), allow(dead_code))]
    pub(super) precision: FeaturePrecision,
}

impl ImageFeatures {
    /// What flow `index` sees.
    #[cfg(feature = "train")]
    pub fn level(&self, index: usize) -> Tensor<2> {
        self.precision.take(self.levels[index].tensor())
    }

    /// What flow `index` sees, on the host, row-major.
    ///
    /// # Errors
    /// When the device fails.
    #[cfg(feature = "train")]
    pub fn values(&self, index: usize) -> Result<Vec<f32>> {
        read(self.level(index))
    }

    /// What flow `index` sees, row-major.
    #[cfg(not(feature = "train"))]
    pub fn values(&self, index: usize) -> Result<Vec<f32>> {
        Ok(self.levels[index].values.clone())
    }

    /// The same of the mirrored image, where that counts.
    ///
    /// # Errors
    /// When the device fails.
    pub fn mirrored_values(&self, index: usize) -> Result<Option<Vec<f32>>> {
        #[cfg(feature = "train")]
        return self.mirrored_level(index).map(read).transpose();
        #[cfg(not(feature = "train"))]
        Ok(self
            .mirrored
            .as_ref()
            .map(|levels| levels[index].values.clone()))
    }

    /// How many flows there are vectors for.
    pub fn len(&self) -> usize {
        self.levels.len()
    }

    /// The same without the mirrored image.
    #[cfg(feature = "train")]
    pub fn unmirrored(mut self) -> Self {
        self.mirrored = None;
        self
    }

    /// The mirrored image alone, in place of the image; none where it was not computed.
    #[cfg(feature = "train")]
    pub fn only_mirrored(mut self) -> Option<Self> {
        self.levels = self.mirrored.take()?;
        Some(self)
    }

    /// What it sees of the mirrored image, where that counts.
    #[cfg(feature = "train")]
    pub fn mirrored_level(&self, index: usize) -> Option<Tensor<2>> {
        let mirrored = self.mirrored.as_ref();
        mirrored.map(|levels| self.precision.take(levels[index].tensor()))
    }

    /// What the flows from number `first` on see.
    #[cfg(feature = "train")]
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
