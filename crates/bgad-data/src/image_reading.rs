//! From the pixels of a file to 8-bit RGB.

use image::{DynamicImage, ImageBuffer, Pixel, RgbImage};

use crate::{BitDepth, Orientation};

/// How the pixels of a file become an image: the same for all images of a data set, and for those
/// that its model predicts.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ImageReading {
    /// Whether it is turned as its orientation tag says.
    pub orientation: Orientation,
    /// How many of 16 bits hold the values.
    pub bit_depth: BitDepth,
}

impl ImageReading {
    /// Turned as `orientation` says.
    pub fn oriented(self, orientation: Orientation) -> Self {
        Self {
            orientation,
            ..self
        }
    }

    /// With values of so many bits.
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
