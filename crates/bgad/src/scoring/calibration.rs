//! From log-likelihoods to scores.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::baseline;
use super::evidence::{Maps, Tails, some_of, stitched_positions};
use super::fusion::{JointSpread, Parts, Spread};
use super::image_likelihoods::ImageLikelihoods;
use super::score_map::ScoreMap;
use super::stitching::add_upsampled;
use super::tail::Tail;
#[cfg(feature = "train")]
use super::threshold::Scored;
use crate::config::choices::{Aggregation, MapBaseline};
use crate::config::image_score::ImageScore;
use crate::error::{Error, Result};
use crate::input::view::{Axis, View, Views};
use crate::model::likelihoods::{LogLikelihoodMap, LogLikelihoodMaps};

/// Converts log-likelihoods to scores: the rule, and its constants over a set of images.
///
/// The authors' program computes the constants over the test set, so an image's score depends on
/// the other images. A model computes them once, over the normal training images, and stores them,
/// so that the same image always gets the same score.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// How levels are combined into one map.
    pub(crate) aggregation: Aggregation,
    /// Whether a map keeps its overall offset.
    pub(crate) map_baseline: MapBaseline,
    /// How a map is reduced to an image's score.
    pub(crate) image_score: ImageScore,
    /// The largest per-dimension log-likelihood of each flow; flows on positions come first.
    pub(crate) level_maxima: Vec<f32>,
    /// The dimension of each flow's vectors; empty if the aggregation does not weigh by it.
    pub(crate) level_dimensions: Vec<usize>,
    /// The divisor of each flow's relative log-likelihoods.
    pub(crate) level_deviations: Vec<f32>,
    /// The largest sum over levels of relative likelihoods or log-likelihoods.
    pub(crate) sum_maximum: f32,
    /// Mean and standard deviation of the normal maps' means, if maps are shifted toward that mean.
    pub(crate) baseline: Option<Spread>,
    /// The same for the maps that are shown, if the image's score has other ones.
    pub(crate) shown_baseline: Option<Spread>,
    /// Puts log-likelihoods, distances to the memory bank and discriminants on one scale, if there are
    /// several of them.
    pub(crate) tails: Option<Tails>,
    /// Puts the parts of an image's score on one scale, if there are several.
    pub(crate) joint: Option<JointSpread>,
}

impl Calibration {
    /// A rule without constants; [`over`](Self::over) computes them.
    pub fn new(aggregation: Aggregation, image_score: ImageScore) -> Self {
        Self {
            aggregation,
            map_baseline: MapBaseline::Keep,
            image_score,
            level_maxima: Vec::new(),
            level_dimensions: Vec::new(),
            level_deviations: Vec::new(),
            sum_maximum: 0.0,
            baseline: None,
            shown_baseline: None,
            tails: None,
            joint: None,
        }
    }

    /// Whether the constants in a model file make sense.
    pub(crate) fn is_sound(&self) -> bool {
        let tails = self.tails.iter();
        let mut tails = tails.flat_map(|tails| {
            let others = [&tails.likelihood, &tails.discriminant];
            others.into_iter().flatten().chain([&tails.distance])
        });
        tails.all(Tail::is_sound)
    }

    /// The largest per-dimension log-likelihood of each flow; for tests.
    #[doc(hidden)]
    pub fn level_maxima(&self) -> &[f32] {
        &self.level_maxima
    }

    /// The scales of the parts of a score; for tests.
    #[doc(hidden)]
    pub fn joint(&self) -> Option<JointSpread> {
        self.joint
    }

    /// The same rule, with another choice for a map's overall offset.
    pub fn with_map_baseline(mut self, map_baseline: MapBaseline) -> Self {
        self.map_baseline = map_baseline;
        self
    }

    /// The same rule for flows on vectors of these dimensions.
    pub fn with_dimensions(mut self, dimensions: Vec<usize>) -> Self {
        self.level_dimensions = dimensions;
        self
    }

    /// The same rule with the constants of a set of images, each one input of `size` by `size` pixels without
    /// padding.
    ///
    /// # Errors
    /// [`Error::Input`] if the rule weighs levels by dimension and the number of dimensions is not that of
    /// the flows.
    pub fn over(&self, set: &[LogLikelihoodMaps], size: usize) -> Result<Self> {
        let views = Views::one(View::stretched(size as u32));
        self.over_images(&ImageLikelihoods::whole(set, &views))
    }

    /// The same rule with the constants of a set of images.
    pub(crate) fn over_images(&self, set: &[ImageLikelihoods<'_>]) -> Result<Self> {
        let flows = set.first().map_or(0, ImageLikelihoods::flows);
        let dimensions = self.level_dimensions.len();
        if self.aggregation == Aggregation::JointLogLikelihood && dimensions != flows {
            let found = format!("dimensions of {dimensions} flows");
            let expected =
                format!("of {flows}, because `joint-log-likelihood` weighs flows by dimension");
            return Err(Error::input("calibration", found, expected));
        }
        let level_maxima = (0..flows)
            .map(|level| {
                let values = set.iter().flat_map(|image| image.values(level));
                values.fold(f32::NEG_INFINITY, f32::max)
            })
            .collect();
        let deviation = |level: usize| {
            let values = set.iter().flat_map(move |image| image.values(level));
            Spread::of(values).deviation
        };
        // Flows on pooled features see overlapping information, so they weigh the same.
        let is_map = |level: &usize| {
            let maps = set.first().and_then(|image| image.inputs.first());
            maps.is_some_and(|maps| !maps.levels[*level].is_pooled())
        };
        let of_maps = (0..flows).filter(is_map);
        let dimensions: Vec<usize> = of_maps
            .filter_map(|level| self.level_dimensions.get(level).copied())
            .collect();
        let mean = dimensions.iter().sum::<usize>() as f32 / dimensions.len().max(1) as f32;
        let by_dimension = |level: usize| match self.level_dimensions.get(level) {
            Some(dimension) if is_map(&level) => mean / *dimension as f32,
            _ => 1.0,
        };
        let level_deviations = (0..flows).map(|level| {
            self.aggregation
                .divisor(|| deviation(level), || by_dimension(level))
        });
        let mut calibration = Self {
            level_maxima,
            level_deviations: level_deviations.collect(),
            sum_maximum: 0.0,
            baseline: None,
            shown_baseline: None,
            ..self.clone()
        };
        let of_sum = |image: &ImageLikelihoods<'_>| {
            let map = calibration.stitched_sum(*image)?;
            Some((map.maximum(), some_of(&map)))
        };
        let sums: Vec<Option<(f32, Vec<f32>)>> = set.par_iter().map(of_sum).collect();
        let maxima = sums.iter().flatten().map(|(maximum, _)| *maximum);
        calibration.sum_maximum = maxima.reduce(f32::max).unwrap_or(0.0);
        let sums = sums.into_iter().map(|of_image| Some(of_image?.1));
        calibration.tails = calibration.tails_of(set, sums.collect());
        if self.map_baseline == MapBaseline::Remove {
            let means = set.par_iter().map(|image| {
                let maps = calibration.fused(*image);
                // Maps without flows on positions keep their offset.
                let shown = maps.shown.filter(|_| maps.of_flows.is_some());
                [maps.of_flows, shown].map(|map| Some(map?.mean()))
            });
            let means: Vec<[Option<f32>; 2]> = means.collect();
            let of = |map: usize| {
                let means: Vec<f32> = means.iter().filter_map(|means| means[map]).collect();
                baseline::of(&means)
            };
            calibration.baseline = of(0);
            calibration.shown_baseline = of(1);
        }
        Ok(calibration)
    }

    /// The same with the scales of the parts of an image's score, computed over `set`, normal images, if
    /// there are several parts. Also returns these images' scores, because their maps take long.
    #[cfg(feature = "train")]
    pub(crate) fn with_joint_spread(mut self, set: &[ImageLikelihoods<'_>]) -> (Self, Vec<Scored>) {
        let parts = set.par_iter().map(|image| {
            let maps = self.maps_of(*image);
            let parts = self.parts_of(*image, &maps);
            (parts, Scored::pixels_of(maps.into_score_map()))
        });
        let (parts, pixels): (Vec<Parts>, Vec<_>) = parts.unzip();
        self.joint = JointSpread::of(&parts);
        let scored = parts.into_iter().zip(pixels).map(|(parts, pixels)| Scored {
            score: self.score_of_parts(parts),
            pixels,
        });
        let scored = scored.collect();
        (self, scored)
    }

    /// The score of an image with these parts.
    fn score_of_parts(&self, parts: Parts) -> f32 {
        match self.joint {
            Some(joint) => joint.score(parts),
            None => parts
                .map
                .or(parts.pooled)
                .or(parts.distance)
                .unwrap_or(f32::NAN),
        }
    }

    /// The parts of the score of an image with these maps.
    fn parts_of(&self, image: ImageLikelihoods<'_>, maps: &Maps) -> Parts {
        let neighbors = image.inputs.iter();
        let neighbors = neighbors.filter_map(|maps| maps.neighbor_distance);
        let of_map = |map: &ScoreMap| self.score_of_map(map, image.views);
        Parts {
            map: maps.of_flows.as_ref().map(of_map),
            distance: maps.distances.as_ref().map(of_map),
            // With flows on positions, their map includes it.
            discriminant: maps.of_defects.as_ref().map(of_map),
            pooled: self.pooled_score(image),
            // The highest over all inputs, as with flows.
            neighbor: neighbors.reduce(f32::max),
        }
    }

    /// The sum over levels of relative (log-)likelihoods, upsampled to the image's map; `None` without maps.
    fn stitched_sum(&self, image: ImageLikelihoods<'_>) -> Option<ScoreMap> {
        image.inputs.first().filter(|maps| has_maps(maps))?;
        Some(image.stitched(|maps, view, axes, sum| self.add_sum(maps, view, axes, sum)))
    }

    /// Adds one input's sum over levels to `sum`, which holds the map's pixels that the input covers.
    fn add_sum(
        &self,
        maps: &LogLikelihoodMaps,
        view: &View,
        (columns, rows): (&Axis, &Axis),
        sum: &mut [f32],
    ) {
        for (map, maximum, deviation) in self.levels(maps).filter(|(map, ..)| !map.is_pooled()) {
            let relative = |l: &f32| self.aggregation.relative(*l, maximum, deviation);
            let relative: Vec<f32> = map.values.iter().map(relative).collect();
            let places = (columns.places.as_slice(), rows.places.as_slice());
            add_upsampled(&relative, (map.width, map.height), view, places, sum);
        }
    }

    /// The score map of an image that is one input of `size` by `size` pixels without padding: the largest
    /// sum minus this image's sum. `None` if there are only pooled features.
    pub fn score_map(&self, maps: &LogLikelihoodMaps, size: usize) -> Option<ScoreMap> {
        self.map_of(ImageLikelihoods {
            views: &Views::one(View::stretched(size as u32)),
            inputs: std::slice::from_ref(maps),
        })
    }

    /// The score map of an image; without flows on positions, that of the distances to the memory bank.
    pub(crate) fn map_of(&self, image: ImageLikelihoods<'_>) -> Option<ScoreMap> {
        self.maps_of(image).into_score_map()
    }

    /// All maps of an image, without their overall offset if that is removed.
    fn maps_of(&self, image: ImageLikelihoods<'_>) -> Maps {
        let mut maps = self.fused(image);
        let shown = (&mut maps.shown, self.shown_baseline);
        for (map, normal) in [(&mut maps.of_flows, self.baseline), shown] {
            if let (Some(map), Some(normal)) = (map, normal) {
                baseline::remove(map, normal);
            }
        }
        maps
    }

    /// All maps before the offset is removed. The flows' map is how far the sum of log-likelihoods lies below
    /// the largest one or, with a memory bank, the summed surprisal of all kinds of evidence; the shown map
    /// then combines them differently ([`Evidence::shown`](super::evidence::Evidence::shown)).
    fn fused(&self, image: ImageLikelihoods<'_>) -> Maps {
        let distances = self.distances(image);
        let discriminants = self.discriminants(image);
        let mut of_flows = self.stitched_sum(image);
        for value in of_flows.iter_mut().flat_map(|map| &mut map.values) {
            *value = self.sum_maximum - *value;
        }
        let Some((tails, of_bank)) = self.tails.as_ref().zip(distances.as_ref()) else {
            return Maps {
                of_flows,
                distances,
                ..Maps::default()
            };
        };
        let value = |pixel: usize| Some(discriminants.as_ref()?.values[pixel]);
        if let (Some(map), Some(likelihood)) = (&mut of_flows, &tails.likelihood) {
            let pixels = map.values.iter_mut().zip(&of_bank.values).enumerate();
            let shown = pixels.map(|(pixel, (sum, distance))| {
                let evidence = tails.evidence(likelihood, *sum, *distance, value(pixel));
                *sum = evidence.sum();
                evidence.shown()
            });
            let shown = shown.collect();
            return Maps {
                shown: Some(of_bank.with_values(shown)),
                of_flows,
                distances,
                ..Maps::default()
            };
        }
        let tail = tails.discriminant.as_ref();
        let of_defects = discriminants.as_ref().zip(tail).map(|(map, tail)| {
            let values = map.values.iter().map(|value| tail.surprisal(*value));
            map.with_values(values.collect())
        });
        let of_both = of_defects.is_some().then(|| {
            let pixels = of_bank.values.iter().enumerate();
            let pixels = pixels.map(|(pixel, d)| tails.without_likelihood(*d, value(pixel)));
            of_bank.with_values(pixels.collect())
        });
        Maps {
            of_flows,
            distances,
            of_defects,
            shown: of_both,
        }
    }

    /// The distances to the memory bank, upsampled to the image's map; `None` without a bank.
    fn distances(&self, image: ImageLikelihoods<'_>) -> Option<ScoreMap> {
        stitched_positions(image, |maps| maps.distances.as_ref())
    }

    /// The discriminants, upsampled in the same way; `None` if the model knows no defects.
    fn discriminants(&self, image: ImageLikelihoods<'_>) -> Option<ScoreMap> {
        stitched_positions(image, |maps| maps.discriminants.as_ref())
    }

    /// The tails of all kinds of evidence over normal images, if there are several kinds. `sums` has some
    /// pixels of each image's sum over levels.
    fn tails_of(&self, set: &[ImageLikelihoods<'_>], sums: Vec<Option<Vec<f32>>>) -> Option<Tails> {
        let of_image = |(image, sums): (&ImageLikelihoods<'_>, Option<Vec<f32>>)| {
            let distances = some_of(&self.distances(*image)?);
            let sums = sums.map(|mut sums| {
                sums.iter_mut()
                    .for_each(|sum| *sum = self.sum_maximum - *sum);
                sums
            });
            let discriminants = self.discriminants(*image).as_ref().map(some_of);
            let several = sums.is_some() || discriminants.is_some();
            several.then_some([Some(distances), sums, discriminants])
        };
        let pixels: Option<Vec<_>> = set.par_iter().zip(sums).map(of_image).collect();
        let pixels = pixels?;
        let tail = |kind: usize| {
            let values = pixels.iter().map(|of_image| of_image[kind].as_deref());
            Tail::of(values.collect::<Option<Vec<&[f32]>>>()?.concat())
        };
        Some(Tails {
            likelihood: tail(1),
            distance: tail(0)?,
            discriminant: tail(2),
        })
    }

    /// The score of an image from one of its maps.
    fn score_of_map(&self, map: &ScoreMap, views: &Views) -> f32 {
        self.image_score.of(&map.values, views.pixels_of_an_input())
    }

    /// The score of an image's pooled features: the sum over flows of how far the log-likelihood lies below
    /// the largest one; `None` without pooled features. With several inputs it is the highest: a defect on
    /// one tile makes the image defective, however many others are normal.
    fn pooled_score(&self, image: ImageLikelihoods<'_>) -> Option<f32> {
        let of_input = |maps: &LogLikelihoodMaps| {
            let flows = self.levels(maps).filter(|(map, ..)| map.is_pooled());
            flows
                .flat_map(|(map, maximum, deviation)| {
                    map.values.iter().map(move |l| (maximum - l) / deviation)
                })
                .reduce(|sum, value| sum + value)
        };
        let scores = image.inputs.iter().filter_map(of_input);
        scores.reduce(f32::max)
    }

    /// Each flow's log-likelihoods with its constants, maximum and divisor.
    fn levels<'m>(
        &'m self,
        maps: &'m LogLikelihoodMaps,
    ) -> impl Iterator<Item = (&'m LogLikelihoodMap, f32, f32)> {
        let constants = self.level_maxima.iter().zip(&self.level_deviations);
        let levels = maps.levels.iter().zip(constants);
        levels.map(|(map, (maximum, deviation))| (map, *maximum, *deviation))
    }

    /// The score of an image that is one input of `size` by `size` pixels without padding, and its map if
    /// there is one.
    pub fn score(&self, maps: &LogLikelihoodMaps, size: usize) -> (f32, Option<ScoreMap>) {
        self.score_of(ImageLikelihoods {
            views: &Views::one(View::stretched(size as u32)),
            inputs: std::slice::from_ref(maps),
        })
    }

    /// The image's score, and its map if there is one.
    pub(crate) fn score_of(&self, image: ImageLikelihoods<'_>) -> (f32, Option<ScoreMap>) {
        let maps = self.maps_of(image);
        let score = self.score_of_parts(self.parts_of(image, &maps));
        (score, maps.into_score_map())
    }
}

/// Whether there are flows on positions.
fn has_maps(maps: &LogLikelihoodMaps) -> bool {
    maps.levels.iter().any(|map| !map.is_pooled())
}
