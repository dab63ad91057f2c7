//! Which positions of an abnormal image show its defect.

use bgad_data::Mask;

/// A position shows the defect if the mask covers this share of its cell.
const COVERED: f64 = 0.5;

/// Which of `side · side` positions, row-major, show the defect: those whose cells the mask covers
/// at least by half. If a small defect covers no cell that far, those that it covers most.
pub(crate) fn covered(mask: &Mask, side: usize) -> Vec<bool> {
    let (width, height) = (mask.width() as usize, mask.height() as usize);
    let mut shares = vec![0.0; side * side];
    if width == 0 || height == 0 {
        return vec![false; side * side];
    }
    let mut pixels = vec![0.0; side * side];
    for (index, marked) in mask.pixels().iter().enumerate() {
        let (x, y) = (index % width, index / width);
        let cell = y * side / height * side + x * side / width;
        pixels[cell] += 1.0;
        shares[cell] += f64::from(u8::from(*marked));
    }
    for (share, pixels) in shares.iter_mut().zip(&pixels) {
        *share /= f64::max(*pixels, 1.0);
    }
    let most = shares.iter().copied().fold(0.0, f64::max);
    let least = COVERED.min(most);
    shares
        .iter()
        .map(|share| *share > 0.0 && *share >= least)
        .collect()
}

/// Of the positions that are `inside` the image, the quarter with the largest `distances` to normal ones.
pub(crate) fn farthest(distances: &[f32], inside: &[bool]) -> Vec<bool> {
    let positions = inside.iter().enumerate().filter(|(_, inside)| **inside);
    let mut positions: Vec<usize> = positions.map(|(position, _)| position).collect();
    // Equal distances keep the order of their positions.
    positions.sort_by(|a, b| distances[*b].total_cmp(&distances[*a]));
    positions.truncate(positions.len().div_ceil(4));
    let mut farthest = vec![false; inside.len()];
    positions
        .into_iter()
        .for_each(|position| farthest[position] = true);
    farthest
}

/// Of the `covered` positions, the quarter with the largest `distances` to normal ones, farthest first; of more than
/// `most`, evenly many of all distances.
pub(crate) fn clearest(distances: &[f32], covered: &[bool], most: usize) -> Vec<usize> {
    let mut positions: Vec<usize> = (0..covered.len()).filter(|at| covered[*at]).collect();
    // Equal distances keep the order of their positions.
    positions.sort_by(|a, b| distances[*b].total_cmp(&distances[*a]));
    positions.truncate(positions.len().div_ceil(4));
    let step = positions.len().div_ceil(most.max(1)).max(1);
    positions.into_iter().step_by(step).collect()
}

/// The positions of a map of `side` by `side` that are at most `reach` columns and rows from a `wanted` one.
pub(crate) fn grown(wanted: &[bool], side: usize, reach: usize) -> Vec<bool> {
    let mut grown = vec![false; wanted.len()];
    for at in (0..wanted.len()).filter(|at| wanted[*at]) {
        let (x, y) = (at % side, at / side);
        let span = |at: usize| at.saturating_sub(reach)..(at + reach + 1).min(side);
        for row in span(y) {
            grown[row * side..][span(x)].fill(true);
        }
    }
    grown
}

/// The mean of the `wanted` rows of `vectors`, `[positions, dimension]`; `None` if no row is
/// wanted.
pub(crate) fn mean_of(vectors: &[f32], dimension: usize, wanted: &[bool]) -> Option<Vec<f64>> {
    let rows = vectors.chunks_exact(dimension).zip(wanted);
    let rows = rows.filter(|(_, wanted)| **wanted).map(|(row, _)| row);
    let mut count = 0.0;
    let mut sums = vec![0.0; dimension];
    for row in rows {
        count += 1.0;
        for (sum, value) in sums.iter_mut().zip(row) {
            *sum += f64::from(*value);
        }
    }
    (count > 0.0).then(|| sums.into_iter().map(|sum| sum / count).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_count_that_are_covered_by_half_or_most() {
        // 4 x 4 pixels, 2 x 2 cells: three pixels of the first cell, one of the last.
        let mut pixels = vec![false; 16];
        for marked in [0, 1, 4, 15] {
            pixels[marked] = true;
        }
        let mask = |pixels: &[bool]| match Mask::new(4, 4, pixels.to_vec()) {
            Ok(mask) => mask,
            Err(_) => Mask::empty(4, 4),
        };
        assert_eq!(covered(&mask(&pixels), 2), [true, false, false, false]);
        let mut small = vec![false; 16];
        small[15] = true;
        assert_eq!(covered(&mask(&small), 2), [false, false, false, true]);
        assert_eq!(covered(&mask(&[false; 16]), 2), [false; 4]);
        let rows = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        assert_eq!(
            mean_of(&rows, 2, &[true, false, true]),
            Some(vec![3.0, 4.0])
        );
        assert_eq!(mean_of(&rows, 2, &[false; 3]), None);
    }

    #[test]
    fn the_clearest_positions_are_covered_and_far() {
        let distances: Vec<f32> = (0..16).map(|at| at as f32).collect();
        let mut covered = [true; 16];
        covered[15] = false;
        // A quarter of 15, rounded up.
        assert_eq!(clearest(&distances, &covered, 9), [14, 13, 12, 11]);
        assert_eq!(clearest(&distances, &covered, 2), [14, 12]);
        assert!(clearest(&distances, &[false; 16], 2).is_empty());
    }

    #[test]
    fn grown_positions_stay_on_the_map() {
        let mut corner = [false; 16];
        corner[0] = true;
        let found = grown(&corner, 4, 1);
        let found: Vec<usize> = (0..16).filter(|at| found[*at]).collect();
        assert_eq!(found, [0, 1, 4, 5]);
    }

    #[test]
    fn the_farthest_quarter_lies_inside() {
        let distances = [9.0, 1.0, 5.0, 2.0, 4.0, 8.0, 3.0, 7.0];
        let mut inside = [true; 8];
        inside[0] = false;
        let found = farthest(&distances, &inside);
        let found: Vec<usize> = (0..8).filter(|position| found[*position]).collect();
        assert_eq!(found, [5, 7]);
    }
}
