//! How images become inputs of the backbone.

use bgad_data::Orientation;

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
    }
}

impl InputSettings {
    pub(crate) fn check(&self) -> Result<()> {
        if !(32..=2048).contains(&self.image_size) {
            let found = self.image_size;
            return Err(self.refused("input.image_size", found));
        }
        self.fit.check(self.image_size)
    }
}
