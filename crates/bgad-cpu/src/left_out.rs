//! Rows that a search ignores.

use std::ops::Range;

use crate::ordering::BLOCK;

/// A bit for each row of each block, 1 if it is left out. Empty if none is.
#[derive(Debug, Clone, Default)]
pub(crate) struct LeftOut(Vec<u32>);

impl LeftOut {
    /// Leaves out the rows `range`; `positions[row]` is where a row stands in the blocks.
    pub fn new(range: &Range<usize>, positions: &[usize]) -> Self {
        if range.is_empty() {
            return Self::default();
        }
        let mut bits = vec![0; positions.len().div_ceil(BLOCK)];
        let range = range.start.min(positions.len())..range.end.min(positions.len());
        for position in &positions[range] {
            bits[position / BLOCK] |= 1 << (position % BLOCK);
        }
        Self(bits)
    }

    /// Whether no row is left out.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Calls `exclude` with each row of `block` that is left out, counted from the block's first.
    #[inline(always)]
    pub fn each_of(&self, block: usize, mut exclude: impl FnMut(usize)) {
        let mut bits = self.0.get(block).copied().unwrap_or(0);
        while bits != 0 {
            exclude(bits.trailing_zeros() as usize);
            bits &= bits - 1;
        }
    }
}
