//! The palette indices of a PNG, which image decoders look up.

use std::io::{BufRead, Seek};

use png::{DecodingError, Transformations};

use super::fault::{Fault, damaged};
use super::size::Size;

/// Width, height, and each pixel's palette index.
pub(crate) fn numbers(
    reader: impl BufRead + Seek,
    limit: &Size,
) -> Result<(u32, u32, Vec<u8>), Fault> {
    let mut decoder = png::Decoder::new(reader);
    decoder.set_transformations(Transformations::IDENTITY);
    let mut reader = decoder.read_info().map_err(fault)?;
    let (width, height) = reader.info().size();
    let bits = reader.info().bit_depth as usize;
    limit.check((width, height), 3)?;
    let length = reader.output_buffer_size();
    let mut packed = vec![0; length.ok_or_else(|| damaged("an image without a size"))?];
    let frame = reader.next_frame(&mut packed).map_err(fault)?;
    let number = |row: &[u8], x: usize| {
        let first = x * bits;
        let shift = 8 - bits - first % 8;
        row[first / 8] >> shift & (u8::MAX >> (8 - bits))
    };
    let rows = packed.chunks_exact(frame.line_size.max(1));
    let numbers = rows
        .take(height as usize)
        .flat_map(|row| (0..width as usize).map(move |x| number(row, x)));
    Ok((width, height, numbers.collect()))
}

fn fault(error: DecodingError) -> Fault {
    match error {
        DecodingError::IoError(error) => Fault::reading(error),
        other => Fault::Damaged(other.to_string()),
    }
}
