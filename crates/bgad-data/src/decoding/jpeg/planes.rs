//! The channels of an image whose coefficients all come in one scan.

use bgad_cpu::run;

use super::frame::{Component, Frame};
use super::inverse_dct::{BLOCKS, GROUP, InverseDct};

/// Where a coefficient of each place in a file stands in its block, row for row.
pub(super) const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
    13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59,
    52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// One channel: its samples, and the coefficients of the row of units that is being read.
pub(super) struct Plane {
    /// Samples of a row, without what fills the last group of blocks.
    pub(super) width: usize,
    /// Rows, padded to whole units.
    pub(super) height: usize,
    /// By how much this channel is smaller than the image, across and down.
    pub(super) smaller: (usize, usize),
    samples: Vec<u8>,
    stride: usize,
    /// Rows of blocks in a unit.
    down: usize,
    coefficients: Vec<i16>,
    quantization: [i32; 64],
}

impl Plane {
    fn new(frame: &Frame, component: &Component, values: &[u16; 64]) -> Self {
        // A channel alone has units of one block, whatever its factors.
        let (columns, rows, down) = match frame.components.as_slice() {
            [_] => {
                let (columns, rows) = frame.own_blocks(component);
                (columns, rows, 1)
            }
            _ => (component.columns, component.rows, component.down),
        };
        let groups = columns.div_ceil(BLOCKS);
        let stride = groups * BLOCKS * 8;
        let mut quantization = [0; 64];
        for (place, value) in ZIGZAG.into_iter().zip(values) {
            quantization[usize::from(place)] = i32::from(*value);
        }
        Self {
            width: columns * 8,
            height: rows * 8,
            smaller: (
                frame.most_across / component.across,
                frame.most_down / component.down,
            ),
            samples: vec![0; stride * rows * 8],
            stride,
            down,
            coefficients: vec![0; groups * down * GROUP],
            quantization,
        }
    }

    /// The samples of a row.
    pub(super) fn row(&self, y: usize) -> &[u8] {
        &self.samples[y * self.stride..][..self.width]
    }

    /// Room for the coefficients of a block in this row of units, and the block's place there; `y` is less than
    /// the rows of blocks in a unit.
    #[inline(always)]
    pub(super) fn block(&mut self, y: usize, column: usize) -> Option<(&mut [i16; GROUP], usize)> {
        let groups = self.stride / (8 * BLOCKS);
        let group = y * groups + column / BLOCKS;
        let groups = self.coefficients.as_chunks_mut::<GROUP>().0;
        groups.get_mut(group).map(|group| (group, column % BLOCKS))
    }

    /// Makes samples of a row of units.
    fn transform(&mut self, row: usize) {
        let samples = self.samples.chunks_mut(self.stride * 8);
        let coefficients = self
            .coefficients
            .chunks(self.coefficients.len() / self.down);
        for (samples, coefficients) in samples.skip(row * self.down).zip(coefficients) {
            run(InverseDct {
                coefficients,
                quantization: &self.quantization,
                samples,
                stride: self.stride,
            });
        }
        self.coefficients.fill(0);
    }
}

/// The channels, in the order of the frame.
pub(super) struct Planes {
    pub(super) parts: Vec<Plane>,
}

impl Planes {
    /// Those of a sequential frame, or `None` for kinds of which zune-jpeg makes the picture.
    pub(super) fn new(frame: &Frame, adobe: Option<u8>) -> Option<Self> {
        let is_plain = matches!(adobe, None | Some(1));
        let is_usual = match frame.components.as_slice() {
            [_] => true,
            [_, blue, red] => {
                let factors =
                    |c: &Component| (frame.most_across / c.across, frame.most_down / c.down);
                (blue.across, blue.down) == (red.across, red.down)
                    && frame.most_across <= 2
                    && frame.most_down <= 2
                    && matches!(factors(blue), (1 | 2, 1 | 2))
            }
            _ => false,
        };
        if frame.progressive || !is_plain || !is_usual {
            return None;
        }
        let parts = frame.components.iter();
        let parts = parts.map(|part| Some(Plane::new(frame, part, part.values.as_ref()?)));
        Some(Self {
            parts: parts.collect::<Option<_>>()?,
        })
    }

    /// Makes samples of the coefficients of a row of units.
    pub(super) fn transform(&mut self, row: usize) {
        self.parts.iter_mut().for_each(|part| part.transform(row));
    }
}
