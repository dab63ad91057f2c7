//! Defect masks.

use std::path::Path;

use image::DynamicImage;

use crate::{DataError, Orientation, Result, image_file, transform};

/// Which pixels of an image belong to a defect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mask {
    width: u32,
    height: u32,
    pixels: Vec<bool>,
}

impl Mask {
    /// A mask from its pixels, row by row.
    ///
    /// # Errors
    /// [`DataError::Size`] unless there are `width * height` pixels.
    pub fn new(width: u32, height: u32, pixels: Vec<bool>) -> Result<Self> {
        if pixels.len() as u64 != u64::from(width) * u64::from(height) {
            return Err(DataError::Size {
                what: "pixels of a mask".to_owned(),
                found: pixels.len().to_string(),
                expected: format!("{width} x {height}"),
            });
        }
        Ok(Self {
            width,
            height,
            pixels,
        })
    }

    /// A mask from pixels that are known to be `width * height`.
    pub(crate) fn from_pixels(width: u32, height: u32, pixels: Vec<bool>) -> Self {
        debug_assert_eq!(pixels.len(), width as usize * height as usize);
        Self {
            width,
            height,
            pixels,
        }
    }

    /// A mask without any defect.
    pub fn empty(width: u32, height: u32) -> Self {
        Self::filled(width, height, false)
    }

    /// A mask that is defect everywhere: an abnormal image of which nobody knows where.
    pub fn full(width: u32, height: u32) -> Self {
        Self::filled(width, height, true)
    }

    fn filled(width: u32, height: u32, value: bool) -> Self {
        Self {
            width,
            height,
            pixels: vec![value; width as usize * height as usize],
        }
    }

    /// Loads a mask from an image file.
    ///
    /// A pixel is a defect where its luma (as Pillow's `convert('L')`; 16 bits by their upper 8) is over
    /// 127. Masks stored as 0 and 1 work as well: if the largest value is 1, then 1 is a defect.
    ///
    /// # Errors
    /// As [`load_image`](crate::load_image).
    pub fn load(path: &Path) -> Result<Self> {
        Self::load_with(path, Orientation::Stored)
    }

    /// The same with a choice whether the mask is turned as its orientation tag says.
    ///
    /// # Errors
    /// As [`load_image`](crate::load_image).
    pub fn load_with(path: &Path, orientation: Orientation) -> Result<Self> {
        let image = image_file::decode(path, orientation)?;
        let (width, height) = (image.width(), image.height());
        let values: Vec<u16> = match image {
            DynamicImage::ImageLuma8(image) => image.pixels().map(|p| u16::from(p.0[0])).collect(),
            DynamicImage::ImageLumaA8(image) => image.pixels().map(|p| u16::from(p.0[0])).collect(),
            DynamicImage::ImageLuma16(image) => from_16_bits(image.pixels().map(|p| p.0[0])),
            DynamicImage::ImageLumaA16(image) => from_16_bits(image.pixels().map(|p| p.0[0])),
            other => image_file::rgb(other)
                .pixels()
                .map(|p| u16::from(luma(p.0)))
                .collect(),
        };
        let threshold = if values.iter().max() == Some(&1) {
            0
        } else {
            127
        };
        Ok(Self {
            width,
            height,
            pixels: values.into_iter().map(|value| value > threshold).collect(),
        })
    }

    /// Width in pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The pixels, row by row; true is a defect.
    pub fn pixels(&self) -> &[bool] {
        &self.pixels
    }

    /// Whether no pixel is a defect.
    pub fn is_empty(&self) -> bool {
        !self.pixels.contains(&true)
    }

    /// Number of defect pixels.
    pub fn area(&self) -> usize {
        self.pixels.iter().filter(|&&defect| defect).count()
    }

    /// Column and row of each defect pixel, row by row.
    #[cfg(feature = "datasets")]
    pub(crate) fn points(&self) -> Vec<(usize, usize)> {
        let width = self.width as usize;
        let marked = self.pixels.iter().enumerate().filter(|(_, m)| **m);
        marked.map(|(i, _)| (i % width, i / width)).collect()
    }

    /// Resizes as Pillow's `NEAREST`: the pixel under the centre, `floor((i + 0.5) * scale)`.
    pub fn resize(&self, width: u32, height: u32) -> Self {
        if (width, height) == (self.width, self.height) {
            return self.clone();
        }
        let columns = transform::nearest_sources(self.width, width);
        let rows = transform::nearest_sources(self.height, height);
        self.pick(&columns, &rows)
    }

    /// Resizes to a feature map as torch's `interpolate(mode="nearest")`: `floor(i * in / out)`.
    pub fn to_feature_size(&self, width: u32, height: u32) -> Self {
        let sources = |from: u32, to: u32| -> Vec<usize> {
            // torch computes in f32; so must this, to round alike.
            let scale = from as f32 / to as f32;
            (0..to)
                .map(|i| ((i as f32 * scale) as usize).min(from.saturating_sub(1) as usize))
                .collect()
        };
        self.pick(&sources(self.width, width), &sources(self.height, height))
    }

    /// The mask made of the given columns and rows of this one.
    fn pick(&self, columns: &[usize], rows: &[usize]) -> Self {
        let (width, height) = (columns.len() as u32, rows.len() as u32);
        if self.pixels.is_empty() {
            return Self::empty(width, height);
        }
        let pixels = rows
            .iter()
            .flat_map(|row| {
                columns
                    .iter()
                    .map(move |column| self.pixels[row * self.width as usize + column])
            })
            .collect();
        Self {
            width,
            height,
            pixels,
        }
    }
}

/// Pillow's integer luma (ITU-R 601-2).
fn luma([red, green, blue]: [u8; 3]) -> u8 {
    ((u32::from(red) * 19_595 + u32::from(green) * 38_470 + u32::from(blue) * 7_471 + 0x8000) >> 16)
        as u8
}

/// The upper bytes, unless the values are 0 and 1.
fn from_16_bits(values: impl Iterator<Item = u16>) -> Vec<u16> {
    let mut values: Vec<u16> = values.collect();
    if values.iter().max() != Some(&1) {
        for value in &mut values {
            *value = u16::from(image_file::upper(*value));
        }
    }
    values
}
