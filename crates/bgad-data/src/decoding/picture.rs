//! Pictures from the decoders of the crate `image` and from our own for JPEG, within the limits.

#[cfg(feature = "jpeg")]
use std::io::Cursor;

#[cfg(feature = "jpeg")]
use image::ImageError;
#[cfg(feature = "jpeg")]
use image::codecs::jpeg::JpegDecoder;
use image::metadata::Orientation as Tag;
use image::{DynamicImage, ImageDecoder, Limits};

use super::fault::Fault;
#[cfg(feature = "jpeg")]
use super::jpeg::{self, Sound};
use super::size::Size;
use crate::Orientation;

/// The largest image that is decoded: its side in pixels, its decoded size in bytes.
pub(crate) const LARGEST: Size = Size {
    side: 16_384,
    bytes: MAX_MEBIBYTES << 20,
};
/// Largest decoded size of an image in MiB.
pub(crate) const MAX_MEBIBYTES: u64 = 512;

pub(crate) fn limits() -> Limits {
    let mut limits = Limits::no_limits();
    limits.max_image_width = Some(LARGEST.side);
    limits.max_image_height = Some(LARGEST.side);
    limits.max_alloc = Some(LARGEST.bytes);
    limits
}

/// Decodes a picture and turns it by its tag.
pub(crate) fn from_decoder(
    mut decoder: impl ImageDecoder,
    orientation: Orientation,
) -> Result<DynamicImage, Fault> {
    let turned = match orientation {
        Orientation::Stored => Tag::NoTransforms,
        Orientation::Exif => tag(&mut decoder),
    };
    let mut limits = limits();
    limits.reserve(decoder.total_bytes())?;
    decoder.set_limits(limits)?;
    let mut image = DynamicImage::from_decoder(decoder)?;
    image.apply_orientation(turned);
    Ok(image)
}

/// The orientation tag; an unreadable tag counts as none.
pub(crate) fn tag(decoder: &mut impl ImageDecoder) -> Tag {
    decoder.orientation().unwrap_or(Tag::NoTransforms)
}

#[cfg(feature = "jpeg")]
/// The picture in a JPEG, turned by its tag.
pub(crate) fn jpeg_picture(bytes: &[u8], orientation: Orientation) -> Result<DynamicImage, Fault> {
    let opened = |bytes| JpegDecoder::new(Cursor::new(bytes)).map_err(Fault::from);
    match jpeg::decoded(bytes, &LARGEST)? {
        Sound::Picture(mut image) => {
            if orientation == Orientation::Exif {
                image.apply_orientation(
                    opened(bytes).map_or(Tag::NoTransforms, |mut d| tag(&mut d)),
                );
            }
            Ok(image)
        }
        Sound::Bytes(bytes) => opened(&*bytes)
            .and_then(|decoder| from_decoder(decoder, orientation))
            .map_err(of_sound_jpeg),
    }
}

/// All of the file was checked before, so a refusal by the decoder means an unsupported kind, not damage.
#[cfg(feature = "jpeg")]
fn of_sound_jpeg(fault: Fault) -> Fault {
    match fault {
        Fault::Decoder(ImageError::Decoding(reason)) => Fault::NotRead(format!(
            "a kind of JPEG that the decoder does not support ({reason})"
        )),
        other => other,
    }
}
