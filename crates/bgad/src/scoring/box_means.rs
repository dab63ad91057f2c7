//! Means over windows of rows and columns.

/// For each value of each row, the mean of those at most `reach` columns away.
pub(super) fn means_along_rows(values: &[f32], width: usize, reach: usize) -> Vec<f32> {
    let mut means = Vec::with_capacity(values.len());
    for row in values.chunks_exact(width.max(1)) {
        let mut sum: f64 = row.iter().take(reach).copied().map(f64::from).sum();
        for at in 0..width {
            sum += row.get(at + reach).copied().map_or(0.0, f64::from);
            if at > reach {
                sum -= f64::from(row[at - reach - 1]);
            }
            means.push((sum / window(at, width, reach)) as f32);
        }
    }
    means
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
