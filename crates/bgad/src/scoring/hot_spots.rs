//! Places of an image that look odd even on normal images.

use serde::{Deserialize, Serialize};

use super::box_means::BoxMeans;
use super::image_likelihoods::ImageLikelihoods;
use super::score_map::ScoreMap;
use super::stitching::add_upsampled;
use crate::input::view::View;
use crate::model::likelihoods::LogLikelihoodMaps;

/// The mean surprisals of normal images at each place of an input, row by row.
///
/// Backbones pad their inputs, parts are turned or shifted, and light falls from one side, so that normal images look
/// odder at some places than at others. An image's oddest places would then often be those, wherever its defect is.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HotSpots {
    /// Rows and columns of places.
    pub(crate) side: usize,
    /// Of flows on positions.
    pub(crate) likelihood: Vec<f32>,
    /// Of distances to the memory bank.
    pub(crate) distance: Vec<f32>,
}

/// The share of places with less surprisal than a hot spot. It is high because a part may cover only a fifth of an image:
/// its surface is odder than the background, but defects lie on it.
const COOLER: f32 = 0.9;
/// The largest surprisal that counts for a place, so that single odd images do not make it one.
const LARGEST: f32 = 12.0;
/// The largest mean surprisal that a model file may have.
const LARGEST_MEAN: f32 = 1e6;

/// What the surprisals of a pixel are divided by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Divisors {
    pub likelihood: f32,
    pub distance: f32,
}

/// The divisors of all pixels of an image.
pub(crate) struct DivisorMaps {
    pub likelihood: ScoreMap,
    pub distance: ScoreMap,
}

/// Surprisals at the places of one input: those of flows on positions and those of distances.
pub(super) type Surprisals = [Vec<f32>; 2];

impl HotSpots {
    /// The hot spots of inputs with `side` rows and columns of places, over normal images; `surprisals` returns those of
    /// one input. `None` without one, or if no place is covered by two inputs.
    pub(super) fn of(
        set: &[ImageLikelihoods<'_>],
        side: usize,
        surprisals: impl Fn(&LogLikelihoodMaps, &View) -> Option<Surprisals>,
    ) -> Option<Self> {
        let mut kinds = [
            vec![Place::default(); side * side],
            vec![Place::default(); side * side],
        ];
        for image in set {
            for (view, maps) in image.views.views.iter().zip(image.inputs) {
                let (columns, rows) = view.positions(side);
                for (places, values) in kinds.iter_mut().zip(surprisals(maps, view)?) {
                    let values = smoothed(values, side);
                    for at in rows
                        .clone()
                        .flat_map(|y| columns.clone().map(move |x| y * side + x))
                    {
                        places[at].add(values[at]);
                    }
                }
            }
        }
        let [likelihood, distance] = kinds.map(|places| means(&places));
        Some(Self {
            side,
            likelihood: likelihood?,
            distance: distance?,
        })
    }

    /// The same for scores that are means over an image and its mirror image: they must not depend on which of both is
    /// given.
    pub(super) fn symmetric(mut self) -> Self {
        for means in [&mut self.likelihood, &mut self.distance] {
            for row in means.chunks_exact_mut(self.side.max(1)) {
                for left in 0..row.len() / 2 {
                    let right = row.len() - 1 - left;
                    let mean = (row[left] + row[right]) / 2.0;
                    (row[left], row[right]) = (mean, mean);
                }
            }
        }
        self
    }

    /// The divisors of an image's pixels.
    pub(super) fn divisors(&self, image: ImageLikelihoods<'_>) -> DivisorMaps {
        let map = |means: &[f32]| {
            let divisors = divisors(means);
            image.stitched(|_, view, (columns, rows), sum| {
                let places = (columns.places.as_slice(), rows.places.as_slice());
                add_upsampled(&divisors, (self.side, self.side), view, places, sum);
            })
        };
        DivisorMaps {
            likelihood: map(&self.likelihood),
            distance: map(&self.distance),
        }
    }

    /// Whether the means in a model file make sense.
    pub(crate) fn is_sound(&self) -> bool {
        let places = self
            .side
            .checked_mul(self.side)
            .filter(|places| *places > 0);
        let sound = |of: &Vec<f32>| {
            Some(of.len()) == places && of.iter().all(|mean| (0.0..=LARGEST_MEAN).contains(mean))
        };
        sound(&self.likelihood) && sound(&self.distance)
    }
}

/// By how much each place exceeds the share [`COOLER`] of all; at least 1.
fn divisors(means: &[f32]) -> Vec<f32> {
    let mut others = means.to_vec();
    let at = (COOLER * others.len() as f32) as usize;
    let usual = match at < others.len() {
        true => *others.select_nth_unstable_by(at, f32::total_cmp).1,
        false => 0.0,
    };
    let divisor = |mean: &f32| match usual > 0.0 {
        true => (mean / usual).max(1.0),
        false => 1.0,
    };
    means.iter().map(divisor).collect()
}

/// Means over 3 x 3 places of bounded surprisals.
fn smoothed(mut values: Vec<f32>, side: usize) -> Vec<f32> {
    let bounded = |value: f32| {
        if value.is_nan() {
            0.0
        } else {
            value.clamp(0.0, LARGEST)
        }
    };
    values.iter_mut().for_each(|value| *value = bounded(*value));
    BoxMeans::new(side, 1).apply(&mut values);
    values
}

/// Sums over inputs of what one place has.
#[derive(Debug, Clone, Default)]
struct Place {
    count: f64,
    sum: f64,
    squares: f64,
}

impl Place {
    fn add(&mut self, value: f32) {
        let value = f64::from(value);
        self.count += 1.0;
        self.sum += value;
        self.squares += value * value;
    }

    /// The mean and its variance; `None` if fewer than two inputs cover the place.
    fn mean(&self) -> Option<(f64, f64)> {
        let mean = self.sum / self.count;
        let noise = (self.squares / self.count - mean * mean).max(0.0) / (self.count - 1.0);
        (self.count >= 2.0).then_some((mean, noise))
    }
}

/// The mean of each place, shrunk toward that of all like
/// [`PositionMeans`](crate::model::position_means::PositionMeans), by the share of the variance between places that the
/// differences between inputs explain. Places that fewer than two inputs cover have the mean of all.
fn means(places: &[Place]) -> Option<Vec<f32>> {
    let means: Vec<Option<(f64, f64)>> = places.iter().map(Place::mean).collect();
    let known = means.iter().flatten();
    let count = known.clone().count() as f64;
    let middle = known.clone().map(|(mean, _)| mean).sum::<f64>() / count;
    let (variance, noise) = known.fold((0.0, 0.0), |sums, (mean, noise)| {
        (sums.0 + (mean - middle).powi(2), sums.1 + noise)
    });
    let kept = if variance > noise {
        1.0 - noise / variance
    } else {
        0.0
    };
    let of_place = |place: &Option<(f64, f64)>| {
        place.map_or(middle, |(mean, _)| middle + kept * (mean - middle)) as f32
    };
    (count > 0.0).then(|| means.iter().map(of_place).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::view::Views;

    const SIDE: usize = 16;

    /// The hot spots of inputs with these surprisals, of both kinds, at an input, a column and a row.
    fn hot_spots(images: usize, value: impl Fn(usize, usize, usize) -> f32) -> Option<HotSpots> {
        let maps: Vec<LogLikelihoodMaps> = (0..images).map(empty).collect();
        let views = Views::one(View::stretched(64));
        let set = ImageLikelihoods::whole(&maps, &views);
        HotSpots::of(&set, SIDE, |maps, _| {
            let image = maps.neighbor_distance? as usize;
            let values = (0..SIDE * SIDE).map(|at| value(image, at % SIDE, at / SIDE));
            let values: Vec<f32> = values.collect();
            Some([values.clone(), values])
        })
    }

    fn empty(image: usize) -> LogLikelihoodMaps {
        LogLikelihoodMaps {
            levels: Vec::new(),
            distances: None,
            contexts: None,
            deviations: None,
            discriminants: None,
            likeness: None,
            neighbor_distance: Some(image as f32),
            finer: None,
        }
    }

    /// Odd in the corner of the first three rows and columns, on every image.
    fn corner(image: usize, x: usize, y: usize) -> f32 {
        let chance = ((image * 31 + x * 7 + y * 13) % 5) as f32 / 10.0;
        chance + if x < 3 && y < 3 { 6.0 } else { 1.0 }
    }

    #[test]
    fn places_that_are_odd_on_all_images_are_hot_and_no_others() -> Result<(), &'static str> {
        let spots = hot_spots(8, corner).ok_or("none")?;
        let of = divisors(&spots.distance);
        assert!(of[0] > 3.0, "{}", of[0]);
        let far = (0..SIDE * SIDE).filter(|at| at % SIDE > 4 || at / SIDE > 4);
        assert!(far.into_iter().all(|at| of[at] < 1.1));
        let maps = empty(0);
        let views = Views::one(View::stretched(64));
        let image = ImageLikelihoods {
            views: &views,
            inputs: std::slice::from_ref(&maps),
        };
        let DivisorMaps {
            likelihood,
            distance,
        } = spots.divisors(image);
        for map in [likelihood, distance] {
            assert!(map.values[0] > 3.0, "{}", map.values[0]);
            assert_eq!(map.values[64 * 64 - 1], 1.0);
        }
        assert!(spots.is_sound());
        for side in [0, SIDE + 1, usize::MAX] {
            let damaged = HotSpots {
                side,
                ..spots.clone()
            };
            assert!(!damaged.is_sound());
        }
        let even = spots.clone().symmetric();
        assert_eq!(even.distance[0], even.distance[SIDE - 1]);
        assert!(even.distance[0] < spots.distance[0] && even.is_sound());
        for damage in [-1.0, f32::NAN, f32::INFINITY] {
            let mut damaged = spots.clone();
            damaged.likelihood[3] = damage;
            assert!(!damaged.is_sound());
        }
        Ok(())
    }

    #[test]
    fn a_part_on_a_quiet_background_is_no_hot_spot() -> Result<(), &'static str> {
        // The part covers a quarter of the image.
        let part =
            |image: usize, x: usize, y: usize| match (4..12).contains(&x) && (4..12).contains(&y) {
                true => 4.0 + ((image + x + y) % 3) as f32 / 10.0,
                false => 0.2,
            };
        let spots = hot_spots(8, part).ok_or("none")?;
        assert!(divisors(&spots.distance).iter().all(|of| *of < 1.2));
        Ok(())
    }

    #[test]
    fn what_single_images_show_makes_no_hot_spot() -> Result<(), &'static str> {
        // Each image has another odd row, of surprisals without bounds.
        let odd = |image: usize, _: usize, y: usize| if y == image { f32::INFINITY } else { 1.0 };
        let spots = hot_spots(SIDE, odd).ok_or("none")?;
        assert!(divisors(&spots.likelihood).iter().all(|of| *of < 1.2));
        assert_eq!(hot_spots(1, corner), None);
        assert_eq!(divisors(&[0.0; 4]), [1.0; 4]);
        Ok(())
    }
}
