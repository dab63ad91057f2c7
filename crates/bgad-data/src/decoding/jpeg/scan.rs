//! Reads one scan to its end.

use super::bits::{Bits, Table, next_marker};
use super::frame::{Component, Frame};
use super::segment::cut_short;
use super::tables::Tables;
use crate::decoding::fault::{Fault, damaged};

/// The contents of a scan.
struct Scan<'a> {
    /// Components and their tables.
    parts: Vec<Part<'a>>,
    /// First and last coefficient.
    band: (usize, usize),
    /// Whether it refines coefficients of an earlier scan by one bit.
    refines: bool,
    restart_interval: usize,
}

struct Part<'a> {
    component: usize,
    dc: Option<&'a Table>,
    ac: Option<&'a Table>,
    /// The last DC coefficient.
    previous: i32,
}

/// Reads the scan with the header `segment` and data from `at` onward; returns the position of the marker
/// after it.
pub(super) fn read(
    bytes: &[u8],
    at: usize,
    segment: &[u8],
    frame: &mut Frame,
    tables: &Tables,
) -> Result<usize, Fault> {
    let mut scan = header(segment, frame, tables)?;
    let all = scan.parts.len() == frame.components.len();
    for part in &scan.parts {
        let component = &mut frame.components[part.component];
        let blocks = component.columns * component.rows;
        if frame.progressive && component.present.is_empty() {
            component.present = vec![0; blocks];
        }
        // The decoder reads a single scan of everything correctly, and no coefficients need to be kept.
        if !frame.progressive && !all {
            component.blocks = vec![[0; 64]; blocks];
        }
        if component.seen && !frame.progressive {
            return Err(damaged("the data of a channel twice"));
        }
        component.seen = true;
        let slot = usize::from(component.quantization);
        component.values = component
            .values
            .or(tables.quantization.get(slot).copied().flatten());
    }

    let alone = scan.parts.len() == 1;
    let (columns, rows) = match alone {
        true => frame.own_blocks(&frame.components[scan.parts[0].component]),
        false => frame.units(),
    };
    let mut bits = Bits::new(bytes, at);
    let (mut left, mut run) = (scan.restart_interval, 0);
    for row in 0..rows {
        for column in 0..columns {
            if scan.restart_interval > 0 && left == 0 {
                bits.restart()?;
                (left, run) = (scan.restart_interval, 0);
                scan.parts.iter_mut().for_each(|part| part.previous = 0);
            }
            left = left.wrapping_sub(1);
            for index in 0..scan.parts.len() {
                let component = &mut frame.components[scan.parts[index].component];
                let (across, down) = match alone {
                    true => (1, 1),
                    false => (component.across, component.down),
                };
                for y in 0..down {
                    for x in 0..across {
                        let place = (row * down + y) * component.columns + column * across + x;
                        if frame.progressive {
                            scan.progressive(&mut bits, index, component, place, &mut run)?;
                        } else {
                            let block = component.blocks.get_mut(place);
                            scan.parts[index].sequential(&mut bits, block)?;
                        }
                    }
                }
            }
        }
    }
    // Skips padding and superfluous restart markers.
    let mut at = bits.place();
    loop {
        let (marker, behind) = next_marker(bytes, at)?;
        if !(0xd0..=0xd7).contains(&marker) {
            return Ok(behind - 2);
        }
        at = behind;
    }
}

fn header<'a>(segment: &[u8], frame: &Frame, tables: &'a Tables) -> Result<Scan<'a>, Fault> {
    let (number, rest) = segment.split_first().ok_or_else(cut_short)?;
    let number = usize::from(*number);
    let told = rest.get(..2 * number).ok_or_else(cut_short)?;
    let [first, last, bits] = *rest[2 * number..].first_chunk().ok_or_else(cut_short)?;
    let band = match frame.progressive {
        true => (usize::from(first), usize::from(last)),
        false => (0, 63),
    };
    let mut parts: Vec<Part<'_>> = Vec::new();
    for pair in told.chunks_exact(2) {
        let component = frame.components.iter().position(|c| c.id == pair[0]);
        let component =
            component.ok_or_else(|| damaged("a scan of a channel that does not exist"))?;
        if parts.iter().any(|part| part.component == component) {
            return Err(damaged("a scan with one channel twice"));
        }
        let table = |tables: &'a [Option<Table>], slot: u8| {
            tables.get(usize::from(slot)).and_then(Option::as_ref)
        };
        parts.push(Part {
            component,
            dc: table(&tables.dc, pair[1] >> 4),
            ac: table(&tables.ac, pair[1] & 15),
            previous: 0,
        });
    }
    let joined = band.0 == 0 && band.1 != 0 && frame.progressive;
    let blended = band.0 > 0 && number > 1;
    if number == 0 || band.0 > band.1 || band.1 > 63 || joined || blended {
        return Err(damaged("a scan of impossible coefficients"));
    }
    Ok(Scan {
        parts,
        band,
        refines: frame.progressive && bits >> 4 != 0,
        restart_interval: tables.restart_interval,
    })
}

/// The table, which a complete file contains.
fn needed(table: Option<&Table>) -> Result<&Table, Fault> {
    table.ok_or_else(|| damaged("a Huffman table is missing"))
}

impl Part<'_> {
    /// Reads a block whose coefficients are all in one scan.
    fn sequential(
        &mut self,
        bits: &mut Bits<'_>,
        block: Option<&mut [i16; 64]>,
    ) -> Result<(), Fault> {
        let (dc, ac) = (needed(self.dc)?, needed(self.ac)?);
        let mut unused = [0; 64];
        let block = block.unwrap_or(&mut unused);
        let size = u32::from(bits.symbol(dc)?);
        self.previous += bits.signed(size.min(16))?;
        block[0] =
            i16::try_from(self.previous).map_err(|_| damaged("a coefficient that is too large"))?;
        let mut index = 1;
        while index < 64 {
            let symbol = bits.symbol(ac)?;
            let (zeros, size) = (usize::from(symbol >> 4), u32::from(symbol & 15));
            if size == 0 {
                if zeros < 15 {
                    break;
                }
                index += 16;
                continue;
            }
            index += zeros;
            let value = bits.signed(size)?;
            if let Some(place) = block.get_mut(index) {
                *place = value as i16;
            } else {
                return Err(damaged("more coefficients than a block has"));
            }
            index += 1;
        }
        Ok(())
    }
}

impl Scan<'_> {
    /// Reads this scan's part of one block; `run` counts the following blocks that have no more in it.
    fn progressive(
        &mut self,
        bits: &mut Bits<'_>,
        part: usize,
        component: &mut Component,
        place: usize,
        run: &mut u32,
    ) -> Result<(), Fault> {
        let part = &self.parts[part];
        if self.band.0 == 0 {
            if self.refines {
                bits.take(1)?;
            } else {
                let size = u32::from(bits.symbol(needed(part.dc)?)?);
                bits.take(size.min(16))?;
            }
            return Ok(());
        }
        let present = component
            .present
            .get_mut(place)
            .ok_or_else(|| damaged("more blocks than the image has"))?;
        let band = self.band.0..=self.band.1;
        let mut index = *band.start();
        if *run == 0 {
            let table = needed(part.ac)?;
            while index <= *band.end() {
                let symbol = bits.symbol(table)?;
                let (zeros, size) = (u32::from(symbol >> 4), u32::from(symbol & 15));
                if size == 0 && zeros < 15 {
                    *run = (1 << zeros) + bits.take(zeros)?;
                    break;
                }
                bits.take(size)?;
                if self.refines {
                    index = pass_zeros(bits, *present, index..*band.end() + 1, zeros)?;
                } else {
                    index += zeros as usize;
                }
                if size > 0 && index < 64 {
                    *present |= 1 << index;
                }
                index += 1;
            }
        }
        if *run > 0 {
            *run -= 1;
            if self.refines {
                let rest = index..*band.end() + 1;
                let told = rest.filter(|index| *present >> index & 1 == 1);
                for _ in told {
                    bits.take(1)?;
                }
            }
        }
        Ok(())
    }
}

/// Skips this many coefficients that were 0 and reads a bit for each nonzero one between them; returns the
/// index of the next one that was 0.
fn pass_zeros(
    bits: &mut Bits<'_>,
    present: u64,
    band: std::ops::Range<usize>,
    zeros: u32,
) -> Result<usize, Fault> {
    let mut left = zeros;
    for index in band.clone() {
        if present >> index & 1 == 1 {
            bits.take(1)?;
        } else if left == 0 {
            return Ok(index);
        } else {
            left -= 1;
        }
    }
    Ok(band.end)
}
