//! A JPEG's frame: its size and components.

use super::segment::cut_short;
use crate::decoding::fault::{Fault, damaged, not_read};

/// The image as described by its frame header.
pub(super) struct Frame {
    pub(super) progressive: bool,
    pub(super) width: usize,
    pub(super) height: usize,
    /// The largest sampling factors.
    pub(super) most_across: usize,
    pub(super) most_down: usize,
    pub(super) components: Vec<Component>,
}

/// One colour channel.
pub(super) struct Component {
    pub(super) id: u8,
    /// Blocks per unit, across and down (sampling factors).
    pub(super) across: usize,
    pub(super) down: usize,
    pub(super) quantization: u8,
    /// The table's values when the first scan began.
    pub(super) values: Option<[u16; 64]>,
    /// Blocks per row, and rows, padded to whole units.
    pub(super) columns: usize,
    pub(super) rows: usize,
    /// Progressive only: one bit per coefficient that is not 0.
    pub(super) present: Vec<u64>,
    /// Sequential only, in several scans: the coefficients in zigzag order.
    pub(super) blocks: Vec<[i16; 64]>,
    pub(super) seen: bool,
}

impl Frame {
    /// Reads the frame header that `marker` begins.
    pub(super) fn new(marker: u8, segment: &[u8]) -> Result<Self, Fault> {
        let [precision, h1, h0, w1, w0, number] = *segment.first_chunk().ok_or_else(cut_short)?;
        match marker {
            0xc0..=0xc2 if precision == 8 => {}
            0xc0..=0xc2 => {
                let found = format!("a JPEG with {precision} bits per channel");
                return Err(Fault::NotRead(found));
            }
            0xc3 | 0xcb => return Err(not_read("a lossless JPEG")),
            0xc9 | 0xca => return Err(not_read("a JPEG with arithmetic coding")),
            0xf7 => return Err(not_read("a JPEG-LS image")),
            _ => return Err(not_read("a hierarchical JPEG")),
        }
        let height = usize::from(u16::from_be_bytes([h1, h0]));
        let width = usize::from(u16::from_be_bytes([w1, w0]));
        match (width, height) {
            (0, _) => return Err(damaged("an image without columns")),
            (_, 0) => return Err(not_read("a JPEG that gives its height after its data")),
            _ => {}
        }
        if ![1, 3, 4].contains(&number) {
            let found = format!("a JPEG of {number} channels");
            return Err(Fault::NotRead(found));
        }
        let told = segment.get(6..6 + 3 * usize::from(number));
        let mut components = Vec::new();
        for part in told.ok_or_else(cut_short)?.chunks_exact(3) {
            let (across, down) = (part[1] >> 4, part[1] & 15);
            if !(1..=4).contains(&across) || !(1..=4).contains(&down) {
                return Err(damaged("a sampling factor that is not 1 to 4"));
            }
            components.push(Component {
                id: part[0],
                across: across.into(),
                down: down.into(),
                quantization: part[2],
                values: None,
                columns: 0,
                rows: 0,
                present: Vec::new(),
                blocks: Vec::new(),
                seen: false,
            });
        }
        if components.iter().any(|c| c.across == 3 || c.down == 3) {
            return Err(not_read(
                "a JPEG of a channel stored at a third of its size",
            ));
        }
        let most = |of: fn(&Component) -> usize| components.iter().map(of).max().unwrap_or(1);
        let (most_across, most_down) = (most(|c| c.across), most(|c| c.down));
        // The decoder assembles such channels wrongly.
        if let [first, _, ..] = components.as_slice()
            && (first.across < most_across || first.down < most_down)
        {
            return Err(not_read(
                "a JPEG whose first channel is stored smaller than others",
            ));
        }
        let mut frame = Self {
            progressive: marker == 0xc2,
            width,
            height,
            most_across,
            most_down,
            components,
        };
        let (columns, rows) = frame.units();
        for component in &mut frame.components {
            component.columns = columns * component.across;
            component.rows = rows * component.down;
        }
        Ok(frame)
    }

    /// Units of interleaved scans, across and down.
    pub(super) fn units(&self) -> (usize, usize) {
        (
            self.width.div_ceil(8 * self.most_across),
            self.height.div_ceil(8 * self.most_down),
        )
    }

    /// Blocks of a component's own scans, across and down, without padding.
    pub(super) fn own_blocks(&self, component: &Component) -> (usize, usize) {
        let blocks = |length: usize, factor: usize, most: usize| {
            (length * factor).div_ceil(most).div_ceil(8)
        };
        (
            blocks(self.width, component.across, self.most_across),
            blocks(self.height, component.down, self.most_down),
        )
    }

    /// Whether coefficients are kept because they come in several scans.
    pub(super) fn is_stored(&self) -> bool {
        self.components.iter().any(|c| !c.blocks.is_empty())
    }

    /// Checks that every component had data.
    pub(super) fn require_complete(&self) -> Result<(), Fault> {
        match self.components.iter().all(|component| component.seen) {
            true => Ok(()),
            false => Err(damaged("an image without the data of all its channels")),
        }
    }
}
