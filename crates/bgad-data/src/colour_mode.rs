//! The colour mode stored in an image file. Decoders hide it: they look palettes up and convert CMYK.

use std::io::{Read, Seek, SeekFrom};

use image::{ExtendedColorType, ImageFormat};

/// Bytes needed from the start of a PNG or BMP file.
const START: usize = 30;
/// Most segments of a JPEG read in search of its frame header.
const MAX_SEGMENTS: usize = 1000;

/// The mode's name and the bits per channel. `decoded` is the decoder's answer, used for formats whose
/// decoders hide nothing.
pub(crate) fn colour_mode(
    file: &mut (impl Read + Seek),
    format: ImageFormat,
    decoded: ExtendedColorType,
) -> (&'static str, u8) {
    let stated = match format {
        ImageFormat::Png => png(file),
        ImageFormat::Bmp => bmp(file),
        ImageFormat::Jpeg => jpeg(file),
        _ => None,
    };
    stated.unwrap_or_else(|| of_type(decoded))
}

fn start(file: &mut (impl Read + Seek)) -> Option<[u8; START]> {
    let mut bytes = [0; START];
    file.seek(SeekFrom::Start(0)).ok()?;
    file.read_exact(&mut bytes).ok()?;
    Some(bytes)
}

/// The first chunk, IHDR, begins at byte 8; depth and colour type follow width and height.
fn png(file: &mut (impl Read + Seek)) -> Option<(&'static str, u8)> {
    let bytes = start(file)?;
    let mode = match bytes[25] {
        0 => "grey",
        2 => "rgb",
        3 => "palette",
        4 => "grey with alpha",
        6 => "rgba",
        _ => return None,
    };
    Some((mode, bytes[24]))
}

/// Byte 28 holds the bits per pixel; up to 8 bits are a palette index.
fn bmp(file: &mut (impl Read + Seek)) -> Option<(&'static str, u8)> {
    let bytes = start(file)?;
    match u16::from_le_bytes([bytes[28], bytes[29]]) {
        bits @ 1..=8 => Some(("palette", bits as u8)),
        _ => None,
    }
}

/// The frame header holds the precision and the number of components.
fn jpeg(file: &mut (impl Read + Seek)) -> Option<(&'static str, u8)> {
    file.seek(SeekFrom::Start(2)).ok()?;
    for _ in 0..MAX_SEGMENTS {
        let mut head = [0; 4];
        file.read_exact(&mut head).ok()?;
        let [0xff, marker, high, low] = head else {
            return None;
        };
        // C4, C8 and CC are tables, not frames.
        if (0xc0..=0xcf).contains(&marker) && ![0xc4, 0xc8, 0xcc].contains(&marker) {
            let mut frame = [0; 6];
            file.read_exact(&mut frame).ok()?;
            let mode = match frame[5] {
                1 => "grey",
                3 => "rgb",
                4 => "cmyk",
                _ => return None,
            };
            return Some((mode, frame[0]));
        }
        let rest = i64::from(u16::from_be_bytes([high, low])) - 2;
        file.seek(SeekFrom::Current(rest.max(0))).ok()?;
    }
    None
}

fn of_type(colour: ExtendedColorType) -> (&'static str, u8) {
    use ExtendedColorType as C;
    let mode = match colour {
        C::A8 => "alpha",
        C::L1 | C::L2 | C::L4 | C::L8 | C::L16 => "grey",
        C::La1 | C::La2 | C::La4 | C::La8 | C::La16 => "grey with alpha",
        C::Rgb1 | C::Rgb2 | C::Rgb4 | C::Rgb5x1 | C::Rgb8 | C::Rgb16 | C::Rgb32F | C::Bgr8 => "rgb",
        C::Rgba1 | C::Rgba2 | C::Rgba4 | C::Rgba8 | C::Rgba16 | C::Rgba32F | C::Bgra8 => "rgba",
        C::Cmyk8 | C::Cmyk16 => "cmyk",
        _ => "other",
    };
    let channels = u16::from(colour.channel_count()).max(1);
    (mode, (colour.bits_per_pixel() / channels) as u8)
}
