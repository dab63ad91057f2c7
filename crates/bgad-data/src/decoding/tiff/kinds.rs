//! The kinds of TIFF, by their tags: those that are read, and the names of those that are not.

use std::io::{Read, Seek};

use super::ccitt::Coding;
use super::directory::Directory;
use crate::decoding::fault::{Fault, not_read};

/// The compression of strips and tiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    PackBits,
    Lzw,
    Deflate,
    Jpeg,
    Fax(Coding),
}

/// The type of a channel's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Unsigned,
    Float,
}

/// What is stored instead of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Predictor {
    None,
    /// The difference from the value to its left.
    Difference,
    /// The differences of a float's bytes, with the highest bytes of a row first.
    FloatBytes,
}

/// The meaning of the channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Colour {
    WhiteIsZero,
    Grey,
    Rgb,
    Palette,
    Cmyk,
    /// The colours of JPEG.
    YCbCr,
}

impl Colour {
    /// Number of colour channels; others are dropped.
    pub(super) fn channels(self) -> usize {
        match self {
            Self::WhiteIsZero | Self::Grey | Self::Palette => 1,
            Self::Rgb | Self::YCbCr => 3,
            Self::Cmyk => 4,
        }
    }
}

/// The compression of the file's strips or tiles.
pub(super) fn compression<R: Read + Seek>(tags: &mut Directory<R>) -> Result<Compression, Fault> {
    let name = match tags.number(259)?.unwrap_or(1) {
        1 => return Ok(Compression::None),
        2 => return Ok(Compression::Fax(Coding::Runs { aligned: 8 })),
        32_771 => return Ok(Compression::Fax(Coding::Runs { aligned: 16 })),
        3 => {
            let options = tags.number(292)?.unwrap_or(0);
            if options & 2 != 0 {
                return Err(not_read("a fax with uncompressed parts"));
            }
            let by_above = options & 1 != 0;
            return Ok(Compression::Fax(Coding::Group3 { by_above }));
        }
        4 => return Ok(Compression::Fax(Coding::Group4)),
        5 => return Ok(Compression::Lzw),
        7 => return Ok(Compression::Jpeg),
        8 | 32_946 => return Ok(Compression::Deflate),
        32_773 => return Ok(Compression::PackBits),
        6 => "old JPEG",
        33_003 | 33_005 | 34_712 => "JPEG 2000",
        34_887 => "LERC",
        34_892 => "lossy DNG",
        34_925 => "LZMA",
        34_933 => "PNG",
        50_000 | 34_926 => "Zstandard",
        50_001 | 34_927 => "WebP",
        50_002 | 52_546 => "JPEG XL",
        other => {
            let found = format!("a TIFF of compression {other}");
            return Err(Fault::NotRead(found));
        }
    };
    Err(Fault::NotRead(format!("a TIFF compressed by {name}")))
}

/// The meaning of the file's channels.
pub(super) fn colour<R: Read + Seek>(
    tags: &mut Directory<R>,
    compression: Compression,
) -> Result<Colour, Fault> {
    let name = match tags.required(262, "the meaning of its colours")? {
        0 => return Ok(Colour::WhiteIsZero),
        1 => return Ok(Colour::Grey),
        2 => return Ok(Colour::Rgb),
        3 => return Ok(Colour::Palette),
        5 => return Ok(Colour::Cmyk),
        6 if compression == Compression::Jpeg => return Ok(Colour::YCbCr),
        4 => "a mask of transparency",
        6 => "YCbCr without JPEG",
        8..=10 => "Lab",
        32_803 | 34_892 => "a camera's raw mosaic",
        32_844 | 32_845 => "LogLuv",
        other => {
            let found = format!("a TIFF of colour kind {other}");
            return Err(Fault::NotRead(found));
        }
    };
    Err(Fault::NotRead(format!("a TIFF in {name}")))
}

/// Bits per channel, and the type of their values.
pub(super) fn depth<R: Read + Seek>(tags: &mut Directory<R>) -> Result<(usize, Format), Fault> {
    let bits = tags.numbers(258)?.unwrap_or_else(|| vec![1]);
    let (first, formats) = (bits.first().copied().unwrap_or(1), tags.numbers(339)?);
    if bits.iter().any(|bits| *bits != first) {
        return Err(not_read("a TIFF whose channels have different depths"));
    }
    let formats = formats.unwrap_or_else(|| vec![1]);
    let format = match formats.first().copied().unwrap_or(1) {
        // 4 means undefined data, which is read as numbers.
        1 | 4 => Format::Unsigned,
        3 => Format::Float,
        2 => return Err(not_read("a TIFF of signed numbers")),
        _ => return Err(not_read("a TIFF of complex numbers")),
    };
    let read = match format {
        Format::Unsigned => matches!(first, 1 | 2 | 4 | 8 | 10 | 12 | 14 | 16),
        Format::Float => matches!(first, 16 | 32 | 64),
    };
    if !read || formats.iter().any(|other| *other != formats[0]) {
        let what = match format {
            Format::Unsigned => "whole numbers",
            Format::Float => "floats",
        };
        return Err(Fault::NotRead(format!("a TIFF of {what} of {first} bits")));
    }
    Ok((first as usize, format))
}

/// What is stored instead of values.
pub(super) fn predictor<R: Read + Seek>(
    tags: &mut Directory<R>,
    bits: usize,
    format: Format,
) -> Result<Predictor, Fault> {
    match tags.number(317)?.unwrap_or(1) {
        1 => Ok(Predictor::None),
        2 if matches!(bits, 8 | 16 | 32 | 64) => Ok(Predictor::Difference),
        3 if format == Format::Float => Ok(Predictor::FloatBytes),
        _ => Err(not_read("a TIFF whose predictor does not suit its depth")),
    }
}
