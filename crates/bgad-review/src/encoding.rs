//! Pictures for the page.

use std::io::Cursor;

use bgad::RgbImage;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType as PngFilter, PngEncoder};
use image::imageops::{self, FilterType};
use image::{ExtendedColorType, GrayImage, ImageEncoder as _, ImageError, Limits, RgbaImage};

use crate::engine::LevelMap;
use crate::error::{Result, ReviewError};

/// The longer side of a thumbnail, in pixels: twice what a tile shows, for high-density screens.
const THUMBNAIL: u32 = 320;
/// The longer side of a heat map on a tile.
const SMALL_HEAT: u32 = 160;
/// Pictures with more pixels are sent as JPEG.
const LARGEST_PNG: u64 = 4 << 20;
/// JPEG quality of thumbnails and of pictures, out of 100.
const THUMBNAIL_QUALITY: u8 = 82;
const PICTURE_QUALITY: u8 = 93;
/// The largest side of a mask, which is that of the images that are read.
const LARGEST_SIDE: u32 = 16_384;

/// The colours from the lowest to the highest score, as in heat maps of `bgad predict`: blue, cyan, yellow,
/// red. They also differ in lightness, and yellow is the threshold.
const COLOURS: [[f32; 3]; 4] = [
    [30.0, 60.0, 200.0],
    [0.0, 200.0, 220.0],
    [255.0, 220.0, 0.0],
    [220.0, 0.0, 0.0],
];

/// A file for the page, and its content type.
pub(crate) struct Encoded {
    pub(crate) bytes: Vec<u8>,
    pub(crate) kind: &'static str,
}

/// A small picture of an image.
pub(crate) fn thumbnail(image: &RgbImage) -> Result<Vec<u8>> {
    let (width, height) = within(image.dimensions(), THUMBNAIL);
    let small = imageops::thumbnail(image, width, height);
    jpeg(&small, THUMBNAIL_QUALITY)
}

/// An image at its own size; lossless unless it is so large that this would take seconds.
pub(crate) fn picture(image: &RgbImage) -> Result<Encoded> {
    let pixels = u64::from(image.width()) * u64::from(image.height());
    Ok(match pixels > LARGEST_PNG {
        true => Encoded {
            bytes: jpeg(image, PICTURE_QUALITY)?,
            kind: "image/jpeg",
        },
        false => Encoded {
            bytes: png(image)?,
            kind: "image/png",
        },
    })
}

/// An image as PNG.
pub(crate) fn png(image: &RgbImage) -> Result<Vec<u8>> {
    encode_png(image, image.dimensions(), ExtendedColorType::Rgb8)
}

/// A map's levels as a grey PNG.
pub(crate) fn levels(map: &LevelMap) -> Result<Vec<u8>> {
    encode_png(&map.levels, (map.width, map.height), ExtendedColorType::L8)
}

/// A map in colours, transparent where the score is low, small enough for a tile.
pub(crate) fn heat(levels: &[u8]) -> Result<Vec<u8>> {
    let map = decode_grey(levels)?;
    let (width, height) = within(map.dimensions(), SMALL_HEAT);
    let map = match map.dimensions() == (width, height) {
        true => map,
        false => imageops::resize(&map, width, height, FilterType::Triangle),
    };
    let heat = RgbaImage::from_fn(width, height, |x, y| colour(map.get_pixel(x, y).0[0]));
    encode_png(&heat, (width, height), ExtendedColorType::Rgba8)
}

/// A painted mask as it is stored: white on black, at the image's size.
pub(crate) fn mask(png: &[u8], size: (u32, u32)) -> Result<Vec<u8>> {
    let mut mask = decode_grey(png)?;
    if mask.dimensions() != size {
        return Err(ReviewError::Request(format!(
            "a mask of {} x {} pixels; expected {} x {}, the image's own",
            mask.width(),
            mask.height(),
            size.0,
            size.1
        )));
    }
    for pixel in mask.pixels_mut() {
        pixel.0[0] = if pixel.0[0] >= 128 { 255 } else { 0 };
    }
    encode_png(&mask, size, ExtendedColorType::L8)
}

fn colour(level: u8) -> image::Rgba<u8> {
    let heat = f32::from(level) / 255.0;
    let place = heat * (COLOURS.len() - 1) as f32;
    let first = (place as usize).min(COLOURS.len() - 2);
    let along = place - first as f32;
    let channel = |c: usize| COLOURS[first][c] * (1.0 - along) + COLOURS[first + 1][c] * along;
    // The colour fades in over the lowest fifth.
    let cover = 255.0 * (heat * 5.0).min(1.0);
    image::Rgba([
        channel(0) as u8,
        channel(1) as u8,
        channel(2) as u8,
        cover as u8,
    ])
}

/// The size that fits into a square and keeps the proportions of `size`.
fn within((width, height): (u32, u32), side: u32) -> (u32, u32) {
    let longer = width.max(height).max(1);
    if longer <= side {
        return (width.max(1), height.max(1));
    }
    let scaled = |length: u32| {
        let scaled = u64::from(length) * u64::from(side) / u64::from(longer);
        (scaled as u32).max(1)
    };
    (scaled(width), scaled(height))
}

fn jpeg(image: &RgbImage, quality: u8) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality)
        .encode_image(image)
        .map_err(not_encoded)?;
    Ok(bytes)
}

fn encode_png(pixels: &[u8], size: (u32, u32), colour: ExtendedColorType) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, PngFilter::Adaptive)
        .write_image(pixels, size.0, size.1, colour)
        .map_err(not_encoded)?;
    Ok(bytes)
}

fn decode_grey(png: &[u8]) -> Result<GrayImage> {
    let mut reader = image::ImageReader::new(Cursor::new(png));
    reader.set_format(image::ImageFormat::Png);
    let mut limits = Limits::default();
    limits.max_image_width = Some(LARGEST_SIDE);
    limits.max_image_height = Some(LARGEST_SIDE);
    reader.limits(limits);
    let image = reader
        .decode()
        .map_err(|error| ReviewError::Request(format!("the mask is not a PNG image: {error}")))?;
    Ok(image.into_luma8())
}

fn not_encoded(error: ImageError) -> ReviewError {
    ReviewError::Unsupported(format!("the picture can't be encoded: {error}"))
}
