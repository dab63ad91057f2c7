//! Decodes the usual kinds of JPEG: 8 bits, one scan, grey or with colours at full or half size. The others are
//! checked for what zune-jpeg 0.5.15, which decodes them, leaves out: kinds that it cannot decode, data that end
//! early, and components in separate scans, which it assembles wrongly.

mod bits;
mod colours;
mod frame;
mod interleave;
mod inverse_dct;
mod planes;
mod scan;
mod segment;
mod standard;
mod table;
mod tables;

use std::borrow::Cow;

use bits::next_marker;
use frame::Frame;
use image::DynamicImage;
use planes::Planes;
use segment::{cut_short, segment};
use standard::STANDARD;
use tables::Tables;

use crate::decoding::fault::{Fault, damaged, not_read};
use crate::decoding::size::Size;

/// A legal file has a few dozen scans; each costs time.
const MOST_SCANS: usize = 1000;

/// A JPEG all of whose data are there.
pub(crate) enum Sound<'a> {
    /// The picture.
    Picture(DynamicImage),
    /// Bytes for zune-jpeg: the file's own, or the same coefficients in another order.
    Bytes(Cow<'a, [u8]>),
}

/// Checks all of a JPEG's data, and decodes it if it is of a usual kind.
///
/// # Errors
/// As [`checked`].
pub(crate) fn decoded<'a>(bytes: &'a [u8], limit: &Size) -> Result<Sound<'a>, Fault> {
    let mut planes = None;
    let (frame, tables) = read(bytes, limit, Some(&mut planes))?;
    let picture = planes.and_then(|planes| colours::picture(&planes, frame.width, frame.height));
    match picture {
        Some(picture) => Ok(Sound::Picture(picture)),
        None => for_decoder(bytes, &frame, &tables).map(Sound::Bytes),
    }
}

/// Checks all of a JPEG's data and returns the bytes for zune-jpeg: the file's own, or the same coefficients in
/// another order.
///
/// # Errors
/// [`Fault::NotRead`] for kinds that are not decoded, [`Fault::Damaged`] for data that end early or are
/// invalid.
#[cfg(feature = "tiff")]
pub(crate) fn checked<'a>(bytes: &'a [u8], limit: &Size) -> Result<Cow<'a, [u8]>, Fault> {
    let (frame, tables) = read(bytes, limit, None)?;
    for_decoder(bytes, &frame, &tables)
}

/// Reads all of a JPEG's data; `planes` gets the channels of a usual kind.
fn read(
    bytes: &[u8],
    limit: &Size,
    mut planes: Option<&mut Option<Planes>>,
) -> Result<(Frame, Tables), Fault> {
    let mut tables = Tables::default();
    tables.huffman(&STANDARD)?;
    let mut frame: Option<Frame> = None;
    let (mut at, mut scans) = (2, 0);
    loop {
        let (marker, behind) = next_marker(bytes, at)?;
        at = behind;
        match marker {
            0xd9 => break,
            // Markers without a segment.
            0x01 | 0xd0..=0xd8 => continue,
            _ => {}
        }
        let segment = segment(bytes, at)?;
        at += 2 + segment.len();
        match marker {
            0xc4 => {
                tables.has_huffman = true;
                tables.huffman(segment)?;
            }
            0xdb => tables.quantization(segment)?,
            0xee => tables.application(segment),
            0xdd => {
                let interval = segment.first_chunk().ok_or_else(cut_short)?;
                tables.restart_interval = u16::from_be_bytes(*interval).into();
            }
            0xdc => return Err(not_read("a JPEG that gives its height after its data")),
            0xc8 | 0xcc => {}
            0xc0..=0xcf if frame.is_some() => {
                return Err(damaged("a second frame in one image"));
            }
            0xc0..=0xcf | 0xf7 => {
                let new = Frame::new(marker, segment)?;
                // The decoder and the coefficients each need this much.
                let size = (new.width as u32, new.height as u32);
                limit.check(size, new.components.len() as u64)?;
                frame = Some(new);
            }
            0xda => {
                let frame = frame
                    .as_mut()
                    .ok_or_else(|| damaged("a scan before the image's size"))?;
                scans += 1;
                if scans > MOST_SCANS {
                    return Err(damaged("more scans than an image can have"));
                }
                at = scan::read(bytes, at, segment, frame, &tables, planes.as_deref_mut())?;
            }
            _ => {}
        }
    }
    let frame = frame.ok_or_else(|| damaged("no image in the file"))?;
    frame.require_complete()?;
    Ok((frame, tables))
}

/// The bytes for zune-jpeg.
fn for_decoder<'a>(
    bytes: &'a [u8],
    frame: &Frame,
    tables: &Tables,
) -> Result<Cow<'a, [u8]>, Fault> {
    if frame.is_stored() {
        return interleave::rewritten(bytes, frame).map(Cow::Owned);
    }
    if !tables.has_huffman {
        return Ok(Cow::Owned(with_standard_tables(bytes)));
    }
    Ok(Cow::Borrowed(bytes))
}

/// The file with the standard tables inserted, which it leaves to the decoder.
fn with_standard_tables(bytes: &[u8]) -> Vec<u8> {
    let length = (STANDARD.len() as u16 + 2).to_be_bytes();
    let rest = bytes.get(2..).unwrap_or_default();
    [&[0xff, 0xd8, 0xff, 0xc4], &length[..], &STANDARD, rest].concat()
}

/// Checks that a JPEG's frame is of a kind that is decoded; reads nothing after it.
///
/// # Errors
/// As [`checked`].
pub(crate) fn check_header(bytes: &[u8]) -> Result<(), Fault> {
    let mut at = 2;
    loop {
        let (marker, behind) = next_marker(bytes, at)?;
        at = behind;
        match marker {
            0x01 | 0xd0..=0xd9 => continue,
            0xda => return Err(damaged("a scan before the image's size")),
            _ => {}
        }
        let segment = segment(bytes, at)?;
        at += 2 + segment.len();
        let is_frame =
            matches!(marker, 0xc0..=0xcf | 0xf7) && ![0xc4, 0xc8, 0xcc].contains(&marker);
        if is_frame {
            return Frame::new(marker, segment).map(drop);
        }
    }
}
