//! Means of a map over wide windows.

use std::ops::Range;

use rayon::prelude::*;

use crate::features::neighborhoods::add;

/// The width of the map for which the widths of windows are given.
pub(super) const OF_MAP: usize = 32;

/// The number of every second of `side` positions.
pub(super) fn half(side: usize) -> usize {
    side.div_ceil(2)
}

/// The mean over a window around every second column and row of a map `[side · side, channels]`, of the positions
/// that lie `inside` the image: `[half · half, channels]`. A window without any has zeros. `vector` writes the values
/// of a position; `window` is the width for a map of [`OF_MAP`] columns.
pub(super) fn wide_means(
    vector: impl Fn(usize, &mut [f32]) + Sync,
    (side, channels): (usize, usize),
    window: usize,
    (columns, rows): &(Range<usize>, Range<usize>),
) -> Vec<f32> {
    let half = half(side);
    let reach = (side * window / OF_MAP).max(1) / 2;
    let span = |at: usize, inside: &Range<usize>| {
        let (from, to) = ((2 * at).saturating_sub(reach), 2 * at + reach + 1);
        from.max(inside.start)..to.min(inside.end)
    };
    // First along rows, then along columns.
    let mut along = vec![0.0; side * half * channels];
    let lines = along.par_chunks_exact_mut(half * channels).enumerate();
    lines.for_each_init(
        || vec![0.0; channels],
        |values, (row, sums)| {
            for column in columns.clone() {
                vector(row * side + column, values);
                let windows = sums.chunks_exact_mut(channels).enumerate();
                for (_, sums) in windows.filter(|(at, _)| span(*at, columns).contains(&column)) {
                    bgad_cpu::vectorized(|| add(sums, values));
                }
            }
        },
    );
    let mut means = vec![0.0; half * half * channels];
    let lines = means.par_chunks_exact_mut(half * channels).enumerate();
    lines.for_each(|(at, sums)| {
        let rows = span(at, rows);
        for row in rows.clone() {
            let row = &along[row * half * channels..][..half * channels];
            bgad_cpu::vectorized(|| add(sums, row));
        }
        for (column, sums) in sums.chunks_exact_mut(channels).enumerate() {
            let count = rows.len() * span(column, columns).len();
            let share = 1.0 / count.max(1) as f32;
            sums.iter_mut().for_each(|sum| *sum *= share);
        }
    });
    means
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_are_of_what_lies_in_the_window_and_in_the_image() {
        // A map of 8 has windows of 3 around positions 0, 2, 4 and 6.
        let number = |position: usize, to: &mut [f32]| to[0] = position as f32;
        let means = wide_means(number, (8, 1), 15, &(0..8, 0..8));
        assert_eq!(means.len(), 16);
        // Rows and columns 0 and 1.
        assert_eq!(means[0], 4.5);
        // Rows 1 to 3, columns 3 to 5.
        assert_eq!(means[4 + 2], 20.0);
        let means = wide_means(number, (8, 1), 15, &(0..8, 2..3));
        // Row 2 alone, columns 0 and 1; no row at all.
        assert_eq!([means[4], means[8]], [16.5, 0.0]);
        // Windows of 7: rows and columns 0 to 3.
        let means = wide_means(number, (8, 1), 31, &(0..8, 0..8));
        assert_eq!(means[0], 13.5);
    }
}
