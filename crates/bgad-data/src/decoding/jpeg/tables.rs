//! Huffman and quantization tables.

use super::segment::cut_short;
use super::table::Table;
use crate::decoding::fault::{Fault, damaged};

/// Tables of one kind that a file can hold at a time.
const SLOTS: usize = 4;
/// The tables in force when a scan begins.
#[derive(Default)]
pub(super) struct Tables {
    pub(super) dc: [Option<Table>; SLOTS],
    pub(super) ac: [Option<Table>; SLOTS],
    pub(super) quantization: [Option<[u16; 64]>; SLOTS],
    pub(super) restart_interval: usize,
    /// Whether the file has its own Huffman tables.
    pub(super) has_huffman: bool,
    /// What Adobe's marker says of the colours; 1 is the usual kind.
    pub(super) adobe: Option<u8>,
}

impl Tables {
    pub(super) fn huffman(&mut self, segment: &[u8]) -> Result<(), Fault> {
        let mut rest = segment;
        while let Some((place, behind)) = rest.split_first() {
            let counts: &[u8; 16] = behind.first_chunk().ok_or_else(cut_short)?;
            let number: usize = counts.iter().map(|count| usize::from(*count)).sum();
            let symbols = behind.get(16..16 + number).ok_or_else(cut_short)?;
            let tables = if place >> 4 == 0 {
                &mut self.dc
            } else {
                &mut self.ac
            };
            *slot(tables, place & 15)? = Some(Table::new(counts, symbols)?);
            rest = &behind[16 + number..];
        }
        Ok(())
    }

    /// Reads a segment that programs of all kinds use, Adobe's among them.
    pub(super) fn application(&mut self, segment: &[u8]) {
        if segment.starts_with(b"Adobe") {
            self.adobe = segment.get(11).copied().or(Some(0));
        }
    }

    pub(super) fn quantization(&mut self, segment: &[u8]) -> Result<(), Fault> {
        let mut rest = segment;
        while let Some((place, behind)) = rest.split_first() {
            let wide = place >> 4 != 0;
            let length = if wide { 128 } else { 64 };
            let values = behind.get(..length).ok_or_else(cut_short)?;
            let mut table = [0; 64];
            for (to, index) in table.iter_mut().zip(0..) {
                *to = match wide {
                    true => u16::from_be_bytes([values[2 * index], values[2 * index + 1]]),
                    false => values[index].into(),
                };
            }
            *slot(&mut self.quantization, place & 15)? = Some(table);
            rest = &behind[length..];
        }
        Ok(())
    }
}

fn slot<T>(slots: &mut [T], place: u8) -> Result<&mut T, Fault> {
    let slot = slots.get_mut(usize::from(place));
    slot.ok_or_else(|| damaged("a table number that does not exist"))
}
