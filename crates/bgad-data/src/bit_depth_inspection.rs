//! How many of 16 bits the images of a data set use.

use std::collections::BTreeSet;
use std::path::PathBuf;

use image::DynamicImage;
use rayon::prelude::*;
use serde::Serialize;

use crate::{BitDepth, Dataset, Orientation, image_file};

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
            "{images} of 16 bits with no value above {largest}: a camera's {bits} bits, it seems, which are nearly black as 16; `Dataset::set_bit_depth` reads them so"
        ))
    }
}

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
