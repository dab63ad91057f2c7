//! Means over windows of rows and columns.

/// Rows whose sums are kept together. Each sum waits for the one before it, so that a row alone would take several times
/// as long.
const ROWS: usize = 8;

/// Means over windows, several times in a row, with one copy of the map.
pub(super) struct BoxMeans {
    width: usize,
    reach: usize,
    copy: Vec<f32>,
}

impl BoxMeans {
    /// Means over the columns or rows at most `reach` away, in maps of this width.
    pub fn new(width: usize, reach: usize) -> Self {
        Self {
            width,
            reach,
            copy: Vec::new(),
        }
    }

    /// Replaces each value with the mean of those at most `reach` columns and rows away.
    pub fn apply(&mut self, values: &mut Vec<f32>) {
        self.along_rows(values);
        self.along_columns(values);
    }

    /// Replaces each value with the mean of those in its row.
    fn along_rows(&mut self, values: &mut Vec<f32>) {
        let (width, reach) = (self.width, self.reach);
        self.copy.resize(values.len(), 0.0);
        let group = (ROWS * width).max(1);
        for (means, values) in self.copy.chunks_mut(group).zip(values.chunks(group)) {
            if values.len() == group {
                means_of_rows::<ROWS>(values, means, width, reach);
            } else {
                let rows = means.chunks_mut(width).zip(values.chunks(width));
                rows.for_each(|(means, values)| means_of_rows::<1>(values, means, width, reach));
            }
        }
        std::mem::swap(&mut self.copy, values);
    }

    /// Replaces each value with the mean of those in its column.
    fn along_columns(&mut self, values: &mut Vec<f32>) {
        let (width, reach) = (self.width.max(1), self.reach);
        self.copy.resize(values.len(), 0.0);
        let count = values.len() / width;
        let row = |at: usize| &values[at * width..][..width];
        let mut sums = vec![0f64; width];
        let add = |row: &[f32], sign: f64, sums: &mut [f64]| {
            bgad_cpu::vectorized(|| {
                for (sum, value) in sums.iter_mut().zip(row) {
                    *sum += sign * f64::from(*value);
                }
            });
        };
        (0..reach.min(count)).for_each(|at| add(row(at), 1.0, &mut sums));
        for (at, means) in self.copy.chunks_exact_mut(width).enumerate() {
            if at + reach < count {
                add(row(at + reach), 1.0, &mut sums);
            }
            if at > reach {
                add(row(at - reach - 1), -1.0, &mut sums);
            }
            let window = window(at, count, reach);
            bgad_cpu::vectorized(|| {
                for (mean, sum) in means.iter_mut().zip(&sums) {
                    *mean = (sum / window) as f32;
                }
            });
        }
        std::mem::swap(&mut self.copy, values);
    }
}

/// The means of `N` rows.
fn means_of_rows<const N: usize>(values: &[f32], means: &mut [f32], width: usize, reach: usize) {
    let mut sums = [0f64; N];
    let add = |sums: &mut [f64; N], column: usize, sign: f64| {
        for (sum, row) in sums.iter_mut().zip(values.chunks_exact(width)) {
            *sum += sign * f64::from(row[column]);
        }
    };
    (0..reach.min(width)).for_each(|column| add(&mut sums, column, 1.0));
    for at in 0..width {
        if at + reach < width {
            add(&mut sums, at + reach, 1.0);
        }
        if at > reach {
            add(&mut sums, at - reach - 1, -1.0);
        }
        let count = window(at, width, reach);
        for (sum, row) in sums.iter().zip(means.chunks_exact_mut(width)) {
            row[at] = (sum / count) as f32;
        }
    }
}

/// The number of `length` places at most `reach` away from place `at`.
fn window(at: usize, length: usize, reach: usize) -> f64 {
    let (from, to) = (at.saturating_sub(reach), (at + reach + 1).min(length));
    (to - from) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_are_those_of_windows_cut_off_at_the_edges() {
        for (width, height) in [(1, 1), (5, 1), (1, 20), (7, 8), (6, 19)] {
            let value = |at: usize| ((at * 7919 + 13) % 101) as f32;
            for reach in [0, 1, 3, 30] {
                let mut found: Vec<f32> = (0..width * height).map(value).collect();
                BoxMeans::new(width, reach).apply(&mut found);
                for (at, found) in found.iter().enumerate() {
                    let (x, y) = (at % width, at / width);
                    let near = (0..width * height).filter(|other| {
                        (other % width).abs_diff(x) <= reach && (other / width).abs_diff(y) <= reach
                    });
                    let near: Vec<f32> = near.map(value).collect();
                    let expected = near.iter().sum::<f32>() / near.len() as f32;
                    assert!(
                        (found - expected).abs() < 1e-3,
                        "{width} x {height}, {reach}, {at}"
                    );
                }
            }
        }
    }
}
