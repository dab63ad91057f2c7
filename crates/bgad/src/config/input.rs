//! How images become inputs of the backbone.

use bgad_data::{BitDepth, ImageReading, Orientation};

use super::declaration::{Section, settings};
use super::image_fit::Fit;
use crate::error::Result;

settings! {
    /// How images become inputs of the backbone.
    pub struct InputSettings in "input." {
        /// The images' width and height after resizing, in pixels.
        pub image_size: u32 = 256, allowed "32 to 2048 pixels";
        /// How images become square: all stretched, with padding that is neither trained on nor scored, or
        /// cut into tiles at their own resolution that overlap by so many pixels.
        pub fit: Fit = Fit::Stretch, allowed "`stretch`, `letterbox` or `tiles:OVERLAP`, as in `tiles:64`";
        /// Take images as they are stored, or turned as their EXIF orientation says.
        pub orientation: Orientation = Orientation::Stored;
        /// How many of 16 bits hold the values of images with 16 bits a channel: cameras write 10, 12 or 14 of
        /// them; none: as all images of the data set together tell.
        pub bit_depth: Option<BitDepth> = None, allowed "8 to 16, or `none`";
    }
}

impl InputSettings {
    /// How the pixels of an image file are read. Without a depth, which training on such images
    /// settles, 16 bits are 16.
    pub fn reading(&self) -> ImageReading {
        ImageReading::default()
            .oriented(self.orientation)
            .of_depth(self.bit_depth.unwrap_or_default())
    }

    pub(crate) fn check(&self) -> Result<()> {
        if !(32..=2048).contains(&self.image_size) {
            let found = self.image_size;
            return Err(self.refused("input.image_size", found));
        }
        self.fit.check(self.image_size)
    }
}
