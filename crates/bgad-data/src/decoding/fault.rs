//! Why a file yields no picture.

use std::io;

use image::ImageError;

/// Why a file yields no picture.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The file looks sound, but is of a kind that is not decoded; names the kind.
    #[cfg_attr(not(feature = "jpeg"), allow(dead_code))]
    // without the decoders that need it, other decoders' refusals count as damage
    NotRead(String),
    /// The file is damaged; says what is wrong.
    Damaged(String),
    /// A decoder's own error.
    Decoder(ImageError),
    /// The file system's error.
    Io(io::Error),
}

impl Fault {
    /// Wraps an error while reading; an early end of the file is damage.
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
pub(in crate::decoding) fn not_read(found: &str) -> Fault {
    Fault::NotRead(found.to_owned())
}

pub(in crate::decoding) fn damaged(what: &str) -> Fault {
    Fault::Damaged(what.to_owned())
}
