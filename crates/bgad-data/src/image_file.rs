//! Reading untrusted image files.

use std::fs::File;
use std::io::{BufRead, BufReader, Seek};
use std::path::Path;

use image::error::{DecodingError, ImageFormatHint};
use image::metadata::Orientation as Tag;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, RgbImage};

#[cfg(feature = "jpeg")]
use crate::decoding::jpeg;
#[cfg(feature = "jpeg")]
use crate::decoding::jpeg_picture;
#[cfg(feature = "tiff")]
use crate::decoding::tiff::Tiff;
use crate::decoding::{Fault, Kind, LARGEST, MAX_MEBIBYTES, from_decoder, guarded, limits, tag};
use crate::image_reading::rgb;
use crate::{DataError, ImageReading, Orientation, Result};

/// Loads an image as 8-bit RGB.
///
/// The content decides the format, not the name. Conversion follows Pillow's `convert('RGB')`: alpha is
/// dropped rather than blended, grey is replicated, palettes are looked up, CMYK is multiplied by black, and
/// orientation tags are not applied (use [`load_image_as`] for that). Of 16 bits the upper 8 are kept, as
/// Pillow does for colour; for 16-bit grey, Pillow clips at 255, which loses the picture.
///
/// # Errors
/// [`DataError::Io`], [`DataError::NotAnImage`], [`DataError::UnreadKind`], [`DataError::DamagedImage`],
/// or [`DataError::ImageTooLarge`] over 16384 pixels a side or 512 MiB decoded.
pub fn load_image(path: &Path) -> Result<RgbImage> {
    load(path, ImageReading::default())
}

/// Like [`load_image`], and chooses whether the orientation tag is applied.
///
/// # Errors
/// As [`load_image`].
pub fn load_image_with(path: &Path, orientation: Orientation) -> Result<RgbImage> {
    load(path, ImageReading::default().oriented(orientation))
}

/// Like [`load_image`], with all choices.
///
/// # Errors
/// As [`load_image`].
pub fn load_image_as(path: &Path, reading: ImageReading) -> Result<RgbImage> {
    load(path, reading)
}

pub(crate) fn load(path: &Path, reading: ImageReading) -> Result<RgbImage> {
    let image = decode(path, reading.orientation)?;
    Ok(rgb(image, reading.bit_depth))
}

/// Decodes a file within the limits.
pub(crate) fn decode(path: &Path, orientation: Orientation) -> Result<DynamicImage> {
    #[cfg_attr(not(feature = "jpeg"), allow(unused_variables))]
    let (reader, format, length) = open(path)?;
    let decoded = || -> std::result::Result<DynamicImage, Fault> {
        let image = match format {
            #[cfg(feature = "tiff")]
            ImageFormat::Tiff => {
                let tiff = Tiff::new(reader)?;
                let turned = turned_by(tiff.orientation(), orientation);
                let mut image = tiff.decode(&LARGEST)?;
                image.apply_orientation(turned);
                image
            }
            #[cfg(feature = "jpeg")]
            ImageFormat::Jpeg => {
                LARGEST.check_bytes(length)?;
                let bytes = std::fs::read(path).map_err(Fault::Io)?;
                jpeg_picture(&bytes, orientation)?
            }
            format => {
                let mut reader = ImageReader::with_format(reader, format);
                reader.limits(limits());
                from_decoder(reader.into_decoder()?, orientation)?
            }
        };
        // Grey images triple when they become RGB.
        LARGEST.check((image.width(), image.height()), 3)?;
        Ok(image)
    };
    guarded(decoded).map_err(|fault| error(path, format, fault))
}

#[cfg(feature = "datasets")]
/// Like [`decode`], but a palette PNG yields its palette indices as grey values.
pub(crate) fn decode_numbers(path: &Path, orientation: Orientation) -> Result<DynamicImage> {
    let (reader, format, _) = open(path)?;
    let is_palette = header(path, orientation)?.mode.0 == "palette";
    if format != ImageFormat::Png || !is_palette {
        return decode(path, orientation);
    }
    let numbers = || {
        let (width, height, numbers) = crate::decoding::palette::numbers(reader, &LARGEST)?;
        let image = image::GrayImage::from_raw(width, height, numbers);
        let mut image = DynamicImage::ImageLuma8(image.unwrap_or_default());
        if orientation == Orientation::Exif {
            let mut decoder = ImageReader::open(path)
                .map_err(Fault::Io)?
                .with_guessed_format()
                .map_err(Fault::Io)?
                .into_decoder()?;
            image.apply_orientation(tag(&mut decoder));
        }
        Ok(image)
    };
    guarded(numbers).map_err(|fault| error(path, format, fault))
}

/// What an image file's header says.
#[derive(Debug, Clone)]
#[cfg_attr(not(feature = "datasets"), allow(dead_code))] // all but the size is an inspection's
pub(crate) struct Header {
    pub(crate) size: (u32, u32),
    pub(crate) format: ImageFormat,
    /// The colour mode and the bits per channel, as stored in the file.
    pub(crate) mode: (&'static str, u8),
}

/// Reads only the header; the size is the one after turning by `orientation`.
pub(crate) fn header(path: &Path, orientation: Orientation) -> Result<Header> {
    #[cfg_attr(not(feature = "jpeg"), allow(unused_variables))]
    let (reader, format, length) = open(path)?;
    let header = || -> std::result::Result<Header, Fault> {
        #[cfg(feature = "tiff")]
        if format == ImageFormat::Tiff {
            let tiff = Tiff::new(reader)?;
            let turned = turned_by(tiff.orientation(), orientation);
            return Ok(Header {
                size: swapped(tiff.dimensions(), turned),
                format,
                mode: tiff.mode(),
            });
        }
        #[cfg(feature = "jpeg")]
        if format == ImageFormat::Jpeg {
            LARGEST.check_bytes(length)?;
            jpeg::check_header(&std::fs::read(path).map_err(Fault::Io)?)?;
        }
        let mut decoder = ImageReader::with_format(reader, format).into_decoder()?;
        let size = decoder.dimensions();
        let turned = match orientation {
            Orientation::Stored => Tag::NoTransforms,
            Orientation::Exif => tag(&mut decoder),
        };
        let mut file = File::open(path).map_err(Fault::Io)?;
        Ok(Header {
            size: swapped(size, turned),
            format,
            mode: crate::colour_mode::colour_mode(&mut file, format, decoder.original_color_type()),
        })
    };
    guarded(header).map_err(|fault| error(path, format, fault))
}

/// Whether the file has 16 bits per channel; reads no more than needed.
#[cfg(feature = "datasets")]
pub(crate) fn has_16_bits(path: &Path) -> bool {
    // A JPEG's header check reads the whole file, and JPEGs have 8 bits anyway.
    let can = open(path).is_ok_and(|(_, format, _)| format != ImageFormat::Jpeg);
    can && header(path, Orientation::Stored).is_ok_and(|header| header.mode.1 == 16)
}

/// Width and height, from the header alone.
pub(crate) fn dimensions(path: &Path, orientation: Orientation) -> Result<(u32, u32)> {
    header(path, orientation).map(|header| header.size)
}

fn swapped((width, height): (u32, u32), turned: Tag) -> (u32, u32) {
    match turned {
        Tag::Rotate90 | Tag::Rotate270 | Tag::Rotate90FlipH | Tag::Rotate270FlipH => {
            (height, width)
        }
        _ => (width, height),
    }
}

#[cfg(feature = "tiff")]
fn turned_by(tag: u8, orientation: Orientation) -> Tag {
    match orientation {
        Orientation::Stored => Tag::NoTransforms,
        Orientation::Exif => Tag::from_exif(tag).unwrap_or(Tag::NoTransforms),
    }
}

/// The reader, the format by content, and the file's length in bytes.
fn open(path: &Path) -> Result<(BufReader<File>, ImageFormat, u64)> {
    let io_error = |reason| DataError::Io {
        path: path.to_owned(),
        reason,
    };
    // Check before opening: a pipe would wait for a writer.
    let metadata = std::fs::metadata(path).map_err(io_error)?;
    let not_an_image = |found: &str| DataError::NotAnImage {
        file: path.to_owned(),
        found: found.to_owned(),
    };
    if !metadata.is_file() {
        return Err(not_an_image("not a file"));
    }
    let file = File::open(path).map_err(io_error)?;
    if metadata.len() == 0 {
        return Err(not_an_image("an empty file"));
    }
    let mut reader = BufReader::new(file);
    let kind = Kind::of(reader.fill_buf().map_err(io_error)?);
    reader.rewind().map_err(io_error)?;
    match kind {
        Kind::Image(format) => Ok((reader, format, metadata.len())),
        Kind::Other(found) => Err(not_an_image(found)),
        Kind::Unknown => Err(not_an_image(
            "content that is not an image, whatever the name says",
        )),
    }
}

fn error(path: &Path, format: ImageFormat, fault: Fault) -> DataError {
    let file = path.to_owned();
    match fault {
        Fault::Io(reason) => DataError::Io { path: file, reason },
        Fault::NotRead(found) => DataError::UnreadKind { file, found },
        Fault::Damaged(what) => DataError::DamagedImage {
            file,
            reason: ImageError::Decoding(DecodingError::new(ImageFormatHint::Exact(format), what)),
        },
        Fault::Decoder(reason @ ImageError::Limits(_)) => DataError::ImageTooLarge {
            file,
            reason,
            max_side: LARGEST.side,
            max_mebibytes: MAX_MEBIBYTES,
        },
        Fault::Decoder(ImageError::Unsupported(reason)) => DataError::UnreadKind {
            file,
            found: reason.to_string(),
        },
        Fault::Decoder(reason) => DataError::DamagedImage { file, reason },
    }
}
