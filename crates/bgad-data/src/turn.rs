//! Images turned by quarter turns.

use image::{RgbImage, imageops};
use serde::{Deserialize, Serialize};

#[cfg(feature = "datasets")]
use crate::Mask;

/// How far an image and its mask are turned clockwise, after the region is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Turn {
    /// Not at all.
    #[default]
    None,
    /// By 90 degrees.
    Quarter,
    /// By 180 degrees.
    Half,
    /// By 270 degrees.
    ThreeQuarters,
}

impl Turn {
    pub(crate) fn is_none(&self) -> bool {
        *self == Self::None
    }

    /// The width and height of an image that had these before.
    pub fn of_size(self, (width, height): (u32, u32)) -> (u32, u32) {
        match self {
            Self::None | Self::Half => (width, height),
            Self::Quarter | Self::ThreeQuarters => (height, width),
        }
    }

    /// The turned image.
    pub fn of_image(self, image: RgbImage) -> RgbImage {
        match self {
            Self::None => image,
            Self::Quarter => imageops::rotate90(&image),
            Self::Half => imageops::rotate180(&image),
            Self::ThreeQuarters => imageops::rotate270(&image),
        }
    }

    /// The turned mask.
    #[cfg(feature = "datasets")]
    pub(crate) fn of_mask(self, mask: Mask) -> Mask {
        let (width, height) = (mask.width() as usize, mask.height() as usize);
        let pixels = mask.pixels();
        let (columns, rows) = self.of_size((mask.width(), mask.height()));
        let turned = (0..rows as usize).flat_map(|y| {
            (0..columns as usize).map(move |x| match self {
                Self::None => pixels[y * width + x],
                Self::Quarter => pixels[(height - 1 - x) * width + y],
                Self::Half => pixels[(height - 1 - y) * width + width - 1 - x],
                Self::ThreeQuarters => pixels[x * width + width - 1 - y],
            })
        });
        Mask::from_pixels(columns, rows, turned.collect())
    }
}
