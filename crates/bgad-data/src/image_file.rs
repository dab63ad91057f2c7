//! Reading untrusted image files.

use std::fs::File;
use std::io::BufReader;
use std::panic::AssertUnwindSafe;
use std::path::Path;

use image::error::{DecodingError, ImageFormatHint, LimitError, LimitErrorKind};
use image::{
    DynamicImage, ImageBuffer, ImageDecoder, ImageError, ImageFormat, ImageReader, ImageResult,
    Limits, Pixel, RgbImage, metadata,
};

use crate::{DataError, Orientation, Result};

/// Largest side of an image in pixels.
const MAX_SIDE: u32 = 16_384;
/// Largest decoded size of an image in MiB.
const MAX_MEBIBYTES: u64 = 512;

/// Loads an image as 8-bit RGB.
///
/// The format is told by the content, not by the name. As Pillow's `convert('RGB')`: alpha is dropped,
/// not blended, grey is replicated, palettes are looked up, CMYK is multiplied by black, and
/// orientation tags are not applied ([`load_image_with`] can). Of 16
/// bits the upper 8 are kept, as Pillow does for colour (16-bit grey it clips at 255, which loses the
/// picture).
///
/// # Errors
/// [`DataError::Io`], [`DataError::NotAnImage`], [`DataError::DamagedImage`], or
/// [`DataError::ImageTooLarge`] over 16384 pixels a side or 512 MiB decoded.
pub fn load_image(path: &Path) -> Result<RgbImage> {
    load(path, Orientation::Stored)
}

/// The same with a choice whether the image is turned as its orientation tag says.
///
/// # Errors
/// As [`load_image`].
pub fn load_image_with(path: &Path, orientation: Orientation) -> Result<RgbImage> {
    load(path, orientation)
}

pub(crate) fn load(path: &Path, orientation: Orientation) -> Result<RgbImage> {
    decode(path, orientation).map(rgb)
}

/// Converts decoded pixels to 8-bit RGB.
pub(crate) fn rgb(image: DynamicImage) -> RgbImage {
    match image {
        DynamicImage::ImageRgb8(image) => image,
        DynamicImage::ImageLuma8(image) => to_rgb(&image, |p| [p.0[0]; 3]),
        DynamicImage::ImageLumaA8(image) => to_rgb(&image, |p| [p.0[0]; 3]),
        DynamicImage::ImageRgba8(image) => to_rgb(&image, |p| [p.0[0], p.0[1], p.0[2]]),
        DynamicImage::ImageLuma16(image) => to_rgb(&image, |p| [upper(p.0[0]); 3]),
        DynamicImage::ImageLumaA16(image) => to_rgb(&image, |p| [upper(p.0[0]); 3]),
        DynamicImage::ImageRgb16(image) => {
            to_rgb(&image, |p| [upper(p.0[0]), upper(p.0[1]), upper(p.0[2])])
        }
        DynamicImage::ImageRgba16(image) => {
            to_rgb(&image, |p| [upper(p.0[0]), upper(p.0[1]), upper(p.0[2])])
        }
        // Floating point pixels are in [0, 1].
        other => other.to_rgb8(),
    }
}

/// Decodes a file within the limits.
pub(crate) fn decode(path: &Path, orientation: Orientation) -> Result<DynamicImage> {
    let (mut reader, length) = open(path)?;
    if reader.format() == Some(ImageFormat::Jpeg) {
        require_end(path, length)?;
    }
    reader.limits(limits());
    let decoded = || -> ImageResult<DynamicImage> {
        let mut decoder = reader.into_decoder()?;
        let turned = match orientation {
            Orientation::Stored => metadata::Orientation::NoTransforms,
            Orientation::Exif => tag(&mut decoder),
        };
        let mut limits = limits();
        limits.reserve(decoder.total_bytes())?;
        decoder.set_limits(limits)?;
        let mut image = DynamicImage::from_decoder(decoder)?;
        image.apply_orientation(turned);
        Ok(image)
    };
    let image = guarded(decoded).map_err(|reason| decoding_error(path, reason))?;
    // Grey images triple when they become RGB.
    if u64::from(image.width()) * u64::from(image.height()) * 3 > MAX_MEBIBYTES << 20 {
        let reason = LimitError::from_kind(LimitErrorKind::InsufficientMemory);
        return Err(decoding_error(path, ImageError::Limits(reason)));
    }
    Ok(image)
}

/// Width and height, from the header alone.
pub(crate) fn dimensions(path: &Path, orientation: Orientation) -> Result<(u32, u32)> {
    let (reader, _) = open(path)?;
    let dimensions = || match orientation {
        Orientation::Stored => reader.into_dimensions(),
        Orientation::Exif => reader.into_decoder().map(|mut decoder| {
            use metadata::Orientation as Tag;
            let (width, height) = decoder.dimensions();
            match tag(&mut decoder) {
                Tag::Rotate90 | Tag::Rotate270 | Tag::Rotate90FlipH | Tag::Rotate270FlipH => {
                    (height, width)
                }
                _ => (width, height),
            }
        }),
    };
    guarded(dimensions).map_err(|reason| decoding_error(path, reason))
}

/// What `decode` gives; an error where it panics, as decoders do on some damaged files (image-webp
/// 0.2.4 adds up code lengths beyond 16 bits, which builds with overflow checks end on).
pub(crate) fn guarded<T>(decode: impl FnOnce() -> ImageResult<T>) -> ImageResult<T> {
    // Nothing of a decoder that has panicked is used again.
    std::panic::catch_unwind(AssertUnwindSafe(decode)).unwrap_or_else(|_| {
        let reason = "the decoder could not cope with what the file holds";
        Err(ImageError::Decoding(DecodingError::new(
            ImageFormatHint::Unknown,
            reason,
        )))
    })
}

/// The orientation tag; one that can't be read is as good as none.
fn tag(decoder: &mut impl ImageDecoder) -> metadata::Orientation {
    let tag = decoder.orientation();
    tag.unwrap_or(metadata::Orientation::NoTransforms)
}

/// The upper 8 of 16 bits.
pub(crate) fn upper(value: u16) -> u8 {
    (value >> 8) as u8
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

/// The reader, its format told by the content, and the file's length in bytes.
fn open(path: &Path) -> Result<(ImageReader<BufReader<File>>, u64)> {
    let io_error = |reason| DataError::Io {
        path: path.to_owned(),
        reason,
    };
    let file = File::open(path).map_err(io_error)?;
    let metadata = file.metadata().map_err(io_error)?;
    let not_an_image = |found: &str| DataError::NotAnImage {
        file: path.to_owned(),
        found: found.to_owned(),
    };
    if !metadata.is_file() {
        return Err(not_an_image("not a file"));
    }
    if metadata.len() == 0 {
        return Err(not_an_image("an empty file"));
    }
    let reader = ImageReader::new(BufReader::new(file))
        .with_guessed_format()
        .map_err(io_error)?;
    if reader.format().is_none() {
        return Err(not_an_image(
            "content that is no image, whatever the name says",
        ));
    }
    Ok((reader, metadata.len()))
}

fn limits() -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_MEBIBYTES << 20);
    limits
}

/// Refuses a JPEG that breaks off: the decoder would fill the rest with grey.
///
/// Neither of the two markers can occur inside compressed data, so in a complete file the last end of
/// an image follows the last start of a scan, whatever thumbnails or trailers it has.
fn require_end(path: &Path, length: u64) -> Result<()> {
    const START_OF_SCAN: [u8; 2] = [0xff, 0xda];
    const END_OF_IMAGE: [u8; 2] = [0xff, 0xd9];
    let complete = length <= MAX_MEBIBYTES << 20 && {
        let bytes = std::fs::read(path).map_err(|reason| DataError::Io {
            path: path.to_owned(),
            reason,
        })?;
        let last = |marker| bytes.windows(2).rposition(|pair| pair == marker);
        last(END_OF_IMAGE) > last(START_OF_SCAN)
    };
    if complete {
        return Ok(());
    }
    let format = ImageFormatHint::Exact(ImageFormat::Jpeg);
    let reason = ImageError::Decoding(DecodingError::new(
        format,
        "the file ends before the image does",
    ));
    Err(decoding_error(path, reason))
}

fn decoding_error(path: &Path, reason: ImageError) -> DataError {
    let file = path.to_owned();
    match reason {
        ImageError::Limits(_) => DataError::ImageTooLarge {
            file,
            reason,
            max_side: MAX_SIDE,
            max_mebibytes: MAX_MEBIBYTES,
        },
        ImageError::Unsupported(error) => DataError::NotAnImage {
            file,
            found: format!("a kind of image that is not read ({error})"),
        },
        reason => DataError::DamagedImage { file, reason },
    }
}
