//! Black and white in fax compression: CCITT Group 3 and 4, and plain run lengths.

use std::convert::Infallible;

use fax::BitReader;
use fax::maps::{Mode, black, mode, white};

use crate::decoding::fault::{Fault, damaged, not_read};

/// How rows are coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    /// Run lengths; each row starts at a byte, or at every second byte.
    Runs {
        /// A row's length in bits is a multiple of this.
        aligned: usize,
    },
    /// Group 3: rows separated by marks.
    Group3 {
        /// Whether a bit after the mark says that the row is coded relative to the one above.
        by_above: bool,
    },
    /// Group 4: each row is coded relative to the one above.
    Group4,
}

/// Unpacks `height` rows of `width` pixels, one bit per pixel; each row starts at a new byte; 1 is black.
pub(super) fn unpack(
    bytes: &[u8],
    (width, height): (usize, usize),
    coding: Coding,
) -> Result<Vec<u8>, Fault> {
    let mut reader = Reader { bytes, at: 0 };
    let row_bytes = width.div_ceil(8);
    let mut out = vec![0; row_bytes * height];
    // The positions where colours change; the first change is to black.
    let (mut above, mut changes) = (Vec::new(), Vec::new());
    for row in out.chunks_exact_mut(row_bytes) {
        changes.clear();
        let by_above = match coding {
            Coding::Runs { aligned } => {
                reader.at = reader.at.next_multiple_of(aligned);
                false
            }
            Coding::Group3 { by_above } => {
                let marked = reader.pass_mark();
                by_above && marked && reader.bit() == 0
            }
            Coding::Group4 => true,
        };
        if by_above {
            row_by_above(&mut reader, width, &above, &mut changes)?;
        } else {
            row_of_runs(&mut reader, width, &mut changes)?;
        }
        if reader.at > 8 * bytes.len() {
            return Err(damaged("the file ends before the image does"));
        }
        paint(row, width, &changes);
        std::mem::swap(&mut above, &mut changes);
    }
    Ok(out)
}

fn row_of_runs(
    reader: &mut Reader<'_>,
    width: usize,
    changes: &mut Vec<usize>,
) -> Result<(), Fault> {
    let (mut at, mut is_black) = (0, false);
    while at < width {
        at = after(at, run(reader, is_black)?, width)?;
        changes.push(at);
        is_black = !is_black;
    }
    Ok(())
}

fn row_by_above(
    reader: &mut Reader<'_>,
    width: usize,
    above: &[usize],
    changes: &mut Vec<usize>,
) -> Result<(), Fault> {
    let (mut at, mut is_black) = (0, false);
    // The first change above that is to the right of here; before the first pixel, also one at it.
    let mut next = 0;
    let mut begun = false;
    while at < width {
        while begun && above.get(next).is_some_and(|change| *change <= at) {
            next += 1;
        }
        // The next one to the other colour. Changes to black have even indices.
        let first = next + usize::from(next % 2 != usize::from(is_black));
        let change = |place: usize| above.get(place).copied().unwrap_or(width);
        match mode::decode(reader) {
            Some(Mode::Pass) => at = change(first + 1),
            Some(Mode::Vertical(by)) => {
                let to = change(first).checked_add_signed(by.into());
                at = to
                    .filter(|to| (at..=width).contains(to))
                    .ok_or_else(wrong)?;
                changes.push(at);
                is_black = !is_black;
            }
            Some(Mode::Horizontal) => {
                for colour in [is_black, !is_black] {
                    at = after(at, run(reader, colour)?, width)?;
                    changes.push(at);
                }
            }
            Some(Mode::Extension) => return Err(not_read("a fax with uncompressed parts")),
            Some(Mode::EOF) | None => return Err(wrong()),
        }
        begun = true;
    }
    Ok(())
}

/// The length of a run: codes for multiples of 64, then one for the rest.
fn run(reader: &mut Reader<'_>, is_black: bool) -> Result<usize, Fault> {
    let mut length = 0;
    loop {
        let part = match is_black {
            true => black::decode(reader),
            false => white::decode(reader),
        };
        let part = usize::from(part.ok_or_else(wrong)?);
        length += part;
        if part < 64 {
            return Ok(length);
        }
    }
}

fn after(at: usize, length: usize, width: usize) -> Result<usize, Fault> {
    let end = at + length;
    if end <= width { Ok(end) } else { Err(wrong()) }
}

fn wrong() -> Fault {
    damaged("a row of black and white that is coded wrongly")
}

fn paint(row: &mut [u8], width: usize, changes: &[usize]) {
    for runs in changes.chunks(2) {
        let end = runs.get(1).copied().unwrap_or(width);
        for x in runs[0]..end {
            row[x / 8] |= 0x80 >> (x % 8);
        }
    }
}

/// Reads bits from the highest of each byte onward; zeros after the end.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn bit(&mut self) -> u8 {
        let byte = self.bytes.get(self.at / 8).copied().unwrap_or(0);
        let bit = byte >> (7 - self.at % 8) & 1;
        self.at += 1;
        bit
    }

    /// Skips the mark between rows (at least 11 zeros, then a one); returns whether there was one.
    fn pass_mark(&mut self) -> bool {
        if self.peek(11) != Some(0) {
            return false;
        }
        while self.at < 8 * self.bytes.len() && self.bit() == 0 {}
        true
    }
}

impl BitReader for Reader<'_> {
    type Error = Infallible;

    fn peek(&self, bits: u8) -> Option<u16> {
        if bits > 16 {
            return None;
        }
        let wide = (0..4).fold(0_u32, |wide, index| {
            let byte = self.bytes.get(self.at / 8 + index).copied().unwrap_or(0);
            wide << 8 | u32::from(byte)
        });
        let shifted = u64::from(wide) << (self.at % 8) & 0xffff_ffff;
        Some((shifted >> (32 - bits)) as u16)
    }

    fn consume(&mut self, bits: u8) -> Result<(), Infallible> {
        self.at += usize::from(bits);
        Ok(())
    }

    fn bits_to_byte_boundary(&self) -> u8 {
        ((8 - self.at % 8) % 8) as u8
    }
}
