//! How images are prepared for the backbone.

use bgad_data::{BitDepth, ImageReading, Orientation};

use super::declaration::{Section, settings};
use super::finer_size::FinerSize;
use super::image_fit::Fit;
use super::rotations::Rotations;
use crate::error::{Error, Result};

/// The width and height of inputs unless they are chosen otherwise, in pixels.
pub(crate) const USUAL_SIZE: u32 = 256;

settings! {
    /// How images are prepared for the backbone.
    pub struct InputSettings in "input." {
        /// The images' width and height after resizing, in pixels. none: 256; 192 beside a finer_size that is chosen; for
        /// small parts on a plain background 512, or 384 if the images themselves have fewer than 512 pixels, unless
        /// finer_size is given.
        pub image_size: Option<u32> = None, paper Some(USUAL_SIZE), allowed "32 to 2048 pixels, or `none`";
        /// The width and height of a second, finer input; scores and maps are then weighted means, in which the finer
        /// input counts twice. auto: 384, beside 192, if image_size is none and the images show no background, unless
        /// flows are trained.
        pub finer_size: FinerSize = FinerSize::Auto, paper FinerSize::Off,
            allowed "`auto`, `off`, or pixels above `input.image_size`, up to 2048";
        /// How images become square: stretched, padded, or cut at their own resolution into tiles that
        /// overlap by this many pixels. Padding is neither trained on nor scored.
        pub fit: Fit = Fit::Stretch, allowed "`stretch`, `letterbox` or `tiles:OVERLAP`, such as `tiles:64`";
        /// Whether images are taken as stored, or turned as their EXIF orientation says.
        pub orientation: Orientation = Orientation::Stored;
        /// Whether normal images are also trained on turned, for parts that lie at any angle: half, by 180 degrees;
        /// quarter, by 90, 180 and 270. auto: small parts on a plain background, if the images look the same turned,
        /// unless flows are trained or whole images alone are scored. Copies end at 400 inputs in all.
        pub rotations: Rotations = Rotations::Auto, paper Rotations::Off;
        /// How many of 16 bits hold the values of 16-bit images; cameras use 10, 12 or 14. none: found from
        /// all images of the data set together.
        pub bit_depth: Option<BitDepth> = None, allowed "8 to 16, or `none`";
    }
}

/// The width and height on a score map of what an input of `size` pixels shows. Two inputs have one map: 256 by 256
/// pixels, or as many as the finer one has if that is smaller, or as the other one has if that is larger.
pub(crate) fn map_size(size: u32, finer: Option<u32>) -> u32 {
    size.max(finer.map_or(0, |finer| finer.min(USUAL_SIZE)))
}

impl InputSettings {
    /// The width and height of inputs: those of `image_size`, or 256 if they are not chosen yet. A model's settings
    /// always name its own.
    pub fn size(&self) -> u32 {
        self.image_size.unwrap_or(USUAL_SIZE)
    }

    /// The width and height on a score map of what one input shows, in pixels.
    pub(crate) fn map_size(&self) -> u32 {
        map_size(self.size(), self.finer_size.pixels())
    }

    /// How an image file's pixels are read. Without a depth (training on 16-bit images always sets one), all
    /// 16 bits count.
    pub fn reading(&self) -> ImageReading {
        ImageReading::default()
            .oriented(self.orientation)
            .of_depth(self.bit_depth.unwrap_or_default())
    }

    pub(crate) fn check(&self) -> Result<()> {
        if !(32..=2048).contains(&self.size()) {
            return Err(self.refused("input.image_size", self.size()));
        }
        if let Some(finer) = self.finer_size.pixels() {
            if !(self.size() + 1..=2048).contains(&finer) {
                return Err(self.refused("input.finer_size", finer));
            }
            if matches!(self.fit, Fit::Tiles(_)) {
                let expected = "`off`, because tiles have the image's own resolution";
                return Err(Error::setting("input.finer_size", finer, expected));
            }
        }
        self.fit.check(self.size())
    }
}
