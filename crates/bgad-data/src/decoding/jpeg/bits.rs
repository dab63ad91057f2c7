//! The entropy-coded bits of a JPEG.

use super::table::{Code, Table, extended};
use crate::decoding::fault::{Fault, damaged};

/// One in each byte, and the highest bit of each byte.
const ONES: u64 = u64::MAX / 255;
const HIGHEST: u64 = ONES << 7;

/// What is wrong with the bits of a scan.
#[derive(Debug, Clone, Copy)]
pub(super) enum Trouble {
    /// They end.
    Ended,
    /// A code that no table has.
    UnknownCode,
    /// A block goes on after its last coefficient.
    TooMany,
    /// A coefficient beyond 16 bits.
    TooLarge,
    /// More blocks than the image has.
    TooManyBlocks,
    /// A table that the file lacks.
    NoTable,
}

/// Reads the bits of one scan up to the next marker.
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    /// The next unread byte.
    at: usize,
    /// Bits read but not yet used, left-aligned. Behind them may stand bits of the next byte.
    waiting: u64,
    number: u32,
}

impl<'a> Bits<'a> {
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self {
            bytes,
            at,
            waiting: 0,
            number: 0,
        }
    }

    /// Reads on if there are too few bits for a code and its value, 31 together.
    #[inline(always)]
    fn fill(&mut self) {
        if self.number >= 32 {
            return;
        }
        let next = self.bytes.get(self.at..).and_then(<[u8]>::first_chunk);
        if let Some(next) = next.map(|next| u64::from_be_bytes(*next))
            // No byte is 0xff.
            && (!next).wrapping_sub(ONES) & next & HIGHEST == 0
        {
            self.waiting |= next >> self.number;
            let bytes = (64 - self.number) / 8;
            self.at += bytes as usize;
            self.number += bytes * 8;
            return;
        }
        self.fill_bytewise();
    }

    #[inline(never)]
    fn fill_bytewise(&mut self) {
        while self.number <= 56 {
            let byte = match self.bytes.get(self.at) {
                Some(0xff) if self.bytes.get(self.at + 1) == Some(&0) => {
                    self.at += 2;
                    0xff
                }
                // A marker ends the data.
                None | Some(0xff) => return,
                Some(byte) => {
                    self.at += 1;
                    *byte
                }
            };
            self.waiting |= u64::from(byte) << (56 - self.number);
            self.number += 8;
        }
    }

    /// The fault that `trouble` is.
    #[cold]
    pub(super) fn fault(&self, trouble: Trouble) -> Fault {
        damaged(match trouble {
            Trouble::Ended if self.at >= self.bytes.len() => "the file ends before the image does",
            Trouble::Ended => "the image's data end before the image does, though a marker follows",
            Trouble::UnknownCode => "a code that is in no Huffman table",
            Trouble::TooMany => "more coefficients than a block has",
            Trouble::TooLarge => "a coefficient that is too large",
            Trouble::TooManyBlocks => "more blocks than the image has",
            Trouble::NoTable => "a Huffman table is missing",
        })
    }

    /// The next `count` bits, at most 16.
    #[inline(always)]
    pub(super) fn take(&mut self, count: u32) -> Result<u32, Trouble> {
        if count == 0 {
            return Ok(0);
        }
        self.fill();
        let value = (self.waiting >> (64 - count)) as u32;
        self.drop(count)?;
        Ok(value)
    }

    /// Passes over `count` bits.
    #[inline(always)]
    fn drop(&mut self, count: u32) -> Result<(), Trouble> {
        self.number = self.number.checked_sub(count).ok_or(Trouble::Ended)?;
        self.waiting <<= count;
        Ok(())
    }

    /// The next symbol of `table`.
    #[inline(always)]
    pub(super) fn symbol(&mut self, table: &Table) -> Result<u8, Trouble> {
        self.fill();
        let Some((symbol, length)) = table.find(self.waiting) else {
            return Err(match self.number {
                0..16 => Trouble::Ended,
                _ => Trouble::UnknownCode,
            });
        };
        self.drop(length)?;
        Ok(symbol)
    }

    /// The next symbol of a table for AC coefficients, and the value that follows it.
    #[inline(always)]
    pub(super) fn coefficient(&mut self, table: &Table) -> Result<(u8, i16), Trouble> {
        self.fill();
        if let Some(Code {
            symbol,
            value,
            length,
        }) = table.with_value(self.waiting)
        {
            self.drop(length)?;
            return Ok((symbol, value));
        }
        let symbol = self.symbol(table)?;
        Ok((symbol, self.signed(u32::from(symbol & 15))? as i16))
    }

    /// A value of `size` bits; its first bit gives the sign.
    #[inline(always)]
    pub(super) fn signed(&mut self, size: u32) -> Result<i32, Trouble> {
        Ok(extended(self.take(size)?, size))
    }

    /// Continues after the restart marker, which must come next.
    pub(super) fn restart(&mut self) -> Result<(), Fault> {
        (self.waiting, self.number) = (0, 0);
        let (marker, behind) = next_marker(self.bytes, self.at)?;
        if !(0xd0..=0xd7).contains(&marker) {
            return Err(self.fault(Trouble::Ended));
        }
        self.at = behind;
        Ok(())
    }

    /// Where the search for the next marker starts.
    pub(super) fn place(&self) -> usize {
        self.at
    }
}

/// The next marker from `at` onward and the position after it; bytes before it are skipped.
pub(super) fn next_marker(bytes: &[u8], at: usize) -> Result<(u8, usize), Fault> {
    let mut at = at;
    loop {
        match (bytes.get(at), bytes.get(at + 1)) {
            (Some(0xff), Some(marker @ 1..=0xfe)) => return Ok((*marker, at + 2)),
            (Some(_), Some(_)) => at += 1,
            _ => return Err(damaged("the file ends before the image does")),
        }
    }
}
