//! Reads one scan to its end.

use super::bits::{Bits, Trouble, next_marker};
use super::frame::{Component, Frame};
use super::inverse_dct::BLOCKS;
use super::planes::{Planes, ZIGZAG};
use super::segment::cut_short;
use super::table::Table;
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
/// after it. If the scan holds all of the image, `planes` may get its channels.
pub(super) fn read(
    bytes: &[u8],
    at: usize,
    segment: &[u8],
    frame: &mut Frame,
    tables: &Tables,
    planes: Option<&mut Option<Planes>>,
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

    let mut planes = planes.filter(|_| all);
    if let Some(planes) = &mut planes {
        **planes = Planes::new(frame, tables.adobe);
    }
    let mut planes = planes.and_then(Option::as_mut);
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
                        let part = &mut scan.parts[index];
                        let plane = planes
                            .as_mut()
                            .and_then(|p| p.parts.get_mut(part.component));
                        let read = if frame.progressive {
                            scan.progressive(&mut bits, index, component, place, &mut run)
                        } else if let Some(block) = component.blocks.get_mut(place) {
                            part.sequential(&mut bits, |index, value| block[index] = value)
                        } else if let Some((group, block)) =
                            plane.and_then(|plane| plane.block(y, column * across + x))
                        {
                            let group = group.as_chunks_mut::<BLOCKS>().0;
                            part.sequential(&mut bits, |index, value| {
                                group[usize::from(ZIGZAG[index])][block] = value;
                            })
                        } else {
                            part.sequential(&mut bits, |_, _| {})
                        };
                        read.map_err(|trouble| bits.fault(trouble))?;
                    }
                }
            }
        }
        if let Some(planes) = &mut planes {
            planes.transform(row);
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
fn needed(table: Option<&Table>) -> Result<&Table, Trouble> {
    table.ok_or(Trouble::NoTable)
}

impl Part<'_> {
    /// Reads a block whose coefficients are all in one scan; `put` gets those that are not 0 with their places
    /// in the file's order.
    #[inline(always)]
    fn sequential(
        &mut self,
        bits: &mut Bits<'_>,
        mut put: impl FnMut(usize, i16),
    ) -> Result<(), Trouble> {
        let (dc, ac) = (needed(self.dc)?, needed(self.ac)?);
        let size = u32::from(bits.symbol(dc)?);
        self.previous += bits.signed(size.min(16))?;
        put(
            0,
            i16::try_from(self.previous).map_err(|_| Trouble::TooLarge)?,
        );
        let mut index = 1;
        while index < 64 {
            let (symbol, value) = bits.coefficient(ac)?;
            let zeros = usize::from(symbol >> 4);
            if symbol & 15 == 0 {
                if zeros < 15 {
                    break;
                }
                index += 16;
                continue;
            }
            index += zeros;
            if index > 63 {
                return Err(Trouble::TooMany);
            }
            put(index, value);
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
    ) -> Result<(), Trouble> {
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
            .ok_or(Trouble::TooManyBlocks)?;
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
) -> Result<usize, Trouble> {
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
