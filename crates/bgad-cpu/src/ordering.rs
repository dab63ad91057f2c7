//! An order of rows in which neighbours are alike.

use crate::panels;

/// Rows that are searched together: two blocks of panels.
pub(crate) const BLOCK: usize = 2 * panels::BLOCK;

/// Rows, `[rows, dimension]`, ordered so that each [`BLOCK`] holds rows that are alike: a tree halves them along the
/// dimension in which they differ most, down to single blocks. Returns the index of each row in the new order.
pub(crate) fn by_likeness(rows: &[f32], dimension: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..rows.len() / dimension).collect();
    let mut parts = vec![order.as_mut_slice()];
    while let Some(part) = parts.pop() {
        if part.len() <= BLOCK {
            continue;
        }
        let widest = widest_dimension(rows, dimension, part);
        let value = |index: &usize| rows[index * dimension + widest];
        // Equal values keep the order of their rows, so that it is always the same.
        part.sort_unstable_by(|a, b| value(a).total_cmp(&value(b)).then(a.cmp(b)));
        let half = part.len().div_ceil(BLOCK).div_ceil(2) * BLOCK;
        let (left, right) = part.split_at_mut(half);
        parts.extend([left, right]);
    }
    order
}

/// The dimension with the largest variance among `part` of the rows.
fn widest_dimension(rows: &[f32], dimension: usize, part: &[usize]) -> usize {
    let mut sums = vec![[0.0_f32; 2]; dimension];
    for index in part {
        let row = &rows[index * dimension..][..dimension];
        for ([sum, squares], value) in sums.iter_mut().zip(row) {
            *sum += value;
            *squares += value * value;
        }
    }
    let count = part.len() as f32;
    let variances = sums
        .iter()
        .map(|[sum, squares]| squares / count - (sum / count).powi(2));
    let widest = variances.enumerate().max_by(|a, b| a.1.total_cmp(&b.1));
    widest.map_or(0, |(index, _)| index)
}
