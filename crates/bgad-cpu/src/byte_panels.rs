//! Matrices of bytes that are laid out for products once.

use crate::dots::{GROUP, MOST};
use crate::panels::BLOCK;

/// Bytes of a row that one lane multiplies.
pub(crate) const QUAD: usize = 4;

/// The right side of products of bytes, `[rows, columns]` of signed bytes.
///
/// Rows come in strips, as those of the left side's columns. Of each column of a strip, 16 bytes are
/// multiplied in one go and partly added up in 16 bits. So there is a [bound](BytePanels::most) on them.
#[derive(Debug, Clone, PartialEq)]
pub struct BytePanels {
    rows: usize,
    columns: usize,
    /// Rows of a strip.
    strip: usize,
    /// Blocks of 16 columns, `[rows / 4][16]`, of four rows' bytes each; zeros beyond the columns.
    quads: Vec<u32>,
}

impl BytePanels {
    /// Lays out `values`, `[rows, columns]`, whose rows come in strips of `strip`; none where a strip's
    /// rows are no multiple of four or a column goes beyond the [bound](BytePanels::most).
    ///
    /// # Panics
    /// When there are not as many values, or rows are no multiple of strips.
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

    /// What must not exceed [`BytePanels::BOUND`]: of a column's rows, the most that the absolute values
    /// of eight add up to that one product sums in 16 bits.
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

    /// The bound on [`BytePanels::most`] of each column.
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

    /// The block that begins with `column`, `[rows / 4][16]`.
    pub(crate) fn block(&self, column: usize) -> &[u32] {
        let length = self.rows / QUAD * BLOCK;
        &self.quads[column / BLOCK * length..][..length]
    }
}
