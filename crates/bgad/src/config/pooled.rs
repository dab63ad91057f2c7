//! Features pooled over positions, and the flows on them.

use super::choices::{PooledLevels, Pooling};
use super::declaration::{Section, settings};
use crate::error::Result;

settings! {
    /// Features pooled over positions into one vector per image, and the flows on them.
    pub struct PooledSettings in "pooled." {
        /// Whether to train flows on pooled features in addition to those on positions, if pixels are scored.
        /// An image's score then uses both, and abnormal images without a mask train only the pooled flows.
        pub flows: bool = true, paper false;
        /// How features are pooled.
        pub pooling: Pooling = Pooling::MeanStdMax, paper Pooling::MeanStd;
        /// Whether pooled features have one flow per level or one for all levels.
        pub levels: PooledLevels = PooledLevels::Joined, paper PooledLevels::Separate;
        /// Folds of the normal images for the scoring constants and the threshold: each image is judged by
        /// flows that have not seen its fold. 0: the flows judge their own training images.
        pub folds: usize = 5, paper 0, allowed "0, or 2 to 20 folds";
        /// Whether scores also use the distance of pooled features to those of the nearest normal training
        /// image.
        pub neighbors: bool = true, paper false;
    }
}

impl PooledSettings {
    pub(crate) fn check(&self) -> Result<()> {
        match self.folds {
            0 | 2..=20 => Ok(()),
            found => Err(self.refused("pooled.folds", found)),
        }
    }
}
