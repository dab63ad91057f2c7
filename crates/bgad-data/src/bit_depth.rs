//! How many of 16 bits hold the values.

#[cfg(feature = "datasets")]
use std::collections::BTreeSet;
use std::fmt;
#[cfg(feature = "datasets")]
use std::path::PathBuf;
use std::str::FromStr;

#[cfg(feature = "datasets")]
use image::DynamicImage;
#[cfg(feature = "datasets")]
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{DataError, Result};
#[cfg(feature = "datasets")]
use crate::{Dataset, Orientation, image_file};

/// How many bits a value has in images of 16 bits a channel.
///
/// Cameras of machine vision measure 10, 12 or 14 bits and write them into the lower bits of 16: read
/// as 16 bits they are nearly black, and 2 to 6 bits of them are left. A data set and the images that
/// its model predicts have one depth; [`Dataset::recognise_bit_depth`](crate::Dataset::recognise_bit_depth)
/// finds it. Images of 8 bits are not concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct BitDepth(u8);

impl BitDepth {
    /// All 16 bits.
    pub const FULL: Self = Self(16);

    /// Values of `bits` bits, 8 to 16.
    ///
    /// # Errors
    /// [`DataError::Parameter`] for another number.
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

    /// The upper 8 bits; values beyond the depth are white.
    pub(crate) fn byte(self, value: u16) -> u8 {
        u8::try_from(value >> (self.0 - 8)).unwrap_or(u8::MAX)
    }

    /// The depth that cameras have and that holds values up to `largest`.
    pub(crate) fn holding(largest: u16) -> Self {
        let used = 16 - largest.leading_zeros() as u8;
        let depths = [8, 10, 12, 14];
        Self(depths.into_iter().find(|bits| used <= *bits).unwrap_or(16))
    }
}

#[cfg(feature = "datasets")]
/// What images of 16 bits hold.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BitDepthInspection {
    /// Images of 16 bits that could be read.
    pub files: usize,
    /// The largest value in any of them.
    pub largest: u16,
    /// The depth that holds it: 8, 10, 12, 14 or 16 bits.
    pub depth: BitDepth,
}

#[cfg(feature = "datasets")]
impl BitDepthInspection {
    /// Reads these files; none if no image of 16 bits is among them. Files that cannot be read are
    /// passed over.
    ///
    /// All of a set's images together tell the depth. A single one does not: it may be dark.
    pub fn of(files: &[PathBuf]) -> Option<Self> {
        let largest = |path: &PathBuf| {
            let image = image_file::decode(path, Orientation::Stored).ok()?;
            match image {
                DynamicImage::ImageLuma16(image) => image.pixels().map(|p| p.0[0]).max(),
                DynamicImage::ImageLumaA16(image) => image.pixels().map(|p| p.0[0]).max(),
                DynamicImage::ImageRgb16(image) => image.as_raw().iter().copied().max(),
                DynamicImage::ImageRgba16(image) => {
                    image.pixels().flat_map(|p| [p.0[0], p.0[1], p.0[2]]).max()
                }
                _ => None,
            }
        };
        let found: Vec<u16> = files.par_iter().filter_map(largest).collect();
        let largest = found.iter().copied().max()?;
        Some(Self {
            files: found.len(),
            largest,
            depth: BitDepth::holding(largest),
        })
    }

    /// A sentence where not all 16 bits are used.
    pub(crate) fn warning(&self) -> Option<String> {
        if self.depth.is_full() {
            return None;
        }
        let images = crate::text::count(self.files, "image");
        let (largest, bits) = (self.largest, self.depth);
        Some(format!(
            "{images} of 16 bits with no value above {largest}: a camera's {bits} bits, it seems, which are nearly black as 16; read them with a bit depth of {bits}"
        ))
    }
}

#[cfg(feature = "datasets")]
impl Dataset {
    /// Reads all images of 16 bits and tells how many bits their values have; none where no image has
    /// 16 bits. [`set_bit_depth`](Self::set_bit_depth) has them read so.
    pub fn recognise_bit_depth(&self) -> Option<BitDepthInspection> {
        let files: BTreeSet<&PathBuf> = self.samples().map(|sample| &sample.path).collect();
        let is_deep = |path: &&PathBuf| {
            let header = image_file::header(path, Orientation::Stored);
            header.is_ok_and(|header| header.mode.1 == 16)
        };
        let deep: Vec<PathBuf> = files.into_par_iter().filter(is_deep).cloned().collect();
        BitDepthInspection::of(&deep)
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
        // 0 is no depth, so that text gets the error for a wrong one.
        Self::new(text.parse().unwrap_or(0))
    }
}
