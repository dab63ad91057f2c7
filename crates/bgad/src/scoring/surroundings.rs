//! What the surroundings of a pixel say about it.

use super::box_means::BoxMeans;
use super::score_map::ScoreMap;

/// The width of one mean, as a share of an input's width. Three in a row are nearly a Gaussian filter of half that width.
const WIDTH: f32 = 3.0 / 16.0;
const PASSES: usize = 3;
/// The largest weight of the surroundings.
const WEIGHT: f32 = 0.5;
/// The largest surprisal that counts for the surroundings of other pixels, so that a strong defect does not tint all that
/// lies around it.
const LARGEST: f32 = 12.0;

/// Raises the pixels of a map of surprisals whose surroundings are surprising as well: a large defect has places that
/// look normal by themselves. Surroundings join a pixel's own surprisal as a root of squares, so that those that are no
/// more than normal change little, and a small defect stays sharp.
///
/// `side` is the width of one input in the map's pixels, and `share`, from 0 to 1, reduces the surroundings' weight.
pub(super) fn raise(map: &mut ScoreMap, side: usize, share: f32) {
    let weight = f64::from(WEIGHT * share);
    let reach = (WIDTH * side as f32 / 2.0) as usize;
    if reach == 0 || weight <= 0.0 {
        return;
    }
    let bounded = |value: &f32| match value.is_nan() {
        true => 0.0,
        false => value.clamp(0.0, LARGEST),
    };
    let mut around: Vec<f32> = map.values.iter().map(bounded).collect();
    let mut means = BoxMeans::new(map.width, reach);
    (0..PASSES).for_each(|_| means.apply(&mut around));
    for (value, around) in map.values.iter_mut().zip(around) {
        let own = f64::from(value.clamp(0.0, f32::MAX));
        let around = weight * f64::from(around);
        // Squares of numbers of 32 bits don't overflow in 64.
        *value += ((own * own + around * around).sqrt() - own) as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIDE: usize = 64;

    fn map(value: impl Fn(usize, usize) -> f32) -> ScoreMap {
        let values = (0..SIDE * SIDE).map(|at| value(at % SIDE, at / SIDE));
        ScoreMap {
            width: SIDE,
            height: SIDE,
            values: values.collect(),
        }
    }

    fn raised(value: impl Fn(usize, usize) -> f32, share: f32) -> ScoreMap {
        let mut map = map(value);
        raise(&mut map, SIDE, share);
        map
    }

    #[test]
    fn a_hole_in_a_large_defect_is_raised_and_a_small_defect_stays_sharp() {
        // A defect over the left half with a hole, and a pixel at the right that stands alone.
        let value = |x: usize, y: usize| match (x, y) {
            (15..17, 31..33) => 0.0,
            (0..32, _) => 8.0,
            (60, 32) => 8.0,
            _ => 1.0,
        };
        let before = map(value);
        let after = raised(value, 1.0);
        let at = |map: &ScoreMap, x: usize, y: usize| map.values[y * SIDE + x];
        assert!(at(&after, 16, 32) > 3.0, "{}", at(&after, 16, 32));
        assert!(at(&after, 60, 32) - at(&before, 60, 32) < 0.1);
        assert!(at(&after, 56, 32) < 1.3, "{}", at(&after, 56, 32));
        // Nothing falls, and without a share nothing changes.
        let pairs = after.values.iter().zip(&before.values);
        assert!(pairs.clone().all(|(after, before)| after >= before));
        assert_eq!(raised(value, 0.0).values, before.values);
    }

    #[test]
    fn means_do_not_depend_on_the_side_they_start_from() {
        let value = |x: usize, y: usize| ((x * 7 + y * 13) % 11) as f32;
        let after = raised(value, 1.0);
        let turned = raised(|x, y| value(SIDE - 1 - y, SIDE - 1 - x), 1.0);
        for at in 0..SIDE * SIDE {
            let (x, y) = (at % SIDE, at / SIDE);
            let other = turned.values[(SIDE - 1 - x) * SIDE + SIDE - 1 - y];
            assert!((after.values[at] - other).abs() < 1e-4);
        }
    }

    #[test]
    fn values_that_are_not_finite_do_not_spread() {
        for odd in [f32::INFINITY, f32::NAN] {
            let after = raised(|x, y| if (x, y) == (3, 3) { odd } else { 1.0 }, 1.0);
            let mut others = after.values.iter().enumerate();
            assert!(others.all(|(at, value)| at == 3 * SIDE + 3 || *value < 1.4));
        }
        let mut narrow = ScoreMap {
            width: 1,
            height: 1,
            values: vec![2.0],
        };
        raise(&mut narrow, 1, 1.0);
        assert_eq!(narrow.values, [2.0]);
    }
}
