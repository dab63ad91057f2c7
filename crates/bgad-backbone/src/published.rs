//! The weights that timm publishes for each architecture.

use crate::architecture::{Architecture, Family};

/// Tags of weights that need [`Normalization::SYMMETRIC`](crate::Normalization::SYMMETRIC), unlike their
/// architecture's other weights.
const OTHERWISE_NORMALIZED: [&str; 3] = ["ap_in1k", "in21k", "in21k_ft_in1k"];

impl Architecture {
    /// Pretraining tags of timm's published weights that use the architecture's own
    /// [`normalization`](Self::normalization), the default first: plain ImageNet-1k, with AutoAugment for the
    /// original family.
    ///
    /// timm itself uses other weights for a name without a tag: since version 0.9 `ns_jft_in1k` for the
    /// original family, and `in21k_ft_in1k` for `tf_efficientnetv2_b3`, `_s`, `_m` and `_l`.
    pub fn pretrained_tags(self) -> &'static [&'static str] {
        match self {
            Self::B0 | Self::B1 | Self::B2 | Self::B3 | Self::B4 => {
                &["aa_in1k", "in1k", "ns_jft_in1k"]
            }
            Self::B5 => &["aa_in1k", "in1k", "ns_jft_in1k", "ra_in1k"],
            Self::B6 => &["aa_in1k", "ns_jft_in1k"],
            Self::B7 => &["aa_in1k", "ns_jft_in1k", "ra_in1k"],
            Self::Lite0 | Self::Lite1 | Self::Lite2 | Self::Lite3 | Self::Lite4 => &["in1k"],
            Self::V2B0 | Self::V2B1 | Self::V2B2 | Self::V2B3 => &["in1k"],
            Self::V2S | Self::V2M | Self::V2L => &["in1k", "in21k_ft_in1k", "in21k"],
        }
    }

    /// Whether weights with this tag need another normalisation than the architecture's own.
    pub fn is_otherwise_normalized(self, tag: &str) -> bool {
        let family = matches!(self.family(), Family::Original | Family::V2);
        family && OTHERWISE_NORMALIZED.contains(&tag)
    }
}
