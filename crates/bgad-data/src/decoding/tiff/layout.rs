//! How a TIFF's pixels are stored, according to its tags.

use std::io::{Read, Seek};

use super::directory::Directory;
use super::kinds::{self, Colour, Compression, Format, Predictor};
use crate::decoding::fault::{Fault, damaged, not_read};

/// The first image of a file.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) bits: usize,
    pub(super) format: Format,
    pub(super) samples: usize,
    pub(super) colour: Colour,
    pub(super) compression: Compression,
    pub(super) predictor: Predictor,
    /// Whether the lowest bit of a byte comes first.
    pub(super) reversed_bits: bool,
    /// Whether channels are stored separately.
    pub(super) planar: bool,
    /// Width and height of a strip or tile.
    pub(super) chunk: (usize, usize),
    pub(super) tiled: bool,
    pub(super) offsets: Vec<u64>,
    pub(super) counts: Vec<u64>,
    pub(super) jpeg_tables: Vec<u8>,
    /// All red values, then green, then blue.
    pub(super) palette: Vec<u64>,
    pub(super) orientation: u8,
}

impl Layout {
    /// # Errors
    /// [`Fault::NotRead`] for kinds that are not decoded, [`Fault::Damaged`] for contradictory tags.
    pub(super) fn of<R: Read + Seek>(tags: &mut Directory<R>) -> Result<Self, Fault> {
        let width = tags.required(256, "its width")?;
        let height = tags.required(257, "its height")?;
        if width == 0 || height == 0 {
            return Err(damaged("an image without pixels"));
        }
        let samples = usize::try_from(tags.number(277)?.unwrap_or(1)).unwrap_or(usize::MAX);
        let compression = kinds::compression(tags)?;
        let colour = kinds::colour(tags, compression)?;
        if samples < colour.channels() || samples > 64 {
            let found = format!("a TIFF of {samples} channels for {colour:?}");
            return Err(Fault::NotRead(found));
        }
        // Grey with more channels than alpha is not a picture but layers of measurements.
        if colour.channels() == 1 && samples > 2 {
            return Err(Fault::NotRead(format!("a TIFF of {samples} channels")));
        }
        let (bits, format) = kinds::depth(tags)?;
        let predictor = kinds::predictor(tags, bits, format)?;
        let planar = samples > 1 && tags.number(284)? == Some(2);
        let tiled = tags.numbers(324)?.is_some();
        let (chunk, offsets, counts) = if tiled {
            let side = (
                tags.required(322, "the width of its tiles")?,
                tags.required(323, "the height of its tiles")?,
            );
            (side, tags.numbers(324)?, tags.numbers(325)?)
        } else {
            let rows = tags.number(278)?.unwrap_or(height.into());
            let rows = u32::try_from(rows).unwrap_or(u32::MAX).min(height);
            ((width, rows), tags.numbers(273)?, tags.numbers(279)?)
        };
        let chunk = (chunk.0 as usize, chunk.1 as usize);
        if chunk.0 == 0 || chunk.1 == 0 {
            return Err(damaged("strips or tiles without pixels"));
        }
        let offsets = offsets.ok_or_else(|| damaged("a TIFF without pixels"))?;
        let layout = Self {
            width,
            height,
            bits,
            format,
            samples,
            colour,
            compression,
            predictor,
            reversed_bits: tags.number(266)? == Some(2),
            planar,
            chunk,
            tiled,
            counts: counts.unwrap_or_default(),
            offsets,
            jpeg_tables: match tags.numbers(347)? {
                Some(bytes) => bytes.into_iter().map(|byte| byte as u8).collect(),
                None => Vec::new(),
            },
            palette: match colour {
                Colour::Palette => tags.numbers(320)?.unwrap_or_default(),
                _ => Vec::new(),
            },
            orientation: tags
                .number(274)?
                .and_then(|tag| tag.try_into().ok())
                .unwrap_or(1),
        };
        layout.checked()
    }

    /// Number of strips or tiles, across and down.
    pub(super) fn chunks(&self) -> (usize, usize) {
        (
            (self.width as usize).div_ceil(self.chunk.0),
            (self.height as usize).div_ceil(self.chunk.1),
        )
    }

    /// Number of channels in one strip or tile.
    pub(super) fn chunk_samples(&self) -> usize {
        if self.planar { 1 } else { self.samples }
    }

    fn checked(mut self) -> Result<Self, Fault> {
        let (across, down) = self.chunks();
        let planes = if self.planar { self.samples } else { 1 };
        let chunks = across * down * planes;
        // Some programs leave out the length of a single strip.
        if self.counts.is_empty() && chunks == 1 && self.compression == Compression::None {
            let row = (self.chunk.0 * self.chunk_samples() * self.bits).div_ceil(8);
            self.counts = vec![(row * self.chunk.1) as u64];
        }
        if self.offsets.len() < chunks || self.counts.len() < chunks {
            return Err(damaged("fewer strips or tiles than the image has"));
        }
        if self.colour == Colour::Palette {
            if !matches!(self.bits, 1 | 2 | 4 | 8) || self.format != Format::Unsigned {
                return Err(not_read("a TIFF with a palette of more than 8 bits"));
            }
            if self.palette.len() != 3 << self.bits {
                return Err(damaged("a palette of another length than its depth"));
            }
        }
        let fax = matches!(self.compression, Compression::Fax(_));
        if fax && (self.bits, self.chunk_samples()) != (1, 1) {
            return Err(damaged("a fax that is not black and white"));
        }
        if self.compression == Compression::Jpeg && self.bits != 8 {
            let found = format!("a TIFF with JPEG of {} bits", self.bits);
            return Err(Fault::NotRead(found));
        }
        if self.compression == Compression::Jpeg && self.colour == Colour::Cmyk {
            return Err(not_read("a TIFF with JPEG of CMYK"));
        }
        if self.colour == Colour::Cmyk && (self.format, self.bits) != (Format::Unsigned, 8) {
            return Err(not_read("a CMYK TIFF of other than 8 bits"));
        }
        if self.bits < 8 && self.colour.channels() > 1 {
            return Err(not_read("a colour TIFF of fewer than 8 bits a channel"));
        }
        Ok(self)
    }
}
