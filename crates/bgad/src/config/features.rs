//! How features are scaled and stored.

use super::choices::{FeatureMean, FeatureScaling};
use super::declaration::{Section, settings};
use super::memory_size::MemorySize;
use super::precision::FeaturePrecision;
use crate::error::Result;

settings! {
    /// How features are scaled and stored.
    pub struct FeatureSettings in "features." {
        /// How features are scaled before the flows.
        pub scaling: FeatureScaling = FeatureScaling::Whiten, paper FeatureScaling::None;
        /// Whether features are centred on one mean per level or one per position before they are scaled.
        pub mean: FeatureMean = FeatureMean::Position, paper FeatureMean::Level;
        /// The number format in which features are stored. 16 bits take half the memory and also round
        /// predictions.
        pub precision: FeaturePrecision = FeaturePrecision::F32;
        /// The number format in which training images' features wait for their batches, on the CPU. Pasted
        /// images, test images and predictions are not rounded.
        pub training_precision: FeaturePrecision = FeaturePrecision::F32, allowed "`f32` or `f16`";
        /// Memory for features kept over epochs, at most half of what is free; what does not fit is computed again.
        pub memory: MemorySize = MemorySize::bytes(4 << 30),
            allowed "bytes, or an amount such as `512MiB` or `4GiB`";
    }
}

impl FeatureSettings {
    pub(crate) fn check(&self) -> Result<()> {
        match self.training_precision {
            FeaturePrecision::Bf16 => {
                Err(self.refused("features.training_precision", self.training_precision))
            }
            FeaturePrecision::F32 | FeaturePrecision::F16 => Ok(()),
        }
    }
}
