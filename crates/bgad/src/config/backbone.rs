//! The backbone that computes the features.

use std::path::PathBuf;

use super::declaration::settings;

/// The name of the backbone that needs no weights.
pub const FILTER_BANK: &str = "filter-bank";

settings! {
    /// The backbone that computes the features. Your own backbone states its name and strides itself
    /// ([`Trainer::with_backbone`](crate::Trainer::with_backbone)).
    pub struct BackboneSettings in "backbone." {
        /// An EfficientNet by timm's name, or the filter bank, which needs no weights.
        pub name: String = FILTER_BANK.to_owned(),
            allowed "a backbone's name, such as `filter-bank` or `tf_efficientnet_b6`";
        /// The backbone's timm weights; none: the published ones for its name, from the Hugging Face hub's
        /// cache or the hub. The model file contains the weights that it needs, not this path.
        #[serde(skip_serializing)]
        pub weights: Option<PathBuf> = None, allowed "a .safetensors or .pth file";
        /// The strides of the feature pyramid's levels.
        pub strides: Vec<usize> = vec![4, 8, 16],
            allowed "one or more of 4, 8 and 16 in rising order, such as `4,8,16`";
    }
}
