//! What small defects add to the map around them.

use super::box_means::BoxMeans;
use super::score_map::ScoreMap;

/// Pixels with less than this share of the highest surprisal nearby are dimmed.
const FULL_SHARE: f32 = 0.6;
/// The share of the limit to which they are dimmed at most: what lies below may be a faint defect.
const FAINT_SHARE: f32 = 0.7;
/// The share of the highest surprisal in a wider neighbourhood below which a pixel is no part of its region.
const REGION_SHARE: f32 = 0.5;
/// The share of the limit to which they fall if they are far below that. Heat maps have no colour up to it.
const DULL_SHARE: f32 = 0.8;
/// The least limit: one normal pixel in a hundred.
const LEAST_LIMIT: f32 = 4.6;

/// Dims the halos in a map of surprisals, as far as they are near or above `limit`, the pixel threshold.
///
/// The features of a position depend on its neighbours, and maps are coarser than the image, so that a defect also
/// raises pixels beside it. A pixel is dimmed in proportion to its share of the highest surprisal at most `reach` pixels
/// away, if that share is less than [`FULL_SHARE`]. Then pixels with less than [`REGION_SHARE`] of the highest one at
/// most twice as far away fall below the limit: a region ends where its surprisal has fallen by half, as the width of a
/// peak is measured elsewhere.
pub(super) fn dim(map: &mut ScoreMap, reach: usize, limit: f32) {
    if reach == 0 {
        return;
    }
    let limit = limit.max(LEAST_LIMIT);
    // Where most of an image is odd, a halo is no less odd than the rest.
    let median = median(map);
    let faint = median.max(FAINT_SHARE * limit);
    let smooth = reach / 4;
    let mut nearby = highest_nearby(map, reach);
    let mut means = BoxMeans::new(map.width, smooth);
    (0..3).for_each(|_| means.apply(&mut nearby));
    let around = highest_nearby(map, 2 * reach);
    for (value, (nearby, around)) in map.values.iter_mut().zip(nearby.iter().zip(around)) {
        let share = *value / (FULL_SHARE * nearby.max(*value));
        // Not what is infinite.
        if *value > faint && share < 1.0 {
            *value = (*value * share).max(faint);
        }
        let share = *value / (REGION_SHARE * around);
        if share < 1.0 {
            let dull = limit * (DULL_SHARE + (1.0 - DULL_SHARE) * share.max(0.0));
            *value = value.min(dull.max(median));
        }
    }
}

/// The median of the map's values; 0 without any.
fn median(map: &ScoreMap) -> f32 {
    let mut values = map.values.clone();
    let middle = values.len() / 2;
    match values.is_empty() {
        true => 0.0,
        false => *values.select_nth_unstable_by(middle, f32::total_cmp).1,
    }
}

/// For each pixel, the highest finite value of those at most `reach` columns and rows away, or 0 if it is higher.
fn highest_nearby(map: &ScoreMap, reach: usize) -> Vec<f32> {
    let finite = |value: &f32| match value.is_finite() {
        true => value.max(0.0),
        false => 0.0,
    };
    let mut highest: Vec<f32> = map.values.iter().map(finite).collect();
    let mut copy = highest.clone();
    for row in highest.chunks_exact_mut(map.width.max(1)) {
        raise_within(row, reach, 1, &mut copy);
    }
    // Rows of the map are far apart in memory, so that whole rows are compared.
    raise_within(&mut highest, reach, map.width, &mut copy);
    highest
}

/// Raises each value to the highest of those at most `reach` steps of `stride` away. `copy` has room for them.
fn raise_within(values: &mut [f32], reach: usize, stride: usize, copy: &mut [f32]) {
    let copy = &mut copy[..values.len()];
    let places = values.len() / stride.max(1);
    let reach = reach.min(places.saturating_sub(1));
    let mut raise_from = |values: &mut [f32], apart: usize| {
        copy.copy_from_slice(values);
        raise(values, &copy[apart * stride..]);
    };
    // Each value becomes the highest of `width` values from there on: of eight, the higher one of two times four.
    let mut width = 1;
    while 2 * width <= reach + 1 {
        raise_from(values, width);
        width *= 2;
    }
    raise_from(values, reach + 1 - width);
    // Those of a window around a place start there, or `reach` places before it, or at the first place.
    copy.copy_from_slice(values);
    raise(&mut values[reach * stride..], copy);
    for values in values[..reach * stride].chunks_exact_mut(stride.max(1)) {
        raise(values, copy);
    }
}

fn raise(values: &mut [f32], others: &[f32]) {
    for (value, other) in values.iter_mut().zip(others) {
        *value = value.max(*other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIDE: usize = 64;
    const REACH: usize = 4;
    const LIMIT: f32 = 6.0;

    fn dimmed(value: impl Fn(usize, usize) -> f32) -> ScoreMap {
        let values = (0..SIDE * SIDE).map(|at| value(at % SIDE, at / SIDE));
        let mut map = ScoreMap {
            width: SIDE,
            height: SIDE,
            values: values.collect(),
        };
        dim(&mut map, REACH, LIMIT);
        map
    }

    /// A peak at (32, 32) that falls to 0 within eight pixels.
    fn peak(height: f32) -> impl Fn(usize, usize) -> f32 {
        move |x, y| {
            let apart = (x as f32 - 32.0).hypot(y as f32 - 32.0);
            height * (1.0 - apart / 8.0).max(0.0)
        }
    }

    #[test]
    fn a_peak_becomes_narrower_and_keeps_its_height() {
        let before = peak(40.0);
        let after = dimmed(&before);
        let at = |x: usize| after.values[32 * SIDE + x];
        assert_eq!((at(32), at(33)), (40.0, before(33, 32)));
        assert!(at(36) < before(36, 32), "{}", at(36));
        // Where less than half of the peak is left, the region ends.
        assert!(
            at(37) <= LIMIT && before(37, 32) > 2.0 * LIMIT,
            "{}",
            at(37)
        );
        assert!((0..SIDE * SIDE).all(|at| after.values[at] <= before(at % SIDE, at / SIDE)));
    }

    #[test]
    fn windows_of_any_width_hold_the_highest_value() {
        for (width, height) in [(1, 1), (1, 9), (9, 1), (7, 5), (16, 33)] {
            let value = |at: usize| ((at * 7919 + 13) % 101) as f32 - 50.0;
            let map = ScoreMap {
                width,
                height,
                values: (0..width * height).map(value).collect(),
            };
            for reach in 0..12 {
                let found = highest_nearby(&map, reach);
                for (at, found) in found.into_iter().enumerate() {
                    let (x, y) = (at % width, at / width);
                    let near = (0..width * height).filter(|other| {
                        (other % width).abs_diff(x) <= reach && (other / width).abs_diff(y) <= reach
                    });
                    let expected = near.map(value).fold(0.0, f32::max);
                    assert_eq!(found, expected, "{width} x {height}, {reach}, {at}");
                }
            }
        }
    }

    #[test]
    fn faint_pixels_and_even_surfaces_stay() {
        let faint = peak(FAINT_SHARE * LIMIT);
        let even = |x: usize, y: usize| 20.0 + ((x + y) % 5) as f32;
        for value in [&faint as &dyn Fn(usize, usize) -> f32, &even] {
            let after = dimmed(value);
            assert!((0..SIDE * SIDE).all(|at| after.values[at] == value(at % SIDE, at / SIDE)));
        }
        // A faint defect beside a strong one keeps what is faint.
        let after = dimmed(|x, y| {
            if (x, y) == (40, 32) {
                4.0
            } else {
                peak(40.0)(x, y)
            }
        });
        assert_eq!(after.values[32 * SIDE + 40], 4.0);
    }

    #[test]
    fn where_most_is_odd_halos_stay_as_odd_as_the_rest() {
        let odd = |x: usize, y: usize| peak(90.0)(x, y).max(9.0 + ((x + y) % 3) as f32 / 10.0);
        let after = dimmed(odd);
        let before = (0..SIDE * SIDE).map(|at| odd(at % SIDE, at / SIDE));
        let before = ScoreMap {
            width: SIDE,
            height: SIDE,
            values: before.collect(),
        };
        assert_eq!(median(&after), median(&before));
        assert!(after.values.iter().all(|value| *value >= 9.0));
        assert!(
            after
                .values
                .iter()
                .zip(&before.values)
                .any(|(after, before)| after < before)
        );
    }

    #[test]
    fn each_corner_of_a_map_is_treated_alike() {
        let corner = |x: usize, y: usize| peak(40.0)(x + 30, y + 30);
        let after = dimmed(corner);
        let turned = dimmed(|x, y| corner(SIDE - 1 - x, SIDE - 1 - y));
        for at in 0..SIDE * SIDE {
            assert!((after.values[at] - turned.values[SIDE * SIDE - 1 - at]).abs() < 1e-4);
        }
    }

    #[test]
    fn values_that_are_not_finite_do_not_spread() {
        for odd in [f32::INFINITY, f32::NAN, f32::NEG_INFINITY] {
            let after = dimmed(|x, y| if (x, y) == (3, 3) { odd } else { 1.0 });
            let others = after.values.iter().enumerate();
            assert!(
                others
                    .filter(|(at, _)| *at != 3 * SIDE + 3)
                    .all(|(_, value)| *value == 1.0)
            );
            assert_eq!(after.values[3 * SIDE + 3].to_bits(), odd.to_bits());
        }
        let mut none = ScoreMap {
            width: 0,
            height: 0,
            values: Vec::new(),
        };
        dim(&mut none, REACH, LIMIT);
        let mut narrow = none.with_values(vec![9.0, 1.0]);
        (narrow.width, narrow.height) = (1, 2);
        dim(&mut narrow, REACH, LIMIT);
        assert_eq!(narrow.values[0], 9.0);
    }
}
