//! The number format of features.

use burn::tensor::{Device, FloatDType, Tensor};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// The number format in which features are kept. The backbone gives them in 32 bits and the flows
/// compute with 32 bits; between them 16 bits take half the memory, and round each feature.
///
/// A model remembers its format, so that predictions round as training did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FeaturePrecision {
    /// 32 bits, 24 of them for the digits.
    #[default]
    F32,
    /// 16 bits, 11 of them for the digits; up to 65504.
    F16,
    /// 16 bits, 8 of them for the digits; the range of 32 bits.
    Bf16,
}

impl FeaturePrecision {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
        }
    }

    /// Whether features stay as they are.
    pub(crate) fn is_full(self) -> bool {
        self == Self::F32
    }

    /// The bytes that a feature takes.
    pub(crate) fn bytes(self) -> u64 {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
        }
    }

    /// Whether `device` has this format.
    fn is_on(self, device: &Device) -> bool {
        match self {
            Self::F32 => true,
            Self::F16 => device.supports_dtype(FloatDType::F16),
            Self::Bf16 => device.supports_dtype(FloatDType::BF16),
        }
    }

    /// An error that names the formats of `device` where it lacks this one.
    pub(crate) fn check(self, device: &Device) -> Result<()> {
        if self.is_on(device) {
            return Ok(());
        }
        let others = [Self::F32, Self::F16, Self::Bf16].into_iter();
        let others = others.filter(|other| other.is_on(device));
        let others: Vec<_> = others.map(Self::name).collect();
        let expected = format!("{}: this device has no {self}", others.join(" or "));
        Err(Error::setting("features.precision", self, expected))
    }

    /// Features as they are kept.
    pub(crate) fn keep(self, features: Tensor<2>) -> Tensor<2> {
        match self {
            Self::F32 => features,
            Self::F16 => features.cast(FloatDType::F16),
            Self::Bf16 => features.cast(FloatDType::BF16),
        }
    }

    /// Kept features for computing.
    pub(crate) fn take(self, features: Tensor<2>) -> Tensor<2> {
        match self {
            Self::F32 => features,
            Self::F16 | Self::Bf16 => features.cast(FloatDType::F32),
        }
    }
}

impl std::fmt::Display for FeaturePrecision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
