//! How many of 16 bits hold the values.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{DataError, Result};

/// How many bits a value has in images with 16 bits per channel.
///
/// Machine vision cameras measure 10, 12 or 14 bits and write them into the lower bits of 16. Read as 16
/// bits, such images are nearly black and keep only 2 to 6 bits. A data set and the images that its model
/// predicts share one depth; [`Dataset::recognise_bit_depth`](crate::Dataset::recognise_bit_depth) finds it.
/// Images with 8 bits are not affected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct BitDepth(u8);

impl BitDepth {
    /// All 16 bits.
    pub const FULL: Self = Self(16);

    /// A depth of `bits` bits, from 8 to 16.
    ///
    /// # Errors
    /// [`DataError::Parameter`] for any other number.
    pub fn new(bits: u8) -> Result<Self> {
        match bits {
            8..=16 => Ok(Self(bits)),
            _ => Err(DataError::Parameter {
                name: "bit depth",
                found: bits.to_string(),
                expected: "8 to 16 bits of the 16 that a file has".to_owned(),
            }),
        }
    }

    /// The number of bits.
    pub fn bits(self) -> u8 {
        self.0
    }

    pub(crate) fn is_full(&self) -> bool {
        *self == Self::FULL
    }

    /// The upper 8 of the depth's bits; values beyond the depth become white.
    pub(crate) fn byte(self, value: u16) -> u8 {
        u8::try_from(value >> (self.0 - 8)).unwrap_or(u8::MAX)
    }

    /// The smallest usual camera depth that holds values up to `largest`.
    #[cfg(feature = "datasets")]
    pub(crate) fn holding(largest: u16) -> Self {
        let used = 16 - largest.leading_zeros() as u8;
        let depths = [8, 10, 12, 14];
        Self(depths.into_iter().find(|bits| used <= *bits).unwrap_or(16))
    }
}

impl Default for BitDepth {
    fn default() -> Self {
        Self::FULL
    }
}

impl TryFrom<u8> for BitDepth {
    type Error = DataError;

    fn try_from(bits: u8) -> Result<Self> {
        Self::new(bits)
    }
}

impl From<BitDepth> for u8 {
    fn from(depth: BitDepth) -> Self {
        depth.0
    }
}

impl fmt::Display for BitDepth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl FromStr for BitDepth {
    type Err = DataError;

    fn from_str(text: &str) -> Result<Self> {
        // 0 is not a valid depth, so text that is no number gets the same error.
        Self::new(text.parse().unwrap_or(0))
    }
}
