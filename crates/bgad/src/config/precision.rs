//! The number format of stored features.

#[cfg(feature = "train")]
use burn::tensor::{Device, FloatDType, Tensor};
use serde::{Deserialize, Serialize};

#[cfg(feature = "train")]
use crate::error::{Error, Result};

/// The number format in which features are stored. The backbone and the flows compute with 32 bits; storing
/// 16 bits in between halves the memory and rounds each feature.
///
/// A model records its format, so that predictions round like training did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FeaturePrecision {
    /// 32 bits, with 24 bits of precision.
    #[default]
    F32,
    /// 16 bits, with 11 bits of precision; up to 65504.
    F16,
    /// 16 bits, with 8 bits of precision; the range of 32 bits.
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

    /// Whether features are stored without rounding.
    #[cfg(feature = "train")]
    pub(crate) fn is_full(self) -> bool {
        self == Self::F32
    }

    /// Bytes per feature.
    #[cfg(feature = "train")]
    pub(crate) fn bytes(self) -> u64 {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
        }
    }

    /// The nearest value of this format, ties to even.
    #[cfg(any(test, not(feature = "train")))]
    pub(crate) fn round(self, value: f32) -> f32 {
        let bits = value.to_bits();
        match self {
            Self::F32 => value,
            _ if !value.is_finite() => value,
            Self::Bf16 => {
                let half = 0x7fff + (bits >> 16 & 1);
                f32::from_bits((bits + half) & 0xffff_0000)
            }
            // Halfway between the largest number and the one that would follow.
            Self::F16 if value.abs() >= 65520.0 => f32::INFINITY.copysign(value),
            Self::F16 => {
                // Numbers with one exponent are 2^-10 of it apart; below 2^-14 the spacing stays constant.
                let exponent = (bits >> 23 & 0xff).max(127 - 14);
                let step = f32::from_bits((exponent - 10) << 23);
                (value / step).round_ties_even() * step
            }
        }
    }

    /// Whether `device` supports this format.
    #[cfg(feature = "train")]
    fn is_on(self, device: &Device) -> bool {
        match self {
            Self::F32 => true,
            Self::F16 => device.supports_dtype(FloatDType::F16),
            Self::Bf16 => device.supports_dtype(FloatDType::BF16),
        }
    }

    /// Returns an error with the formats of `device` if it does not support this one.
    #[cfg(feature = "train")]
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

    /// The CPU supports all formats.
    #[cfg(not(feature = "train"))]
    pub(crate) fn check(self, _: &crate::device::Device) -> crate::error::Result<()> {
        Ok(())
    }

    /// Converts features for storage.
    #[cfg(feature = "train")]
    pub(crate) fn keep(self, features: Tensor<2>) -> Tensor<2> {
        match self {
            Self::F32 => features,
            Self::F16 => features.cast(FloatDType::F16),
            Self::Bf16 => features.cast(FloatDType::BF16),
        }
    }

    /// Converts stored features for computing.
    #[cfg(feature = "train")]
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

#[cfg(all(test, feature = "train"))]
mod tests {
    use half::{bf16, f16};

    use super::FeaturePrecision;

    #[test]
    fn values_are_rounded_as_by_a_cast() {
        // All exponents, with digits on both sides of the middle of a step, and on the middle.
        let digits = [
            0, 1, 0xfff, 0x1000, 0x1001, 0x3000, 0x7fff, 0x8000, 0x8001, 0x18000, 0x7f_ffff,
        ];
        for high in 0..512_u32 {
            for low in digits {
                let value = f32::from_bits(high << 23 | low);
                for (found, expected) in [
                    (
                        FeaturePrecision::F16.round(value),
                        f16::from_f32(value).to_f32(),
                    ),
                    (
                        FeaturePrecision::Bf16.round(value),
                        bf16::from_f32(value).to_f32(),
                    ),
                ] {
                    let same = found.to_bits() == expected.to_bits();
                    assert!(
                        same || (found.is_nan() && expected.is_nan()),
                        "{value}: {found}, {expected}"
                    );
                }
            }
        }
    }
}
