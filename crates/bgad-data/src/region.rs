//! A part of an image, for data sets whose images are cut into patches.

use std::fmt;
use std::path::Path;

use image::RgbImage;
use serde::{Deserialize, Serialize};

use crate::{DataError, Mask, Result};

/// A rectangle of an image, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Region {
    /// The leftmost column.
    pub x: u32,
    /// The topmost row.
    pub y: u32,
    /// Width in pixels, at least 1.
    pub width: u32,
    /// Height in pixels, at least 1.
    pub height: u32,
}

impl Region {
    /// Cuts `width` x `height` pixels from left to right into pieces of full height and at most `piece`
    /// columns; the last one may be narrower.
    #[cfg(feature = "datasets")]
    pub(crate) fn columns(width: u32, height: u32, piece: u32) -> impl Iterator<Item = Self> {
        (0..width.div_ceil(piece)).map(move |index| {
            let x = index * piece;
            Self {
                x,
                y: 0,
                width: piece.min(width - x),
                height,
            }
        })
    }

    pub(crate) fn of_image(self, image: &RgbImage, file: &Path) -> Result<RgbImage> {
        self.check(image.dimensions(), file)?;
        let view = image::imageops::crop_imm(image, self.x, self.y, self.width, self.height);
        Ok(view.to_image())
    }

    #[cfg(feature = "datasets")]
    pub(crate) fn of_mask(self, mask: &Mask, file: &Path) -> Result<Mask> {
        self.check((mask.width(), mask.height()), file)?;
        let (left, width) = (self.x as usize, self.width as usize);
        let pixels = mask
            .pixels()
            .chunks_exact(mask.width() as usize)
            .skip(self.y as usize)
            .take(self.height as usize)
            .flat_map(|row| row[left..left + width].iter().copied())
            .collect();
        Mask::new(self.width, self.height, pixels)
    }

    fn check(self, (width, height): (u32, u32), file: &Path) -> Result<()> {
        let fits = |start: u32, length: u32, all: u32| {
            length > 0 && start.checked_add(length).is_some_and(|end| end <= all)
        };
        if fits(self.x, self.width, width) && fits(self.y, self.height, height) {
            return Ok(());
        }
        Err(DataError::Size {
            what: file.display().to_string(),
            found: format!("{width}x{height} pixels"),
            expected: format!(
                "an image that holds the region of {}x{} pixels at column {}, row {}",
                self.width, self.height, self.x, self.y
            ),
        })
    }
}

impl fmt::Display for Region {
    /// `x,y,width,height`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{},{},{}", self.x, self.y, self.width, self.height)
    }
}

impl Mask {
    /// A mask that marks what either mask marks; `file` is the other mask's file, for the error message.
    #[cfg(feature = "datasets")]
    pub(crate) fn union(&self, other: &Self, file: &Path) -> Result<Self> {
        let size = (self.width(), self.height());
        if size != (other.width(), other.height()) {
            return Err(DataError::Size {
                what: file.display().to_string(),
                found: format!("{}x{} pixels", other.width(), other.height()),
                expected: format!(
                    "{}x{} pixels as the other masks of the same image",
                    size.0, size.1
                ),
            });
        }
        let pairs = self.pixels().iter().zip(other.pixels());
        Self::new(size.0, size.1, pairs.map(|(a, b)| a | b).collect())
    }
}
