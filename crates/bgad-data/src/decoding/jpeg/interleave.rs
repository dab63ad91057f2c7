//! Rewrites the coefficients as one interleaved scan.

use super::bits::next_marker;
use super::frame::{Component, Frame};
use super::segment::{cut_short, segment};
use crate::decoding::fault::{Fault, damaged};

/// Size categories of DC differences, with one code of 5 bits each.
const DC_SYMBOLS: usize = 16;
/// AC symbols with codes of 8 bits. The last two have 9 bits, so that no code is all ones.
const SHORT_AC: usize = 254;

/// Rewrites the image in `bytes`; application segments (colours, orientation) are kept.
pub(super) fn rewritten(bytes: &[u8], frame: &Frame) -> Result<Vec<u8>, Fault> {
    let mut out = vec![0xff, 0xd8];
    let mut at = 2;
    loop {
        let (marker, behind) = next_marker(bytes, at)?;
        at = behind;
        match marker {
            0xd9 | 0xda => break,
            0x01 | 0xd0..=0xd8 => continue,
            _ => {}
        }
        let content = segment(bytes, at)?;
        at += 2 + content.len();
        if (0xe0..=0xef).contains(&marker) {
            write_segment(&mut out, marker, content);
        }
    }
    for (component, slot) in frame.components.iter().zip(0..) {
        let values = component.values;
        let values = values.ok_or_else(|| damaged("a quantization table is missing"))?;
        let mut content = vec![0x10 | slot];
        content.extend(values.iter().flat_map(|value| value.to_be_bytes()));
        write_segment(&mut out, 0xdb, &content);
    }
    write_segment(&mut out, 0xc1, &frame_header(frame)?);
    write_segment(&mut out, 0xc4, &dc_table());
    write_segment(&mut out, 0xc4, &ac_table());
    let mut content = vec![frame.components.len() as u8];
    content.extend(
        frame
            .components
            .iter()
            .flat_map(|component| [component.id, 0]),
    );
    content.extend([0, 63, 0]);
    write_segment(&mut out, 0xda, &content);
    write_blocks(&mut out, frame)?;
    out.extend([0xff, 0xd9]);
    Ok(out)
}

fn write_segment(out: &mut Vec<u8>, marker: u8, content: &[u8]) {
    out.extend([0xff, marker]);
    // Copied segments had 16-bit lengths, and those made here are short.
    out.extend((content.len() as u16 + 2).to_be_bytes());
    out.extend(content);
}

fn frame_header(frame: &Frame) -> Result<Vec<u8>, Fault> {
    let side = |length: usize| u16::try_from(length).map_err(|_| cut_short());
    let mut content = vec![8];
    content.extend(side(frame.height)?.to_be_bytes());
    content.extend(side(frame.width)?.to_be_bytes());
    content.push(frame.components.len() as u8);
    for (component, slot) in frame.components.iter().zip(0..) {
        let factors = component.across << 4 | component.down;
        content.extend([component.id, factors as u8, slot]);
    }
    Ok(content)
}

fn dc_table() -> Vec<u8> {
    let mut content = vec![0x00];
    content.extend((1..=16).map(|length| if length == 5 { DC_SYMBOLS as u8 } else { 0 }));
    content.extend(0..DC_SYMBOLS as u8);
    content
}

fn ac_table() -> Vec<u8> {
    let mut content = vec![0x10];
    content.extend((1..=16).map(|length| match length {
        8 => SHORT_AC as u8,
        9 => (256 - SHORT_AC) as u8,
        _ => 0,
    }));
    content.extend(0..=255);
    content
}

fn write_blocks(out: &mut Vec<u8>, frame: &Frame) -> Result<(), Fault> {
    let mut writer = BitWriter::new(out);
    let mut previous = vec![0; frame.components.len()];
    let (columns, rows) = frame.units();
    for row in 0..rows {
        for column in 0..columns {
            for (component, previous) in frame.components.iter().zip(&mut previous) {
                for y in 0..component.down {
                    for x in 0..component.across {
                        let column = column * component.across + x;
                        let block = block(component, column, row * component.down + y)?;
                        writer.block(block, previous)?;
                    }
                }
            }
        }
    }
    writer.finish();
    Ok(())
}

fn block(component: &Component, column: usize, row: usize) -> Result<&[i16; 64], Fault> {
    let place = row * component.columns + column;
    let block = component.blocks.get(place);
    block.ok_or_else(|| damaged("an image without the data of all its channels"))
}

struct BitWriter<'a> {
    out: &'a mut Vec<u8>,
    waiting: u64,
    number: u32,
}

impl<'a> BitWriter<'a> {
    fn new(out: &'a mut Vec<u8>) -> Self {
        Self {
            out,
            waiting: 0,
            number: 0,
        }
    }

    fn write(&mut self, value: u32, count: u32) {
        self.waiting = self.waiting << count | u64::from(value);
        self.number += count;
        while self.number >= 8 {
            self.number -= 8;
            let byte = (self.waiting >> self.number) as u8;
            self.out.push(byte);
            if byte == 0xff {
                self.out.push(0);
            }
        }
    }

    /// Writes a value in its size's bits; a negative value minus one.
    fn signed(&mut self, value: i32, size: u32) {
        let value = if value < 0 { value - 1 } else { value };
        let mask = (1_u32 << size) - 1;
        self.write(value as u32 & mask, size);
    }

    fn ac_symbol(&mut self, symbol: usize) {
        match symbol {
            0..SHORT_AC => self.write(symbol as u32, 8),
            _ => self.write((2 * SHORT_AC + symbol - SHORT_AC) as u32, 9),
        }
    }

    fn block(&mut self, block: &[i16; 64], previous: &mut i32) -> Result<(), Fault> {
        let dc = i32::from(block[0]);
        let difference = dc - *previous;
        *previous = dc;
        let bits = size(difference);
        if bits as usize >= DC_SYMBOLS {
            return Err(damaged("a coefficient that is too large"));
        }
        self.write(bits, 5);
        self.signed(difference, bits);
        let mut zeros = 0;
        for value in &block[1..] {
            if *value == 0 {
                zeros += 1;
                continue;
            }
            while zeros > 15 {
                self.ac_symbol(0xf0);
                zeros -= 16;
            }
            let bits = size((*value).into());
            self.ac_symbol(zeros << 4 | bits as usize);
            self.signed((*value).into(), bits);
            zeros = 0;
        }
        if zeros > 0 {
            self.ac_symbol(0);
        }
        Ok(())
    }

    /// Fills the last byte with ones.
    fn finish(mut self) {
        let missing = (8 - self.number % 8) % 8;
        self.write((1 << missing) - 1, missing);
    }
}

/// Number of bits of a value's magnitude.
fn size(value: i32) -> u32 {
    32 - value.unsigned_abs().leading_zeros()
}
