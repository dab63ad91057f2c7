//! The network architectures, under timm's names.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::backbone::Normalization;

/// An EfficientNet in its TensorFlow ("SAME" padding) variant.
///
/// Parses from and prints as timm's name; a pretraining tag (`tf_efficientnet_b6.aa_in1k`) is
/// accepted and dropped when parsing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
#[non_exhaustive]
#[allow(missing_docs)] // one name each, given by `name`
pub enum Architecture {
    B0,
    B1,
    B2,
    B3,
    B4,
    B5,
    B6,
    B7,
    Lite0,
    Lite1,
    Lite2,
    Lite3,
    Lite4,
    V2B0,
    V2B1,
    V2B2,
    V2B3,
    V2S,
    V2M,
    V2L,
}

/// A family of architectures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    /// EfficientNet: squeeze-excite everywhere, SiLU.
    Original,
    /// EfficientNet-Lite: no squeeze-excite, ReLU6, fixed stem.
    Lite,
    /// EfficientNetV2-B: fused blocks early, SiLU.
    V2,
    /// EfficientNetV2-S: the same blocks in stages of its own, which are not scaled.
    V2S,
    /// EfficientNetV2-M, likewise.
    V2M,
    /// EfficientNetV2-L, likewise.
    V2L,
}

impl Architecture {
    /// All architectures.
    pub const ALL: &'static [Self] = &[
        Self::B0,
        Self::B1,
        Self::B2,
        Self::B3,
        Self::B4,
        Self::B5,
        Self::B6,
        Self::B7,
        Self::Lite0,
        Self::Lite1,
        Self::Lite2,
        Self::Lite3,
        Self::Lite4,
        Self::V2B0,
        Self::V2B1,
        Self::V2B2,
        Self::V2B3,
        Self::V2S,
        Self::V2M,
        Self::V2L,
    ];

    /// timm's name, without a pretraining tag.
    pub fn name(self) -> &'static str {
        match self {
            Self::B0 => "tf_efficientnet_b0",
            Self::B1 => "tf_efficientnet_b1",
            Self::B2 => "tf_efficientnet_b2",
            Self::B3 => "tf_efficientnet_b3",
            Self::B4 => "tf_efficientnet_b4",
            Self::B5 => "tf_efficientnet_b5",
            Self::B6 => "tf_efficientnet_b6",
            Self::B7 => "tf_efficientnet_b7",
            Self::Lite0 => "tf_efficientnet_lite0",
            Self::Lite1 => "tf_efficientnet_lite1",
            Self::Lite2 => "tf_efficientnet_lite2",
            Self::Lite3 => "tf_efficientnet_lite3",
            Self::Lite4 => "tf_efficientnet_lite4",
            Self::V2B0 => "tf_efficientnetv2_b0",
            Self::V2B1 => "tf_efficientnetv2_b1",
            Self::V2B2 => "tf_efficientnetv2_b2",
            Self::V2B3 => "tf_efficientnetv2_b3",
            Self::V2S => "tf_efficientnetv2_s",
            Self::V2M => "tf_efficientnetv2_m",
            Self::V2L => "tf_efficientnetv2_l",
        }
    }

    /// The normalisation of the plain ImageNet-1k weights (`aa_in1k`, `in1k`): ImageNet's mean and
    /// deviation, or 0.5 and 0.5 for the lite family and `tf_efficientnetv2_s`, `_m` and `_l`.
    ///
    /// timm's `ap_in1k` weights and the `in21k` weights of `tf_efficientnetv2_b3` need
    /// [`Normalization::SYMMETRIC`] instead: see
    /// [`EfficientNet::with_normalization`](crate::EfficientNet::with_normalization).
    pub fn normalization(self) -> Normalization {
        match self.family() {
            Family::Original | Family::V2 => Normalization::IMAGENET,
            Family::Lite | Family::V2S | Family::V2M | Family::V2L => Normalization::SYMMETRIC,
        }
    }

    pub(crate) fn family(self) -> Family {
        match self {
            Self::B0 | Self::B1 | Self::B2 | Self::B3 => Family::Original,
            Self::B4 | Self::B5 | Self::B6 | Self::B7 => Family::Original,
            Self::Lite0 | Self::Lite1 | Self::Lite2 | Self::Lite3 | Self::Lite4 => Family::Lite,
            Self::V2B0 | Self::V2B1 | Self::V2B2 | Self::V2B3 => Family::V2,
            Self::V2S => Family::V2S,
            Self::V2M => Family::V2M,
            Self::V2L => Family::V2L,
        }
    }

    /// Multipliers of channels and repeats.
    pub(crate) fn scaling(self) -> (f64, f64) {
        match self {
            Self::B0 | Self::Lite0 | Self::V2B0 => (1.0, 1.0),
            Self::V2S | Self::V2M | Self::V2L => (1.0, 1.0),
            Self::B1 | Self::Lite1 | Self::V2B1 => (1.0, 1.1),
            Self::B2 | Self::Lite2 | Self::V2B2 => (1.1, 1.2),
            Self::B3 | Self::Lite3 | Self::V2B3 => (1.2, 1.4),
            Self::B4 | Self::Lite4 => (1.4, 1.8),
            Self::B5 => (1.6, 2.2),
            Self::B6 => (1.8, 2.6),
            Self::B7 => (2.0, 3.1),
        }
    }

    /// All names, in one line.
    pub(crate) fn list() -> String {
        let names: Vec<&str> = Self::ALL.iter().map(|a| a.name()).collect();
        names.join(", ")
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl From<Architecture> for String {
    fn from(architecture: Architecture) -> Self {
        architecture.name().to_owned()
    }
}
