//! Combines the kinds of evidence about a pixel: log-likelihoods, distances and likeness to known defects.

use bgad_cpu::{Kernel, MultiplyAdd};
use serde::{Deserialize, Serialize};

use super::hot_spots::{DivisorMaps, Divisors};
use super::tail::Tail;
use super::weights::Weights;

/// Puts the kinds of evidence about a pixel on one scale.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tails {
    /// For how far the sum of log-likelihoods lies below the largest one; `None` without flows on positions.
    pub(crate) likelihood: Option<Tail>,
    /// For the distance to the memory bank.
    pub(crate) distance: Tail,
    /// For the distance of a position's context, if the model stores contexts.
    pub(crate) context: Option<Tail>,
    /// For how far a position lies from normal ones at the same place, if the model has Gaussians of positions.
    pub(crate) deviation: Option<Tail>,
    /// For what is known about defects, if the model knows some.
    pub(crate) defects: Option<DefectTails>,
}

/// Puts the two kinds of evidence from known defects on one scale.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DefectTails {
    /// For how far a position lies in the direction of known defects.
    pub(crate) discriminant: Tail,
    /// For how much it looks like one of them.
    pub(crate) likeness: Tail,
    /// For the weighted sum of both surprisals, which are not independent.
    pub(crate) both: Tail,
}

impl DefectTails {
    /// All tails.
    pub(crate) fn all(&self) -> [&Tail; 3] {
        [&self.discriminant, &self.likeness, &self.both]
    }

    /// The tails over some pixels' discriminants and likeness, with the weight of likeness; `None` if there are none.
    pub(super) fn of(discriminants: Vec<f32>, likeness: Vec<f32>, weight: f32) -> Option<Self> {
        let discriminant = Tail::of(discriminants.clone())?;
        let of_likeness = Tail::of(likeness.clone())?;
        Some(Self {
            both: Tail::of(sums(
                discriminants,
                &discriminant,
                likeness,
                &of_likeness,
                weight,
            ))?,
            discriminant,
            likeness: of_likeness,
        })
    }

    /// The surprisals of pixels with these discriminants and likeness.
    fn surprisals(&self, discriminants: Vec<f32>, likeness: Vec<f32>, weight: f32) -> Vec<f32> {
        let (tail, of_likeness) = (&self.discriminant, &self.likeness);
        let mut both = sums(discriminants, tail, likeness, of_likeness, weight);
        self.both.surprisals(&mut both);
        both
    }
}

/// What is known about the pixels of an image.
#[derive(Default)]
pub(crate) struct Measured {
    /// How far their log-likelihoods lie below the largest sum, if there are flows on positions.
    pub sums: Option<Vec<f32>>,
    /// The distances to the memory bank.
    pub distances: Vec<f32>,
    /// The distances of their contexts.
    pub contexts: Option<Vec<f32>>,
    /// How far they lie from normal ones at the same place.
    pub deviations: Option<Vec<f32>>,
    /// How far they lie in the direction of known defects, and how much they look like one of them.
    pub defects: Option<(Vec<f32>, Vec<f32>)>,
    /// How hot their places are.
    pub hot: Option<DivisorMaps>,
}

impl Tails {
    /// The surprisals of an image's pixels.
    pub(crate) fn evidence(&self, measured: Measured, weights: Weights) -> EvidenceMaps {
        let of = |tail: &Option<Tail>, values: Option<Vec<f32>>| {
            let (tail, mut values) = tail.as_ref().zip(values)?;
            tail.surprisals(&mut values);
            Some(values)
        };
        let defects = self.defects.as_ref().zip(measured.defects);
        let defects = defects.map(|(tails, (discriminants, likeness))| {
            tails.surprisals(discriminants, likeness, weights.likeness)
        });
        let mut distances = measured.distances;
        self.distance.surprisals(&mut distances);
        EvidenceMaps {
            likelihoods: of(&self.likelihood, measured.sums),
            distances,
            contexts: of(&self.context, measured.contexts),
            deviations: of(&self.deviation, measured.deviations),
            defects,
            hot: measured.hot,
            weights,
        }
    }
}

/// The surprisals of an image's pixels.
pub(crate) struct EvidenceMaps {
    likelihoods: Option<Vec<f32>>,
    distances: Vec<f32>,
    contexts: Option<Vec<f32>>,
    deviations: Option<Vec<f32>>,
    defects: Option<Vec<f32>>,
    hot: Option<DivisorMaps>,
    weights: Weights,
}

impl EvidenceMaps {
    /// [`Evidence::sum`] of each pixel.
    pub fn sums(&self) -> Vec<f32> {
        self.each(Evidence::sum)
    }

    /// [`Evidence::shown`] of each pixel.
    pub fn shown(&self) -> Vec<f32> {
        self.each(Evidence::shown)
    }

    /// [`Evidence::of_defects`] of each pixel.
    pub fn of_defects(&self) -> Vec<f32> {
        self.each(Evidence::of_defects)
    }

    fn each(&self, of: impl Fn(Evidence) -> f32) -> Vec<f32> {
        let mut results = vec![0.0; self.distances.len()];
        for (group, results) in results.chunks_mut(GROUP).enumerate() {
            let first = group * GROUP;
            bgad_cpu::run(Group {
                maps: self,
                first,
                of: &of,
                results,
            });
        }
        results
    }

    /// The values of a group of pixels; nothing where a kind is missing.
    #[inline(always)]
    fn group(map: Option<&[f32]>, first: usize, missing: f32) -> [f32; GROUP] {
        let mut values = [missing; GROUP];
        if let Some(map) = map {
            let rest = &map[first..];
            let length = rest.len().min(GROUP);
            values[..length].copy_from_slice(&rest[..length]);
        }
        values
    }
}

/// Pixels that are combined together.
const GROUP: usize = 64;

/// A group of pixels whose surprisals are combined.
struct Group<'a, F> {
    maps: &'a EvidenceMaps,
    first: usize,
    of: &'a F,
    results: &'a mut [f32],
}

impl<F: Fn(Evidence) -> f32> Kernel for Group<'_, F> {
    type Output = ();

    #[inline(always)]
    fn call<A: MultiplyAdd>(self) {
        let maps = self.maps;
        let group = |map: &Option<Vec<f32>>| EvidenceMaps::group(map.as_deref(), self.first, 0.0);
        let likelihoods = group(&maps.likelihoods);
        let distances = EvidenceMaps::group(Some(&maps.distances), self.first, 0.0);
        let (contexts, deviations) = (group(&maps.contexts), group(&maps.deviations));
        let defects = group(&maps.defects);
        let hot = maps.hot.as_ref();
        let [likelihood, distance] = [
            hot.map(|of| of.likelihood.values.as_slice()),
            hot.map(|of| of.distance.values.as_slice()),
        ]
        .map(|map| EvidenceMaps::group(map, self.first, 1.0));
        let weights = maps.weights;
        let mut results = [0.0; GROUP];
        for at in 0..GROUP {
            results[at] = (self.of)(Evidence {
                likelihood: likelihoods[at],
                likelihood_weight: weights.likelihood,
                distance: distances[at],
                hot: Divisors {
                    likelihood: likelihood[at],
                    distance: distance[at],
                },
                fineness: weights.fineness,
                context: contexts[at],
                deviation: weighted(weights.alignment, deviations[at]),
                defects: defects[at],
                defects_weight: weights.defects,
            });
        }
        let length = self.results.len();
        self.results.copy_from_slice(&results[..length]);
    }
}

/// The weighted sums of the surprisals of pixels with these discriminants and likeness.
fn sums(
    mut discriminants: Vec<f32>,
    tail: &Tail,
    mut likeness: Vec<f32>,
    of_likeness: &Tail,
    weight: f32,
) -> Vec<f32> {
    tail.surprisals(&mut discriminants);
    of_likeness.surprisals(&mut likeness);
    let pixels = discriminants.iter_mut().zip(&likeness);
    pixels.for_each(|(sum, likeness)| *sum += weighted(weight, *likeness));
    discriminants
}

/// The weight of log-likelihoods in the map that is shown. Flows are better at telling that an image is
/// abnormal than at telling where.
const SHOWN_LIKELIHOOD: f32 = 2.0 / 3.0;
/// The weight of contexts in the map that is shown.
const SHOWN_CONTEXT: f32 = 2.0 / 3.0;
/// The weights of deviations from what is normal at the same place, where images are alike: less in the map that is
/// shown, because they find small differences, but not their outlines.
const SUMMED_DEVIATION: f32 = 1.0;
const SHOWN_DEVIATION: f32 = 0.5;
/// The largest surprisal of a context that counts. A set has few windows that do not overlap, so that a larger
/// one is extrapolated, not observed.
const LARGEST_CONTEXT: f32 = 5.0;

/// A surprisal with a weight; without weight, nothing, however large it is.
#[inline(always)]
fn weighted(weight: f32, surprisal: f32) -> f32 {
    match weight > 0.0 {
        true => weight * surprisal,
        false => 0.0,
    }
}

/// The surprisal of known defects above which a pixel counts for the image's score, and for the score of models that
/// score whole images: one normal pixel in 400, and in 150.
const SURE: f32 = 6.0;
const SURE_OF_IMAGE: f32 = 5.0;

/// The surprisals of one pixel.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Evidence {
    likelihood: f32,
    /// The weight of `likelihood` in the image's score.
    likelihood_weight: f32,
    distance: f32,
    /// How hot the pixel's place is.
    hot: Divisors,
    /// How fine the texture of normal images is.
    fineness: f32,
    context: f32,
    /// Weighted by how alike images are.
    deviation: f32,
    defects: f32,
    /// The weight of `defects` in the map that is shown.
    defects_weight: f32,
}

impl Evidence {
    /// The pixel's value for the image's score: weak evidence of several kinds adds up. Contexts don't count: an image
    /// that is unusual as a whole has high ones everywhere. Known defects count as far as hardly any normal pixel
    /// looks like them, so that they raise no image without one.
    #[inline(always)]
    pub fn sum(self) -> f32 {
        let of_position = self.weighted_sum(
            self.likelihood_weight * self.likelihood / self.hot.likelihood,
            self.distance / self.hot.distance,
        );
        of_position + SUMMED_DEVIATION * self.deviation + (self.defects - SURE).max(0.0)
    }

    /// The weighted sum of these surprisals of the log-likelihood and of the distance.
    #[inline(always)]
    fn weighted_sum(self, likelihood: f32, distance: f32) -> f32 {
        likelihood + Weights::of_distance(self.fineness) * distance
    }

    /// The surprisal of known defects, for the score of a whole image.
    #[inline(always)]
    pub fn of_defects(self) -> f32 {
        (self.defects - SURE_OF_IMAGE).max(0.0)
    }

    /// The pixel's value in the map that is shown. The largest of log-likelihood, distance and context dominates, so
    /// that a place that only one of them finds odd stands out as much as one that all do. On a fine texture,
    /// log-likelihood and distance are summed as for the image's score.
    #[inline(always)]
    pub fn shown(self) -> f32 {
        let context = SHOWN_CONTEXT * self.context.min(LARGEST_CONTEXT);
        // Squares of numbers of 32 bits don't overflow in 64.
        let square = |part: f32| f64::from(part) * f64::from(part);
        // Large defects often lie on hot spots.
        let likelihood = self.likelihood / self.hot.likelihood.sqrt();
        let distance = self.distance / self.hot.distance.sqrt();
        let mut of_position = square(SHOWN_LIKELIHOOD * likelihood) + square(distance);
        if self.fineness > 0.0 {
            let fine = f64::from(self.fineness);
            let sum = f64::from(self.weighted_sum(likelihood, distance));
            of_position = ((1.0 - fine) * of_position.sqrt() + fine * sum).powi(2);
        }
        let deviation = square(SHOWN_DEVIATION * self.deviation);
        let shown = (of_position + square(context) + deviation).sqrt() as f32;
        shown + weighted(self.defects_weight, self.defects)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOT_HOT: Divisors = Divisors {
        likelihood: 1.0,
        distance: 1.0,
    };

    #[test]
    fn where_one_kind_is_sure_outshines_where_two_are_in_doubt() {
        let pixel = |likelihood, distance| Evidence {
            likelihood,
            likelihood_weight: 1.0,
            hot: NOT_HOT,
            fineness: 0.0,
            distance,
            context: 0.0,
            deviation: 0.0,
            defects: 0.0,
            defects_weight: 1.0,
        };
        let (sure, doubt) = (pixel(0.0, 9.0), pixel(6.0, 6.0));
        // As evidence that the image is abnormal, doubts add up.
        assert!(sure.sum() < doubt.sum());
        assert!(sure.shown() > doubt.shown());
        assert!(pixel(9.0, 0.0).shown() < sure.shown());
    }

    #[test]
    fn known_defects_add_to_both_maps() {
        let pixel = |defects| Evidence {
            likelihood: 1.0,
            likelihood_weight: 1.0,
            fineness: 0.0,
            distance: 2.0,
            hot: NOT_HOT,
            context: 0.0,
            deviation: 0.0,
            defects,
            defects_weight: 0.5,
        };
        assert!((pixel(3.0).shown() - pixel(0.0).shown() - 1.5).abs() < 1e-5);
        // For the image's score, only as far as normal pixels hardly look like them.
        assert_eq!(pixel(SURE).sum(), pixel(0.0).sum());
        assert_eq!(pixel(SURE + 3.0).sum() - pixel(0.0).sum(), 3.0);
        assert_eq!(pixel(SURE_OF_IMAGE).of_defects(), 0.0);
        assert_eq!(pixel(SURE_OF_IMAGE + 2.0).of_defects(), 2.0);
    }

    #[test]
    fn a_hot_place_counts_less() {
        let pixel = |by| Evidence {
            likelihood: 8.0,
            likelihood_weight: 1.0,
            fineness: 0.0,
            distance: 6.0,
            hot: Divisors {
                likelihood: by,
                distance: 2.0 * by,
            },
            context: 0.0,
            deviation: 0.0,
            defects: 0.0,
            defects_weight: 1.0,
        };
        assert_eq!(pixel(1.0).sum(), 8.0 + 3.0);
        assert_eq!(pixel(4.0).sum(), 2.0 + 0.75);
        // Half as much in the map that is shown.
        assert!((pixel(4.0).shown() - pixel(1.0).shown() / 2.0).abs() < 1e-5);
    }

    #[test]
    fn deviations_count_as_far_as_images_are_alike() -> Result<(), &'static str> {
        let tail = Tail::of((0..1000).map(|v| v as f32).collect()).ok_or("no tail")?;
        let tails = Tails {
            likelihood: None,
            distance: tail.clone(),
            context: None,
            deviation: Some(tail),
            defects: None,
        };
        let maps = |alignment, deviation: Option<f32>| {
            let measured = Measured {
                distances: vec![500.0],
                deviations: deviation.map(|value| vec![value]),
                ..Measured::default()
            };
            let weights = Weights {
                likelihood: 1.0,
                fineness: 0.0,
                alignment,
                defects: 1.0,
                likeness: 1.0,
            };
            tails.evidence(measured, weights)
        };
        let sum = |alignment, deviation| maps(alignment, deviation).sums()[0];
        let shown = |alignment, deviation| maps(alignment, deviation).shown()[0];
        let none = sum(0.0, Some(999.0));
        assert_eq!(none, sum(1.0, None));
        assert_eq!(shown(0.0, Some(999.0)), shown(1.0, None));
        assert_eq!(sum(0.0, Some(f32::INFINITY)), none);
        let (half, full) = (sum(0.5, Some(999.0)), sum(1.0, Some(999.0)));
        assert!(none < half && half < full);
        let values = [0.0, 0.5, 1.0].map(|alignment| shown(alignment, Some(999.0)));
        assert!(values.is_sorted_by(|less, more| less < more), "{values:?}");
        Ok(())
    }

    #[test]
    fn log_likelihoods_of_less_weight_show_the_same() {
        let pixel = |likelihood_weight| Evidence {
            likelihood: 4.0,
            likelihood_weight,
            distance: 1.0,
            hot: NOT_HOT,
            fineness: 0.0,
            context: 0.0,
            deviation: 0.0,
            defects: 0.0,
            defects_weight: 1.0,
        };
        assert_eq!([pixel(1.0).sum(), pixel(0.5).sum()], [5.0, 3.0]);
        assert_eq!(pixel(1.0).shown(), pixel(0.5).shown());
    }

    #[test]
    fn a_context_shows_where_but_not_whether() {
        let pixel = |context| Evidence {
            likelihood: 0.0,
            likelihood_weight: 1.0,
            fineness: 0.0,
            distance: 1.0,
            hot: NOT_HOT,
            context,
            deviation: 0.0,
            defects: 0.0,
            defects_weight: 1.0,
        };
        assert_eq!(pixel(4.0).sum(), pixel(0.0).sum());
        assert!(pixel(4.0).shown() > pixel(2.0).shown());
        assert_eq!(pixel(50.0).shown(), pixel(LARGEST_CONTEXT).shown());
    }

    #[test]
    fn on_fine_textures_distances_count_less() {
        let pixel = |fineness| Evidence {
            likelihood: 3.0,
            likelihood_weight: 1.0,
            distance: 2.0,
            hot: NOT_HOT,
            fineness,
            context: 0.0,
            deviation: 0.0,
            defects: 0.0,
            defects_weight: 1.0,
        };
        assert_eq!((pixel(0.0).sum(), pixel(1.0).sum()), (5.0, 3.5));
        // The shown map passes from one rule to the other.
        let root = (4.0f32 + 4.0).sqrt();
        let shown = [0.0, 0.5, 1.0].map(|fineness| pixel(fineness).shown());
        let expected = [root, (root + 4.25) / 2.0, 3.5];
        let apart = shown.iter().zip(expected).map(|(a, b)| (a - b).abs());
        assert!(apart.fold(0.0, f32::max) < 1e-5, "{shown:?}");
    }

    #[test]
    fn two_signs_of_one_defect_are_not_counted_twice() -> Result<(), &'static str> {
        let values: Vec<f32> = (0..10_000).map(|v| v as f32).collect();
        let tails = DefectTails::of(values.clone(), values, 1.0).ok_or("no tails")?;
        let together = |likeness: f32, weight| {
            tails.surprisals(vec![5_000.0, 9_900.0], vec![likeness; 2], weight)
        };
        // Both say the same of each pixel, so that both together are as rare as either.
        let mut alone = [9_900.0];
        tails.discriminant.surprisals(&mut alone);
        let both = together(9_900.0, 1.0)[1];
        assert!((alone[0] - both).abs() < 0.05, "{alone:?}, {both}");
        // Likeness without weight does not count, not even if it is without bounds.
        for other in [f32::INFINITY, 9_999.0] {
            assert_eq!(together(other, 0.0), together(0.0, 0.0));
        }
        Ok(())
    }

    #[test]
    fn a_pixel_does_not_depend_on_the_others() -> Result<(), &'static str> {
        let tail = Tail::of((0..1000).map(|v| v as f32).collect()).ok_or("no tail")?;
        let tails = Tails {
            likelihood: Some(tail.clone()),
            distance: tail.clone(),
            context: Some(tail),
            deviation: None,
            defects: None,
        };
        let weights = Weights {
            likelihood: 0.5,
            fineness: 0.5,
            alignment: 0.0,
            defects: 1.0,
            likeness: 1.0,
        };
        let value = |at: usize, salt: usize| ((at * 7919 + salt) % 1009) as f32;
        let maps = |pixels: std::ops::Range<usize>| {
            let values = |salt| pixels.clone().map(|at| value(at, salt)).collect::<Vec<_>>();
            let measured = Measured {
                sums: Some(values(1)),
                distances: values(2),
                contexts: Some(values(3)),
                ..Measured::default()
            };
            tails.evidence(measured, weights)
        };
        let count = 3 * GROUP + 5;
        let (sums, shown) = (maps(0..count).sums(), maps(0..count).shown());
        for at in 0..count {
            let alone = maps(at..at + 1);
            assert_eq!(
                (alone.sums(), alone.shown()),
                (vec![sums[at]], vec![shown[at]])
            );
        }
        Ok(())
    }
}
