//! Why a file gives no picture.

use std::io;

use image::ImageError;

/// Why there is no picture.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The file is sound, as far as one can see, but of a kind that is not decoded: what it is.
    #[cfg_attr(not(feature = "jpeg"), allow(dead_code))]
    // what other decoders refuse is damaged
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
pub(in crate::decoding) fn not_read(found: &str) -> Fault {
    Fault::NotRead(found.to_owned())
}

pub(in crate::decoding) fn damaged(what: &str) -> Fault {
    Fault::Damaged(what.to_owned())
}
