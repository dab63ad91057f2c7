//! Features pooled over positions, one vector an image, and the flows on them.

use super::choices::{PooledLevels, Pooling};
use super::declaration::{Section, settings};
use crate::error::Result;

settings! {
    /// Features pooled over positions, one vector an image, and the flows on them.
    pub struct PooledSettings in "pooled." {
        /// Where pixels are scored, train flows of pooled features beside those of positions: an image's
        /// score then draws on both, and abnormal images without a mask teach the pooled ones alone.
        pub flows: bool = true, paper false;
        /// How features are pooled.
        pub pooling: Pooling = Pooling::MeanStdMax, paper Pooling::MeanStd;
        /// A flow of pooled features for each level, or one for all.
        pub levels: PooledLevels = PooledLevels::Joined, paper PooledLevels::Separate;
        /// Folds of the normal images for constants of scoring and threshold: what judges an image has not
        /// seen its fold. 0: flows judge the training images as they are.
        pub folds: usize = 5, paper 0, allowed "0, or 2 to 20 folds";
        /// Let scores also draw on the distance of pooled features to those of the nearest normal
        /// training image.
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
