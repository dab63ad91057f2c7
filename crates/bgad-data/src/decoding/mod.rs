//! Decoding of untrusted image files: what is checked beyond what decoders check, and what they
//! cannot read.

#[cfg(feature = "jpeg")]
pub(crate) mod jpeg;
mod kind;
#[cfg(feature = "datasets")]
pub(crate) mod palette;
mod quiet;
#[cfg(feature = "tiff")]
pub(crate) mod tiff;

use std::io;

use image::ImageError;
use image::error::{LimitError, LimitErrorKind};

pub(crate) use kind::Kind;
pub(crate) use quiet::guarded;

/// Why there is no picture.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The file is sound, as far as one can see, but of a kind that is not decoded: what it is.
    NotRead(String),
    /// The file is not what it should be: what is wrong.
    Damaged(String),
    /// A decoder's own answer.
    Decoder(ImageError),
    /// The file system's answer.
    Io(io::Error),
}

impl Fault {
    /// What reading in a file's middle ended with: an early end is damage.
    pub(crate) fn reading(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => damaged("the file ends before the image does"),
            _ => Self::Io(error),
        }
    }
}

impl From<ImageError> for Fault {
    fn from(error: ImageError) -> Self {
        match error {
            ImageError::IoError(error) => Self::reading(error),
            other => Self::Decoder(other),
        }
    }
}

#[cfg(any(feature = "jpeg", feature = "tiff"))]
fn not_read(found: &str) -> Fault {
    Fault::NotRead(found.to_owned())
}

fn damaged(what: &str) -> Fault {
    Fault::Damaged(what.to_owned())
}

/// The largest image that is decoded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    /// Pixels a side.
    pub(crate) side: u32,
    /// Bytes decoded.
    pub(crate) bytes: u64,
}

impl Size {
    /// Checks an image of so many bytes a pixel.
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
