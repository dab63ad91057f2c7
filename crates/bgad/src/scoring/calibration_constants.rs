//! The constants of scoring over a set of normal images.

use rayon::prelude::*;

use super::baseline;
#[cfg(feature = "train")]
use super::calibrated_scores::mean_of_inputs;
use super::calibration::Calibration;
use super::edges::Edges;
use super::evidence::{DefectTails, Tails};
use super::fusion::Spread;
#[cfg(feature = "train")]
use super::fusion::{self, JointSpread, Parts};
use super::hot_spots::HotSpots;
use super::image_likelihoods::ImageLikelihoods;
use super::maps::some_of;
use super::tail::Tail;
#[cfg(feature = "train")]
use super::threshold::Scored;
use crate::config::choices::{Aggregation, MapBaseline};
use crate::error::{Error, Result};

impl Calibration {
    /// The same rule with the constants of a set of images, those of their finer inputs included.
    pub(crate) fn over_images(&self, set: &[ImageLikelihoods<'_>]) -> Result<Self> {
        let mut calibration = self.over_usual(set)?;
        if let Some(finer) = &self.finer {
            let set: Vec<_> = set.iter().filter_map(|image| image.finer()).collect();
            calibration.finer = Some(Box::new(finer.over_images(&set)?));
        }
        Ok(calibration)
    }

    /// The same for the usual inputs alone.
    fn over_usual(&self, set: &[ImageLikelihoods<'_>]) -> Result<Self> {
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
        let side = |level: usize| {
            set.first()?
                .inputs
                .first()
                .map(|maps| maps.levels[level].width)
        };
        let edges = (0..flows).filter(|level| self.fineness > 0.0 && is_map(level));
        let edges = edges.filter_map(|level| Some(Edges::of(set, level, side(level)?)));
        let mut calibration = Self {
            edges: edges.collect(),
            level_maxima,
            level_deviations: level_deviations.collect(),
            sum_maximum: 0.0,
            baseline: None,
            shown_baseline: None,
            hot_spots: None,
            halo_limit: None,
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
        calibration.hot_spots = calibration.hot_spots_of(set);
        if self.map_baseline == MapBaseline::Remove {
            let means = set.par_iter().map(|image| {
                let maps = calibration.fused(*image);
                // Maps without flows on positions keep their offset.
                let shown = maps.shown.filter(|_| maps.of_flows.is_some());
                [maps.of_flows, shown].map(|map| Some(map?.mean()))
            });
            let means: Vec<[Option<f32>; 2]> = means.collect();
            let of =
                |map: usize| -> Vec<f32> { means.iter().filter_map(|means| means[map]).collect() };
            calibration.baseline = baseline::of(&of(0));
            calibration.shown_baseline = baseline::of_shown(&of(1));
        }
        Ok(calibration)
    }

    /// The same with the scales of the parts of an image's score, computed over `set`, normal images, if
    /// there are several parts. Also returns these images' scores, because their maps take long. `known` are abnormal
    /// training images, each by a model that does not know its own defects; if there are several, they say how far
    /// known defects recur.
    #[cfg(feature = "train")]
    pub(crate) fn with_joint_spread(
        mut self,
        set: &[ImageLikelihoods<'_>],
        known: &[ImageLikelihoods<'_>],
    ) -> (Self, Vec<Scored>) {
        let parts = set.par_iter().map(|image| {
            let maps = self.maps_of(*image);
            let parts = self.parts_of(*image, &maps);
            let finer = self.finer_of(*image).map(|(calibration, finer)| {
                let maps = calibration.maps_of(finer);
                let parts = calibration.parts_of(finer, &maps);
                (parts, calibration.shown_map(finer, maps, None))
            });
            let (of_finer, finer) = finer.unzip();
            let map = self.shown_map(*image, maps, finer.flatten());
            (parts, of_finer, Scored::pixels_of(map))
        });
        let each: Vec<(Parts, Option<Parts>, _)> = parts.collect();
        let parts: Vec<Parts> = each.iter().map(|image| image.0).collect();
        self.take_joint_spread(&parts, known);
        let of_finer: Option<Vec<Parts>> = each.iter().map(|image| image.1).collect();
        if let Some((finer, parts)) = self.finer.as_mut().zip(of_finer) {
            let known: Vec<_> = known.iter().filter_map(|image| image.finer()).collect();
            finer.take_joint_spread(&parts, &known);
        }
        let scored = each.into_iter().map(|(parts, of_finer, pixels)| {
            let score = self.score_of_parts(parts);
            let finer = self.finer.as_ref().zip(of_finer);
            let finer = finer.map(|(finer, parts)| finer.score_of_parts(parts));
            Scored {
                score: finer.map_or(score, |finer| mean_of_inputs(score, finer)),
                pixels,
            }
        });
        let scored = scored.collect();
        (self, scored)
    }

    /// Computes the scales of the parts of an image's score from those of normal images, and how far known defects
    /// recur.
    #[cfg(feature = "train")]
    fn take_joint_spread(&mut self, parts: &[Parts], known: &[ImageLikelihoods<'_>]) {
        self.joint = JointSpread::of(parts);
        let known = known.par_iter().map(|image| {
            let maps = self.fused(*image);
            self.parts_of(*image, &maps).defects
        });
        let known: Vec<f32> = known.collect::<Vec<_>>().into_iter().flatten().collect();
        if !known.is_empty() {
            let normal: Vec<f32> = parts.iter().filter_map(|parts| parts.defects).collect();
            self.recurrence = fusion::recurrence(&normal, &known);
        }
    }

    /// The hot spots of normal images; `None` without a memory bank or flows on positions.
    fn hot_spots_of(&self, set: &[ImageLikelihoods<'_>]) -> Option<HotSpots> {
        let first = set.first()?.inputs.first()?;
        let maps = first.levels.iter().filter(|map| !map.is_pooled());
        let side = maps.map(|map| map.width).max()?;
        let spots = HotSpots::of(set, side, |maps, view| self.surprisals(maps, view, side))?;
        Some(match self.symmetric {
            true => spots.symmetric(),
            false => spots,
        })
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
            let likeness = self.likeness(*image).as_ref().map(some_of);
            let contexts = self.contexts(*image).as_ref().map(some_of);
            let deviations = self.deviations(*image).as_ref().map(some_of);
            let all = [
                Some(distances),
                sums,
                contexts,
                discriminants,
                likeness,
                deviations,
            ];
            (all.iter().flatten().count() > 1).then_some(all)
        };
        let pixels: Option<Vec<_>> = set.par_iter().zip(sums).map(of_image).collect();
        let pixels = pixels?;
        let values = |kind: usize| {
            let values = pixels.iter().map(|of_image| of_image[kind].as_deref());
            Some(values.collect::<Option<Vec<&[f32]>>>()?.concat())
        };
        let tail = |kind: usize| Tail::of(values(kind)?);
        let of_defects = values(3).zip(values(4));
        Some(Tails {
            likelihood: tail(1),
            distance: tail(0)?,
            context: tail(2),
            deviation: tail(5),
            defects: of_defects.and_then(|(discriminants, likeness)| {
                DefectTails::of(discriminants, likeness, self.likeness_weight)
            }),
        })
    }
}
