//! The entropy-coded bits of a JPEG.

use crate::decoding::fault::{Fault, damaged};

/// Codes of up to this many bits are found in one lookup.
const LOOK: u32 = 9;
/// The longest code.
const LONGEST: usize = 16;

/// A Huffman table for decoding.
pub(super) struct Table {
    /// Indexed by the next [`LOOK`] bits: the symbol and its code's length; length 0 for longer codes.
    look: Vec<(u8, u8)>,
    /// For each length: the first code beyond it, left-aligned in 16 bits.
    ends: [u32; LONGEST + 1],
    /// For each length: what to add to a code to get its symbol's index.
    offsets: [i32; LONGEST + 1],
    symbols: Vec<u8>,
}

impl Table {
    /// Builds a table from the number of codes of each length (1 to 16 bits) and the symbols in order.
    pub(super) fn new(counts: &[u8; LONGEST], symbols: &[u8]) -> Result<Self, Fault> {
        let mut table = Self {
            look: vec![(0, 0); 1 << LOOK],
            ends: [0; LONGEST + 1],
            offsets: [0; LONGEST + 1],
            symbols: symbols.to_vec(),
        };
        let (mut code, mut place) = (0_u32, 0_usize);
        for (length, count) in (1_u32..).zip(counts) {
            table.offsets[length as usize] = place as i32 - code as i32;
            for _ in 0..*count {
                if length <= LOOK && code < 1 << length {
                    let free = LOOK - length;
                    let first = (code << free) as usize;
                    table.look[first..first + (1 << free)].fill((symbols[place], length as u8));
                }
                code += 1;
                place += 1;
            }
            if code > 1 << length {
                return Err(damaged("a Huffman table with too many codes"));
            }
            table.ends[length as usize] = code << (16 - length);
            code <<= 1;
        }
        Ok(table)
    }

    /// The first symbol in the next 16 bits, with the length of its code.
    fn find(&self, next: u32) -> Option<(u8, u32)> {
        let (symbol, length) = self.look[(next >> (16 - LOOK)) as usize];
        if length > 0 {
            return Some((symbol, u32::from(length)));
        }
        let length = (LOOK + 1..=16).find(|length| next < self.ends[*length as usize])?;
        let code = (next >> (16 - length)) as i32;
        let place = code + self.offsets[length as usize];
        let symbol = self.symbols.get(usize::try_from(place).ok()?)?;
        Some((*symbol, length))
    }
}

/// Reads the bits of one scan up to the next marker.
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    /// The next unread byte.
    at: usize,
    /// Bits read but not yet used, left-aligned.
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

    fn fill(&mut self) {
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

    /// The fault when the bits run out.
    fn ended(&self) -> Fault {
        damaged(if self.at >= self.bytes.len() {
            "the file ends before the image does"
        } else {
            "the image's data end before the image does, though a marker follows"
        })
    }

    /// The next `count` bits, at most 16.
    pub(super) fn take(&mut self, count: u32) -> Result<u32, Fault> {
        if self.number < count {
            self.fill();
            if self.number < count {
                return Err(self.ended());
            }
        }
        if count == 0 {
            return Ok(0);
        }
        let value = (self.waiting >> (64 - count)) as u32;
        self.drop(count);
        Ok(value)
    }

    fn drop(&mut self, count: u32) {
        self.waiting <<= count;
        self.number -= count;
    }

    /// The next symbol of `table`.
    #[inline]
    pub(super) fn symbol(&mut self, table: &Table) -> Result<u8, Fault> {
        if self.number < 32 {
            self.fill();
        }
        let Some((symbol, length)) = table.find((self.waiting >> 48) as u32) else {
            return Err(match self.number {
                0..16 => self.ended(),
                _ => damaged("a code that is in no Huffman table"),
            });
        };
        if length > self.number {
            return Err(self.ended());
        }
        self.drop(length);
        Ok(symbol)
    }

    /// A value of `size` bits; its first bit gives the sign.
    pub(super) fn signed(&mut self, size: u32) -> Result<i32, Fault> {
        if size == 0 {
            return Ok(0);
        }
        let value = self.take(size)? as i32;
        let negative = value < 1 << (size - 1);
        Ok(if negative {
            value - (1 << size) + 1
        } else {
            value
        })
    }

    /// Continues after the restart marker, which must come next.
    pub(super) fn restart(&mut self) -> Result<(), Fault> {
        (self.waiting, self.number) = (0, 0);
        let (marker, behind) = next_marker(self.bytes, self.at)?;
        if !(0xd0..=0xd7).contains(&marker) {
            return Err(self.ended());
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
