//! The mean of an image and its mirror image.

use super::likelihoods::PositionMap;
use crate::features::neighborhoods::Neighborhoods;

/// A value for each position, `side` in a row: that of `of`, averaged with that of the mirrored image if it is used.
/// `of` takes an image's vectors and whether it is the mirrored one.
pub(crate) fn map(
    neighborhoods: &Neighborhoods,
    side: usize,
    of: impl Fn(&[f32], bool) -> Vec<f32>,
) -> PositionMap {
    let mut values = of(&neighborhoods.vectors, false);
    if let Some(mirrored) = &neighborhoods.mirrored {
        average(&mut values, &of(mirrored, true), side);
    }
    PositionMap { side, values }
}

/// Averages a row-major map, `width` columns wide, with the map of the mirror image, mirrored back.
pub(crate) fn average(values: &mut [f32], mirrored: &[f32], width: usize) {
    let rows = values.chunks_exact_mut(width.max(1));
    for (row, mirrored) in rows.zip(mirrored.chunks_exact(width.max(1))) {
        for (value, other) in row.iter_mut().zip(mirrored.iter().rev()) {
            *value = (*value + other) / 2.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_the_mirror_image_are_turned_back() {
        let mut values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        average(&mut values, &[13.0, 12.0, 11.0, 16.0, 15.0, 14.0], 3);
        assert_eq!(values, [6.0, 7.0, 8.0, 9.0, 10.0, 11.0]);
    }
}
