//! Huffman tables for decoding.

use crate::decoding::fault::{Fault, damaged};

/// Codes of up to this many bits are found in one lookup, together with their values if these fit too.
const LOOK: u32 = 10;
/// The longest code.
const LONGEST: usize = 16;

/// What the next [`LOOK`] bits hold.
#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    /// The first symbol.
    symbol: u8,
    /// Length of its code; 0 for longer ones.
    code: u8,
    /// Length of the code and of the value behind it, as one for AC coefficients is; 0 if it is not in the bits.
    whole: u8,
    /// That value.
    value: i16,
}

/// A symbol with its value.
pub(super) struct Code {
    pub(super) symbol: u8,
    pub(super) value: i16,
    /// Bits of both.
    pub(super) length: u32,
}

/// A Huffman table for decoding.
pub(super) struct Table {
    /// Indexed by the next [`LOOK`] bits.
    look: Box<[Entry; 1 << LOOK]>,
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
            look: Box::new([Entry::default(); 1 << LOOK]),
            ends: [0; LONGEST + 1],
            offsets: [0; LONGEST + 1],
            symbols: symbols.to_vec(),
        };
        let (mut code, mut place) = (0_u32, 0_usize);
        for (length, count) in (1_u32..).zip(counts) {
            table.offsets[length as usize] = place as i32 - code as i32;
            for _ in 0..*count {
                if length <= LOOK && code < 1 << length {
                    table.enter(code, length, symbols[place]);
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

    /// Enters all that a short code may be followed by.
    fn enter(&mut self, code: u32, length: u32, symbol: u8) {
        let free = LOOK - length;
        let size = u32::from(symbol & 15);
        let first = (code << free) as usize;
        for (behind, entry) in (0..).zip(&mut self.look[first..first + (1 << free)]) {
            *entry = Entry {
                symbol,
                code: length as u8,
                ..Entry::default()
            };
            if size <= free {
                entry.whole = (length + size) as u8;
                entry.value = extended(behind >> (free - size), size) as i16;
            }
        }
    }

    #[inline(always)]
    fn entry(&self, next: u64) -> Entry {
        self.look[(next >> (64 - LOOK)) as usize]
    }

    /// The first symbol in the next bits, left-aligned, with the length of its code.
    #[inline(always)]
    pub(super) fn find(&self, next: u64) -> Option<(u8, u32)> {
        let entry = self.entry(next);
        if entry.code > 0 {
            return Some((entry.symbol, u32::from(entry.code)));
        }
        self.find_long((next >> 48) as u32)
    }

    fn find_long(&self, next: u32) -> Option<(u8, u32)> {
        let length = (LOOK + 1..=16).find(|length| next < self.ends[*length as usize])?;
        let code = (next >> (16 - length)) as i32;
        let place = code + self.offsets[length as usize];
        let symbol = self.symbols.get(usize::try_from(place).ok()?)?;
        Some((*symbol, length))
    }

    /// The first symbol and its value, if one lookup has both.
    #[inline(always)]
    pub(super) fn with_value(&self, next: u64) -> Option<Code> {
        let entry = self.entry(next);
        (entry.whole > 0).then_some(Code {
            symbol: entry.symbol,
            value: entry.value,
            length: u32::from(entry.whole),
        })
    }
}

/// The number that `size` bits are, at most 16; those that begin with 0 are negative.
#[inline(always)]
pub(super) fn extended(bits: u32, size: u32) -> i32 {
    let (bits, beyond) = (bits as i32, 1_i32 << size);
    match bits >= beyond / 2 {
        true => bits,
        false => bits.wrapping_sub(beyond).wrapping_add(1),
    }
}
