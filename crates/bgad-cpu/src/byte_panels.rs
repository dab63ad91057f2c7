//! Matrices of bytes, laid out once for many products.

use crate::dots::{GROUP, MOST};
use crate::panels::BLOCK;

/// Bytes of a row that one lane multiplies.
pub(crate) const QUAD: usize = 4;

/// The right operand of a product of bytes: `[rows, columns]` of signed bytes.
///
/// Its rows are in strips, like the columns of the left operand. A product multiplies 16 bytes of a column in a
/// strip at once and adds some of the products in 16 bits, so their size is [bounded](BytePanels::most).
#[derive(Debug, Clone, PartialEq)]
pub struct BytePanels {
    rows: usize,
    columns: usize,
    /// Rows in a strip.
    strip: usize,
    /// Blocks of 16 columns, `[rows / 4][16]`; each element packs the bytes of four rows. Zeros beyond the
    /// last column.
    quads: Vec<u32>,
}

impl BytePanels {
    /// Lays out `values`, `[rows, columns]`, with `strip` rows in each strip. Returns `None` if `strip` is not a
    /// multiple of four, or a column exceeds the [bound](BytePanels::BOUND).
    ///
    /// # Panics
    /// If the number of values is not `rows · columns`, or `rows` is not a multiple of `strip`.
    pub fn new(values: &[i8], (rows, columns): (usize, usize), strip: usize) -> Option<Self> {
        assert!(
            values.len() == rows * columns && strip > 0 && rows.is_multiple_of(strip),
            "{} values of {rows}x{columns} in strips of {strip}",
            values.len()
        );
        let column = |column: usize| values.iter().skip(column).step_by(columns).copied();
        let bounded = |c: usize| Self::most(column(c), strip) <= MOST;
        if !strip.is_multiple_of(QUAD) || !(0..columns).all(bounded) {
            return None;
        }
        let mut quads = vec![0; columns.div_ceil(BLOCK) * BLOCK * (rows / QUAD)];
        let blocks = quads.chunks_exact_mut((rows / QUAD * BLOCK).max(1));
        for (block, first) in blocks.zip((0..columns).step_by(BLOCK)) {
            for (line, quads) in block.chunks_exact_mut(BLOCK).enumerate() {
                let width = BLOCK.min(columns - first);
                for (quad, column) in quads[..width].iter_mut().zip(first..) {
                    let byte = |i: usize| values[(line * QUAD + i) * columns + column] as u8;
                    *quad = u32::from_le_bytes([byte(0), byte(1), byte(2), byte(3)]);
                }
            }
        }
        Some(Self {
            rows,
            columns,
            strip,
            quads,
        })
    }

    /// The largest sum of absolute values among the groups of eight rows whose products are added in 16 bits.
    /// It must not exceed [`BytePanels::BOUND`].
    pub fn most(column: impl IntoIterator<Item = i8>, strip: usize) -> u32 {
        let (mut most, mut halves) = (0, [0; 2]);
        for (row, value) in column.into_iter().enumerate() {
            let within = row % strip;
            if within.is_multiple_of(GROUP * QUAD) {
                halves = [0; 2];
            }
            let half = &mut halves[within % QUAD / 2];
            *half += u32::from(value.unsigned_abs());
            most = most.max(*half);
        }
        most
    }

    /// The largest value of [`BytePanels::most`] that a column may have.
    pub const BOUND: u32 = MOST;

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    pub(crate) fn strip(&self) -> usize {
        self.strip
    }

    /// The block that begins at `column`, `[rows / 4][16]`.
    pub(crate) fn block(&self, column: usize) -> &[u32] {
        let length = self.rows / QUAD * BLOCK;
        &self.quads[column / BLOCK * length..][..length]
    }
}
