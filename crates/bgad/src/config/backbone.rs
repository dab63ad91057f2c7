//! Which backbone gives the features.

use std::path::PathBuf;

use super::declaration::settings;

/// The name of the backbone that needs no weights.
pub const FILTER_BANK: &str = "filter-bank";

settings! {
    /// Which backbone gives the features. A backbone of the program's own says name and strides
    /// itself ([`Trainer::with_backbone`](crate::Trainer::with_backbone)).
    pub struct BackboneSettings in "backbone." {
        /// The filter bank, which needs no weights, or an EfficientNet by timm's name.
        pub name: String = FILTER_BANK.to_owned(),
            allowed "a backbone's name, as `filter-bank` or `tf_efficientnet_b6`";
        /// The backbone's timm weights; none: the published ones of its name, from the Hugging Face hub's cache
        /// or the hub. The model file holds what is needed of them, not this path.
        #[serde(skip_serializing)]
        pub weights: Option<PathBuf> = None, allowed "a .safetensors or .pth file";
        /// The strides of the feature pyramid's levels.
        pub strides: Vec<usize> = vec![4, 8, 16],
            allowed "one or more of 4, 8 and 16 in rising order, as in `4,8,16`";
    }
}
