//! Conversion of a file's pixels to 8-bit RGB.

use image::{DynamicImage, ImageBuffer, Pixel, RgbImage};

use crate::{BitDepth, Orientation};

/// How a file's pixels become an image. All images of a data set and all images that its model predicts use
/// the same reading.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ImageReading {
    /// Whether the image is turned by its orientation tag.
    pub orientation: Orientation,
    /// How many of 16 bits hold the values.
    pub bit_depth: BitDepth,
}

impl ImageReading {
    /// Sets the orientation.
    pub fn oriented(self, orientation: Orientation) -> Self {
        Self {
            orientation,
            ..self
        }
    }

    /// Sets the bit depth.
    pub fn of_depth(self, bit_depth: BitDepth) -> Self {
        Self { bit_depth, ..self }
    }
}

/// Converts decoded pixels to 8-bit RGB.
pub(crate) fn rgb(image: DynamicImage, depth: BitDepth) -> RgbImage {
    let byte = |value: u16| depth.byte(value);
    match image {
        DynamicImage::ImageRgb8(image) => image,
        DynamicImage::ImageLuma8(image) => to_rgb(&image, |p| [p.0[0]; 3]),
        DynamicImage::ImageLumaA8(image) => to_rgb(&image, |p| [p.0[0]; 3]),
        DynamicImage::ImageRgba8(image) => to_rgb(&image, |p| [p.0[0], p.0[1], p.0[2]]),
        DynamicImage::ImageLuma16(image) => to_rgb(&image, |p| [byte(p.0[0]); 3]),
        DynamicImage::ImageLumaA16(image) => to_rgb(&image, |p| [byte(p.0[0]); 3]),
        DynamicImage::ImageRgb16(image) => {
            to_rgb(&image, |p| [byte(p.0[0]), byte(p.0[1]), byte(p.0[2])])
        }
        DynamicImage::ImageRgba16(image) => {
            to_rgb(&image, |p| [byte(p.0[0]), byte(p.0[1]), byte(p.0[2])])
        }
        other => other.to_rgb8(),
    }
}

fn to_rgb<P>(image: &ImageBuffer<P, Vec<P::Subpixel>>, convert: impl Fn(&P) -> [u8; 3]) -> RgbImage
where
    P: Pixel,
{
    let mut rgb = RgbImage::new(image.width(), image.height());
    for (to, from) in rgb.pixels_mut().zip(image.pixels()) {
        to.0 = convert(from);
    }
    rgb
}
