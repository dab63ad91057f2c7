//! Means over windows of rows and columns.

/// Rows whose sums are kept together. Each sum waits for the one before it, so that a row alone would take several times
/// as long.
const ROWS: usize = 8;

/// For each value of each row, the mean of those at most `reach` columns away.
pub(super) fn means_along_rows(values: &[f32], width: usize, reach: usize) -> Vec<f32> {
    let mut means = vec![0f32; values.len()];
    let group = (ROWS * width).max(1);
    for (means, values) in means.chunks_mut(group).zip(values.chunks(group)) {
        if values.len() == group {
            means_of_rows::<ROWS>(values, means, width, reach);
        } else {
            let rows = means.chunks_mut(width).zip(values.chunks(width));
            rows.for_each(|(means, values)| means_of_rows::<1>(values, means, width, reach));
        }
    }
    means
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

/// For each value of each column, the mean of those at most `reach` rows away.
pub(super) fn means_along_columns(values: &[f32], width: usize, reach: usize) -> Vec<f32> {
    let rows: Vec<&[f32]> = values.chunks_exact(width.max(1)).collect();
    let mut sums = vec![0f64; width];
    let add = |row: &[f32], sign: f64, sums: &mut [f64]| {
        for (sum, value) in sums.iter_mut().zip(row) {
            *sum += sign * f64::from(*value);
        }
    };
    rows.iter()
        .take(reach)
        .for_each(|row| add(row, 1.0, &mut sums));
    let mut means = Vec::with_capacity(values.len());
    for at in 0..rows.len() {
        if let Some(row) = rows.get(at + reach) {
            add(row, 1.0, &mut sums);
        }
        if at > reach {
            add(rows[at - reach - 1], -1.0, &mut sums);
        }
        let count = window(at, rows.len(), reach);
        means.extend(sums.iter().map(|sum| (sum / count) as f32));
    }
    means
}

/// The number of `length` places at most `reach` away from place `at`.
fn window(at: usize, length: usize, reach: usize) -> f64 {
    let (from, to) = (at.saturating_sub(reach), (at + reach + 1).min(length));
    (to - from) as f64
}
