//! How many of 16 bits a data set's images use.

use std::collections::BTreeSet;
use std::path::PathBuf;

use image::DynamicImage;
use rayon::prelude::*;
use serde::Serialize;

use crate::{BitDepth, Dataset, Orientation, Sample, image_file};

/// The values found in images with 16 bits per channel.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BitDepthInspection {
    /// Number of 16-bit images that could be read.
    pub files: usize,
    /// The largest value in any of them.
    pub largest: u16,
    /// The smallest depth that holds it: 8, 10, 12, 14 or 16 bits.
    pub depth: BitDepth,
}

impl BitDepthInspection {
    /// Reads the 16-bit images among these files; `None` if there is none. Unreadable files are skipped.
    ///
    /// The depth comes from all of a set's images together, because a single image may just be dark.
    pub fn of(files: &[PathBuf]) -> Option<Self> {
        let largest = |path: &PathBuf| {
            if !image_file::has_16_bits(path) {
                return None;
            }
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

    /// A warning if not all 16 bits are used.
    pub fn warning(&self) -> Option<String> {
        if self.depth.is_full() {
            return None;
        }
        let images = crate::text::count(self.files, "image");
        let (largest, bits) = (self.largest, self.depth);
        Some(format!(
            "{images} of 16 bits with no value above {largest}: read as {bits}-bit camera images; set input.bit_depth=16 to read all 16 bits, which makes them nearly black"
        ))
    }

    /// A warning if a model of this depth reads the images too bright or too dark. A model without a depth was
    /// trained without 16-bit images and reads all 16 bits.
    pub fn misread_by(&self, of_model: Option<BitDepth>) -> Option<String> {
        let depth = of_model.unwrap_or_default();
        let images = crate::text::count(self.files, "image");
        let largest = self.largest;
        if self.depth > depth {
            return Some(format!(
                "{images} of 16 bits with values up to {largest}, but the model reads {depth} bits: higher values become white"
            ));
        }
        let is_dark = of_model.is_none() && !self.depth.is_full();
        is_dark.then(|| format!(
            "{images} of 16 bits with no value above {largest}, but the model was trained on 8-bit images and reads all 16 bits, which makes them nearly black; train with the setting input.bit_depth={}",
            self.depth
        ))
    }
}

impl Dataset {
    /// Reads all 16-bit images and finds how many bits their values use; `None` without 16-bit images. Apply
    /// the result with [`set_bit_depth`](Self::set_bit_depth).
    pub fn recognise_bit_depth(&self) -> Option<BitDepthInspection> {
        recognise(self.samples())
    }

    /// Sets the depth of all 16-bit images to `chosen` or, without a choice, to the depth that all of them
    /// share; a recognised depth below 16 adds a warning. A depth set earlier stays. `None` if nothing was
    /// chosen and no image has 16 bits.
    pub fn settle_bit_depth(&mut self, chosen: Option<BitDepth>) -> Option<BitDepth> {
        let set_before = self.samples().map(|sample| sample.bit_depth);
        let set_before = set_before.min().filter(|depth| !depth.is_full());
        let depth = match chosen.or(set_before) {
            Some(depth) => depth,
            None => {
                let found = self.recognise_bit_depth()?;
                let root = self.root.display();
                let warning = found.warning().map(|text| format!("{root}: {text}"));
                self.warnings.extend(warning);
                found.depth
            }
        };
        self.set_bit_depth(depth);
        Some(depth)
    }

    /// Sets the depth of all 16-bit images to the model's and warns if the test images have another. A model
    /// without a depth was trained without 16-bit images and reads them as 16 bits.
    pub fn follow_bit_depth(&mut self, of_model: Option<BitDepth>) {
        let depth = of_model.unwrap_or_default();
        self.set_bit_depth(depth);
        let found = recognise(self.test.iter());
        let misread = found.and_then(|found| found.misread_by(of_model));
        let root = self.root.display();
        self.warnings
            .extend(misread.map(|text| format!("{root}: {text}")));
    }
}

/// The depth that all 16-bit images among the samples share.
fn recognise<'a>(samples: impl Iterator<Item = &'a Sample>) -> Option<BitDepthInspection> {
    let files: BTreeSet<&PathBuf> = samples.map(|sample| &sample.path).collect();
    BitDepthInspection::of(&files.into_iter().cloned().collect::<Vec<_>>())
}
