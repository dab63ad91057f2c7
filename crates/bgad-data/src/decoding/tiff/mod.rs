//! TIFF and BigTIFF, in strips and tiles, with interleaved or separate channels. The `tiff` crate (0.11.3)
//! reads fewer files: it has no palettes, no Group 3 and no grey floats, and it panics on tiles with separate
//! channels.

mod ccitt;
mod chunk;
mod directory;
mod kinds;
mod layout;

use std::io::{Read, Seek};

use image::{DynamicImage, GrayImage, ImageBuffer, RgbImage};

use crate::decoding::fault::{Fault, damaged, not_read};
use crate::decoding::size::Size;
use directory::Directory;
use kinds::{Colour, Format};
use layout::Layout;

/// A TIFF whose header was read.
pub(crate) struct Tiff<R> {
    tags: Directory<R>,
    layout: Layout,
}

/// Pixels as stored in the file, channels interleaved.
enum Pixels {
    Bytes(Vec<u8>),
    Words(Vec<u16>),
}

impl<R: Read + Seek> Tiff<R> {
    /// Reads the header of the file's first image.
    pub(crate) fn new(reader: R) -> Result<Self, Fault> {
        let mut tags = Directory::read(reader)?;
        let layout = Layout::of(&mut tags)?;
        Ok(Self { tags, layout })
    }

    pub(crate) fn dimensions(&self) -> (u32, u32) {
        (self.layout.width, self.layout.height)
    }

    /// The orientation tag, 1 to 8.
    pub(crate) fn orientation(&self) -> u8 {
        self.layout.orientation
    }

    /// The colour mode and the bits per channel.
    pub(crate) fn mode(&self) -> (&'static str, u8) {
        let layout = &self.layout;
        let mode = match layout.colour {
            Colour::WhiteIsZero | Colour::Grey if layout.samples > 1 => "grey with alpha",
            Colour::WhiteIsZero | Colour::Grey => "grey",
            Colour::Rgb if layout.samples > 3 => "rgba",
            Colour::Rgb | Colour::YCbCr => "rgb",
            Colour::Palette => "palette",
            Colour::Cmyk => "cmyk",
        };
        (mode, layout.bits as u8)
    }

    /// Decodes the image within `limit`; channels beyond the colours are dropped.
    pub(crate) fn decode(mut self, limit: &Size) -> Result<DynamicImage, Fault> {
        let layout = &self.layout;
        let (width, height) = (layout.width, layout.height);
        let wide = if layout.bits > 8 { 2 } else { 1 };
        limit.check((width, height), layout.samples as u64 * wide)?;
        // A tile may be larger than the image.
        let row = layout.chunk.0 as u64 * layout.chunk_samples() as u64 * layout.bits as u64 / 8;
        limit.check_bytes(row.saturating_mul(layout.chunk.1 as u64))?;
        let channels = layout.colour.channels();
        let number = width as usize * height as usize * channels;
        // Depths between the usual ones are reduced to their upper 8 bits.
        let mut pixels = match (layout.bits, layout.format) {
            (16, Format::Unsigned) => Pixels::Words(vec![0; number]),
            _ => Pixels::Bytes(vec![0; number]),
        };
        let (across, down) = layout.chunks();
        let planes = if layout.planar { channels } else { 1 };
        for plane in 0..planes {
            for chunk in 0..across * down {
                self.chunk(&mut pixels, plane, plane * across * down + chunk)?;
            }
        }
        image(&self.layout, pixels)
    }

    /// Reads one strip or tile into its place.
    fn chunk(&mut self, pixels: &mut Pixels, plane: usize, index: usize) -> Result<(), Fault> {
        let layout = &self.layout;
        let (across, down) = layout.chunks();
        let chunk = index % (across * down);
        let (left, top) = (
            chunk % across * layout.chunk.0,
            chunk / across * layout.chunk.1,
        );
        let (width, height) = (layout.width as usize, layout.height as usize);
        let rows = match layout.tiled {
            true => layout.chunk.1,
            false => layout.chunk.1.min(height - top),
        };
        let packed = self
            .tags
            .bytes_at(layout.offsets[index], layout.counts[index])?;
        let little_endian = self.tags.is_little_endian();
        let bytes = chunk::unpack(layout, packed, rows, little_endian)?;

        let channels = layout.colour.channels();
        let row_bytes = bytes.len() / rows;
        let columns = layout.chunk.0.min(width - left);
        // Separate channels go to their places one by one.
        let (taken, first) = match layout.planar {
            true => (1, plane),
            false => (channels, 0),
        };
        let as_they_are = layout.format == Format::Unsigned
            && layout.bits == 8
            && layout.chunk_samples() == channels;
        for (y, row) in (top..height).zip(bytes.chunks_exact(row_bytes)) {
            if let (true, Pixels::Bytes(pixels)) = (as_they_are, &mut *pixels) {
                let to = (y * width + left) * channels;
                pixels[to..to + columns * channels].copy_from_slice(&row[..columns * channels]);
                continue;
            }
            for x in 0..columns {
                let to = (y * width + left + x) * channels + first;
                for channel in 0..taken {
                    let sample = x * layout.chunk_samples() + channel;
                    match pixels {
                        Pixels::Bytes(pixels) => pixels[to + channel] = byte(layout, row, sample)?,
                        Pixels::Words(pixels) => {
                            pixels[to + channel] =
                                u16::from_le_bytes([row[2 * sample], row[2 * sample + 1]]);
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

/// One value as 8 bits; for a palette, its index.
fn byte(layout: &Layout, row: &[u8], sample: usize) -> Result<u8, Fault> {
    if layout.format == Format::Float {
        return float(layout.bits, row, sample);
    }
    if layout.bits == 8 {
        return Ok(row[sample]);
    }
    let value = packed(layout.bits, row, sample);
    Ok(match (layout.bits, layout.colour) {
        (_, Colour::Palette) => value as u8,
        (bits @ 0..8, _) => (value * 255 / ((1 << bits) - 1)) as u8,
        (bits, _) => (value >> (bits - 8)) as u8,
    })
}

/// A value of a few bits, highest first, possibly across bytes.
fn packed(bits: usize, row: &[u8], sample: usize) -> u32 {
    let first = sample * bits;
    let wide = (0..3).fold(0_u32, |wide, index| {
        wide << 8 | u32::from(row.get(first / 8 + index).copied().unwrap_or(0))
    });
    wide >> (24 - first % 8 - bits) & ((1 << bits) - 1)
}

/// A float from 0 to 1 as 8 bits, rounded.
fn float(bits: usize, row: &[u8], sample: usize) -> Result<u8, Fault> {
    let place = &row[sample * bits / 8..];
    let cut = || damaged("a row that is cut short");
    let value = match bits {
        16 => half::f16::from_le_bytes(*place.first_chunk().ok_or_else(cut)?).to_f64(),
        32 => f32::from_le_bytes(*place.first_chunk().ok_or_else(cut)?).into(),
        _ => f64::from_le_bytes(*place.first_chunk().ok_or_else(cut)?),
    };
    match value {
        0.0..=1.0 => Ok((value * 255.0).round() as u8),
        value if value.is_nan() => Err(not_read("a float TIFF with NaN pixels")),
        value => Err(Fault::NotRead(format!(
            "a float TIFF with the value {}, where 0 is black and 1 is white",
            value as f32
        ))),
    }
}

/// The picture made from the channels.
fn image(layout: &Layout, pixels: Pixels) -> Result<DynamicImage, Fault> {
    let (width, height) = (layout.width, layout.height);
    let wrong = || damaged("another number of pixels than the image has");
    let mut bytes = match pixels {
        Pixels::Words(mut words) => {
            if layout.colour == Colour::WhiteIsZero {
                words.iter_mut().for_each(|value| *value = !*value);
            }
            return if layout.colour.channels() == 1 {
                let image = ImageBuffer::from_raw(width, height, words).ok_or_else(wrong)?;
                Ok(DynamicImage::ImageLuma16(image))
            } else {
                let image = ImageBuffer::from_raw(width, height, words).ok_or_else(wrong)?;
                Ok(DynamicImage::ImageRgb16(image))
            };
        }
        Pixels::Bytes(bytes) => bytes,
    };
    match layout.colour {
        Colour::WhiteIsZero => bytes.iter_mut().for_each(|value| *value = !*value),
        Colour::Palette => bytes = looked_up(&bytes, &layout.palette),
        Colour::Cmyk => bytes = without_black(&bytes),
        Colour::Grey | Colour::Rgb | Colour::YCbCr => {}
    }
    if matches!(layout.colour, Colour::WhiteIsZero | Colour::Grey) {
        let image = GrayImage::from_raw(width, height, bytes).ok_or_else(wrong)?;
        return Ok(DynamicImage::ImageLuma8(image));
    }
    let image = RgbImage::from_raw(width, height, bytes).ok_or_else(wrong)?;
    Ok(DynamicImage::ImageRgb8(image))
}

/// The palette's colours. It has 16 bits per channel, but some programs write 8.
fn looked_up(indices: &[u8], palette: &[u64]) -> Vec<u8> {
    let shift = if palette.iter().all(|value| *value < 256) {
        0
    } else {
        8
    };
    let colours = palette.len() / 3;
    let channel =
        |index: u8, channel: usize| (palette[channel * colours + index as usize] >> shift) as u8;
    let colour = |index: &u8| [0, 1, 2].map(|part| channel(*index, part));
    indices.iter().flat_map(colour).collect()
}

/// Converts inks to light, each multiplied by black.
fn without_black(inks: &[u8]) -> Vec<u8> {
    let light = |ink: u8, black: u8| {
        let product = u32::from(255 - ink) * u32::from(255 - black);
        // Pillow's rounding.
        let sum = product + 128;
        ((sum + (sum >> 8)) >> 8) as u8
    };
    let colour = |inks: &[u8]| [0, 1, 2].map(|part| light(inks[part], inks[3]));
    inks.chunks_exact(4).flat_map(colour).collect()
}
