//! Limits on an image's size.

use image::ImageError;
use image::error::{LimitError, LimitErrorKind};

use super::fault::Fault;

/// The largest image that is decoded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    /// Pixels per side.
    pub(crate) side: u32,
    /// Decoded size in bytes.
    pub(crate) bytes: u64,
}

impl Size {
    /// Checks an image of this many bytes per pixel.
    pub(crate) fn check(&self, (width, height): (u32, u32), of_pixel: u64) -> Result<(), Fault> {
        if width > self.side || height > self.side {
            return Err(too_large(LimitErrorKind::DimensionError));
        }
        self.check_bytes(u64::from(width) * u64::from(height) * of_pixel)
    }

    pub(crate) fn check_bytes(&self, bytes: u64) -> Result<(), Fault> {
        match bytes <= self.bytes {
            true => Ok(()),
            false => Err(too_large(LimitErrorKind::InsufficientMemory)),
        }
    }
}

fn too_large(kind: LimitErrorKind) -> Fault {
    Fault::Decoder(ImageError::Limits(LimitError::from_kind(kind)))
}
