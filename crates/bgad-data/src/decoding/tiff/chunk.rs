//! Decodes one strip or tile from packed bytes to bytes of rows.

use std::io::Read;

use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::ccitt;
use super::kinds::{Colour, Compression, Predictor};
use super::layout::Layout;
use crate::decoding::fault::{Fault, damaged, not_read};
use crate::decoding::jpeg;
use crate::decoding::size::Size;

/// A JPEG may exceed its strip by less than one unit.
const JPEG_UNIT: usize = 64;

/// Unpacks a chunk of `rows` rows; returns them as they would be stored uncompressed, numbers with the lowest
/// byte first.
pub(super) fn unpack(
    layout: &Layout,
    mut packed: Vec<u8>,
    rows: usize,
    little_endian: bool,
) -> Result<Vec<u8>, Fault> {
    if layout.reversed_bits && layout.compression != Compression::Jpeg {
        packed
            .iter_mut()
            .for_each(|byte| *byte = byte.reverse_bits());
    }
    let row_bytes = (layout.chunk.0 * layout.chunk_samples() * layout.bits).div_ceil(8);
    let length = row_bytes * rows;
    let mut bytes = match layout.compression {
        Compression::None => packed,
        Compression::PackBits => pack_bits(&packed, length),
        Compression::Lzw => lzw(&packed, length)?,
        Compression::Deflate => {
            let mut bytes = Vec::with_capacity(length);
            let mut decoder = flate2::read::ZlibDecoder::new(packed.as_slice()).take(length as u64);
            match decoder.read_to_end(&mut bytes) {
                // Tested below: the data suffice even if the checksum is cut off.
                Ok(_) | Err(_) => bytes,
            }
        }
        Compression::Jpeg => jpeg_pixels(layout, &packed, rows)?,
        Compression::Fax(coding) => ccitt::unpack(&packed, (layout.chunk.0, rows), coding)?,
    };
    if bytes.len() < length {
        return Err(damaged(
            "a strip or tile with fewer pixels than it should have",
        ));
    }
    bytes.truncate(length);
    for row in bytes.chunks_exact_mut(row_bytes) {
        undo_predictor(layout, row, little_endian);
    }
    Ok(bytes)
}

/// Runs and literal bytes, up to `length` bytes.
fn pack_bits(packed: &[u8], length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length);
    let mut rest = packed;
    while let [head, behind @ ..] = rest
        && bytes.len() < length
    {
        rest = match *head as i8 {
            count @ 0.. => {
                let literal = behind.len().min(count as usize + 1);
                bytes.extend(&behind[..literal]);
                &behind[literal..]
            }
            -128 => behind,
            count => {
                let Some((value, behind)) = behind.split_first() else {
                    break;
                };
                let run = usize::from(count.unsigned_abs()) + 1;
                bytes.resize(bytes.len() + run, *value);
                behind
            }
        };
    }
    bytes
}

fn lzw(packed: &[u8], length: usize) -> Result<Vec<u8>, Fault> {
    if packed.starts_with(&[0, 1]) {
        return Err(not_read("a TIFF with the LZW of before TIFF 5.0"));
    }
    let configuration =
        weezl::decode::Configuration::with_tiff_size_switch(weezl::BitOrder::Msb, 8)
            .with_yield_on_full_buffer(true);
    let mut decoder = configuration.build();
    let mut bytes = vec![0; length];
    let (mut read, mut written) = (0, 0);
    while written < length {
        let result = decoder.decode_bytes(&packed[read..], &mut bytes[written..]);
        read += result.consumed_in;
        written += result.consumed_out;
        match result.status {
            Ok(weezl::LzwStatus::Ok) if result.consumed_in + result.consumed_out > 0 => {}
            _ => break,
        }
    }
    bytes.truncate(written);
    Ok(bytes)
}

/// Decodes a strip or tile that is a JPEG; YCbCr becomes RGB, other colours stay.
fn jpeg_pixels(layout: &Layout, packed: &[u8], rows: usize) -> Result<Vec<u8>, Fault> {
    // The tables shared by all chunks go between the image's start and its own segments.
    let whole = match (
        layout.jpeg_tables.strip_suffix(&[0xff, 0xd9]),
        packed.get(2..),
    ) {
        (Some(tables), Some(rest)) => [tables, rest].concat(),
        _ => packed.to_vec(),
    };
    // A chunk is as large as the tags say; the last strip may be stored at full height.
    let chunk = (layout.chunk.0.max(layout.chunk.1) + JPEG_UNIT) as u32;
    let limit = Size {
        side: chunk,
        bytes: u64::from(chunk) * u64::from(chunk) * 4,
    };
    let whole = jpeg::checked(&whole, &limit)?;
    let wrong = |error: zune_jpeg::errors::DecodeErrors| Fault::Damaged(error.to_string());
    let mut decoder = JpegDecoder::new(ZCursor::new(&*whole));
    decoder.decode_headers().map_err(wrong)?;
    let stored = decoder.input_colorspace();
    let colours = match layout.colour {
        Colour::YCbCr if !layout.planar => Some(ColorSpace::RGB),
        _ => stored,
    };
    if let Some(colours) = colours {
        let options = DecoderOptions::default().jpeg_set_out_colorspace(colours);
        decoder.set_options(options);
    }
    let pixels = decoder.decode().map_err(wrong)?;
    let size = decoder.dimensions();
    let (width, height) = size.ok_or_else(|| damaged("a JPEG without a size"))?;
    let samples = layout.chunk_samples();
    if width < layout.chunk.0 || height < rows || pixels.len() != width * height * samples {
        return Err(damaged("a strip or tile whose JPEG has another size"));
    }
    let kept = pixels.chunks_exact(width * samples).take(rows);
    Ok(kept
        .flat_map(|row| &row[..layout.chunk.0 * samples])
        .copied()
        .collect())
}

/// Restores a row's values, the lowest byte first.
fn undo_predictor(layout: &Layout, row: &mut [u8], little_endian: bool) {
    let samples = layout.chunk_samples();
    let size = layout.bits / 8;
    if layout.predictor == Predictor::FloatBytes {
        for index in samples..row.len() {
            row[index] = row[index].wrapping_add(row[index - samples]);
        }
        let number = row.len() / size;
        let split = row.to_vec();
        for (index, value) in row.chunks_exact_mut(size).enumerate() {
            for (byte, place) in value.iter_mut().rev().zip(0..) {
                *byte = split[place * number + index];
            }
        }
        return;
    }
    if !little_endian && layout.bits.is_multiple_of(8) && layout.compression != Compression::Jpeg {
        row.chunks_exact_mut(size).for_each(<[u8]>::reverse);
    }
    if layout.predictor == Predictor::None {
        return;
    }
    let step = samples * size;
    for index in (step..row.len()).step_by(size) {
        // Adds integers of any size, byte by byte.
        let mut carry = 0;
        for byte in index..(index + size).min(row.len()) {
            let sum = u16::from(row[byte]) + u16::from(row[byte - step]) + carry;
            row[byte] = sum as u8;
            carry = sum >> 8;
        }
    }
}
