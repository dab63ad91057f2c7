//! The vectors of one input of an image.

#[cfg(feature = "train")]
use burn::tensor::Tensor;

#[cfg(feature = "train")]
pub(super) use super::half_precision::Vectors;
/// An input's vectors for one flow.
#[cfg(not(feature = "train"))]
pub(super) use super::rows::Rows as Vectors;
use crate::config::precision::FeaturePrecision;
#[cfg(feature = "train")]
use crate::device::host::read;
use crate::error::Result;
use crate::input::view::View;

/// One input's features, as one matrix per flow: `[height · width, channels]`, one row per position, for each
/// level, finest first; then `[1, dimension]` for pooled features.
#[derive(Debug, Clone)]
pub(crate) struct ImageFeatures {
    pub(super) levels: Vec<Vectors>,
    /// What the input shows.
    #[cfg_attr(not(feature = "train"), allow(dead_code))] // as the format below: training's
    pub view: View,
    /// The same for the mirrored image, if it is used.
    pub(super) mirrored: Option<Vec<Vectors>>,
    /// The format in which they are stored.
    #[cfg_attr(not(feature = "train"), allow(dead_code))]
    pub(super) precision: FeaturePrecision,
    /// Those of the finer input, if there is one.
    pub finer: Option<Box<Self>>,
}

impl ImageFeatures {
    /// The input of flow `index`.
    #[cfg(feature = "train")]
    pub fn level(&self, index: usize) -> Tensor<2> {
        self.precision.take(self.levels[index].tensor())
    }

    /// The input of flow `index`, on the host, row by row.
    ///
    /// # Errors
    /// If the device fails.
    #[cfg(feature = "train")]
    pub fn values(&self, index: usize) -> Result<Vec<f32>> {
        read(self.level(index))
    }

    /// The input of flow `index`, row by row.
    #[cfg(not(feature = "train"))]
    pub fn values(&self, index: usize) -> Result<Vec<f32>> {
        Ok(self.levels[index].values.clone())
    }

    /// The same for the mirrored image, if it is used.
    ///
    /// # Errors
    /// If the device fails.
    pub fn mirrored_values(&self, index: usize) -> Result<Option<Vec<f32>>> {
        #[cfg(feature = "train")]
        return self.mirrored_level(index).map(read).transpose();
        #[cfg(not(feature = "train"))]
        Ok(self
            .mirrored
            .as_ref()
            .map(|levels| levels[index].values.clone()))
    }

    /// Number of flows that there are vectors for.
    pub fn len(&self) -> usize {
        self.levels.len()
    }

    /// The features without the mirrored image.
    #[cfg(feature = "train")]
    pub fn unmirrored(mut self) -> Self {
        self.mirrored = None;
        self.finer = self.finer.map(|finer| Box::new(finer.unmirrored()));
        self
    }

    /// The features of the mirrored image alone; `None` if they were not computed.
    #[cfg(feature = "train")]
    pub fn only_mirrored(mut self) -> Option<Self> {
        self.levels = self.mirrored.take()?;
        self.finer = match self.finer {
            Some(finer) => Some(Box::new(finer.only_mirrored()?)),
            None => None,
        };
        Some(self)
    }

    /// The input of flow `index` from the mirrored image, if it is used.
    #[cfg(feature = "train")]
    pub fn mirrored_level(&self, index: usize) -> Option<Tensor<2>> {
        let mirrored = self.mirrored.as_ref();
        mirrored.map(|levels| self.precision.take(levels[index].tensor()))
    }

    /// The features of the usual input for the flows from index `first` onward.
    #[cfg(feature = "train")]
    pub fn starting_at(&self, first: usize) -> Self {
        let mirrored = self.mirrored.as_ref();
        Self {
            levels: self.levels[first..].to_vec(),
            view: self.view,
            mirrored: mirrored.map(|levels| levels[first..].to_vec()),
            precision: self.precision,
            finer: None,
        }
    }
}
