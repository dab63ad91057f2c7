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
    fn the_farthest_quarter_lies_inside() {
        let distances = [9.0, 1.0, 5.0, 2.0, 4.0, 8.0, 3.0, 7.0];
        let mut inside = [true; 8];
        inside[0] = false;
        let found = farthest(&distances, &inside);
        let found: Vec<usize> = (0..8).filter(|position| found[*position]).collect();
        assert_eq!(found, [5, 7]);
    }
}
