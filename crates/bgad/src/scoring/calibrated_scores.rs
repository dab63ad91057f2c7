//! From log-likelihoods to score maps and scores.

use super::baseline;
use super::calibration::Calibration;
use super::evidence::Measured;
use super::fusion::{PartWeights, Parts};
use super::halos;
use super::hot_spots::Surprisals;
use super::image_likelihoods::ImageLikelihoods;
use super::maps::{Maps, stitched_positions};
use super::score_map::ScoreMap;
use super::stitching::add_upsampled;
use super::surroundings;
use super::weights::Weights;
use crate::config::choices::MapBaseline;
use crate::input::view::{View, Views};
use crate::model::likelihoods::{LogLikelihoodMap, LogLikelihoodMaps};

/// The reach of a halo, in positions of the memory bank: they are means over 3 x 3 positions.
const HALO: f32 = 2.0;

impl Calibration {
    /// The image's score, and its map if there is one.
    pub(crate) fn score_of(&self, image: ImageLikelihoods<'_>) -> (f32, Option<ScoreMap>) {
        let maps = self.maps_of(image);
        let score = self.score_of_parts(self.parts_of(image, &maps));
        match self.finer_of(image) {
            Some((calibration, finer)) => {
                let (of_finer, finer) = calibration.score_of(finer);
                let map = self.shown_map(image, maps, finer);
                (mean_of_inputs(score, of_finer), map)
            }
            None => (score, self.shown_map(image, maps, None)),
        }
    }

    /// The constants and log-likelihoods of the image's finer input, if there is one.
    pub(super) fn finer_of<'a>(
        &self,
        image: ImageLikelihoods<'a>,
    ) -> Option<(&Self, ImageLikelihoods<'a>)> {
        self.finer.as_deref().zip(image.finer())
    }

    /// The score of an image with these parts.
    pub(super) fn score_of_parts(&self, parts: Parts) -> f32 {
        match self.joint {
            Some(joint) => {
                let weights = PartWeights {
                    distance: Weights::of_distance(self.fineness),
                    whole_images: self.whole_images,
                    recurrence: self.recurrence,
                };
                joint.score(parts, weights)
            }
            None => parts
                .map
                .or(parts.pooled)
                .or(parts.distance)
                .unwrap_or(f32::NAN),
        }
    }

    /// The parts of the score of an image with these maps.
    pub(super) fn parts_of(&self, image: ImageLikelihoods<'_>, maps: &Maps) -> Parts {
        let neighbors = image.inputs.iter();
        let neighbors = neighbors.filter_map(|maps| maps.neighbor_distance);
        let of_map = |map: &ScoreMap| self.score_of_map(map, image.views);
        Parts {
            map: maps.of_flows.as_ref().map(of_map),
            distance: maps.distances.as_ref().map(of_map),
            defects: maps.of_defects.as_ref().map(of_map),
            context: maps
                .of_contexts
                .as_ref()
                .map(|map| match self.whole_images {
                    // Contexts of places are smaller than those of images, so that their mean describes the image.
                    true => map.mean(),
                    false => of_map(map),
                }),
            pooled: self.pooled_score(image),
            // The highest over all inputs, as with flows.
            neighbor: neighbors.reduce(f32::max),
        }
    }

    /// The sum over levels of relative (log-)likelihoods, upsampled to the image's map; `None` without maps.
    pub(super) fn stitched_sum(&self, image: ImageLikelihoods<'_>) -> Option<ScoreMap> {
        image.inputs.first().filter(|maps| has_maps(maps))?;
        Some(image.stitched(|maps, view, (columns, rows), sum| {
            let places = (columns.places.as_slice(), rows.places.as_slice());
            self.add_levels(maps, view, places, sum);
        }))
    }

    /// Adds the relative (log-)likelihoods of all levels of an input at these places.
    fn add_levels(
        &self,
        maps: &LogLikelihoodMaps,
        view: &View,
        places: (&[f32], &[f32]),
        sum: &mut [f32],
    ) {
        for level in 0..maps.levels.len() {
            if let Some(relative) = self.relative(maps, level) {
                let size = (maps.levels[level].width, maps.levels[level].height);
                add_upsampled(&relative, size, view, places, sum);
            }
        }
    }

    /// The surprisals of an input at `side` by `side` places: those of flows on positions and those of distances; `None`
    /// without one of them.
    pub(super) fn surprisals(
        &self,
        maps: &LogLikelihoodMaps,
        view: &View,
        side: usize,
    ) -> Option<Surprisals> {
        let tails = self.tails.as_ref()?;
        let of_sum = tails.likelihood.as_ref()?;
        let bank = maps.distances.as_ref()?;
        let step = view.size.saturating_sub(1) as f32 / side.saturating_sub(1).max(1) as f32;
        let places: Vec<f32> = (0..side).map(|at| at as f32 * step).collect();
        let places = (places.as_slice(), places.as_slice());
        let mut sums = vec![0f32; side * side];
        self.add_levels(maps, view, places, &mut sums);
        let mut distances = vec![0f32; side * side];
        add_upsampled(
            &bank.values,
            (bank.side, bank.side),
            view,
            places,
            &mut distances,
        );
        sums.iter_mut()
            .for_each(|sum| *sum = self.sum_maximum - *sum);
        of_sum.surprisals(&mut sums);
        tails.distance.surprisals(&mut distances);
        Some([sums, distances])
    }

    /// The relative (log-)likelihoods of a flow, without edges; `None` for flows on pooled features.
    pub(super) fn relative(&self, maps: &LogLikelihoodMaps, level: usize) -> Option<Vec<f32>> {
        let (map, maximum, deviation) = self.levels(maps).nth(level)?;
        let relative = |l: &f32| self.aggregation.relative(*l, maximum, deviation);
        let without_edges = self.edges.get(level);
        let without_edges = without_edges.map(|edges| edges.removed(map, self.fineness));
        let values = without_edges.as_ref().unwrap_or(&map.values);
        (!map.is_pooled()).then(|| values.iter().map(relative).collect())
    }

    /// The score map of an image; without flows on positions, that of the distances to the memory bank.
    pub(crate) fn map_of(&self, image: ImageLikelihoods<'_>) -> Option<ScoreMap> {
        let finer = self.finer_of(image);
        let finer = finer.and_then(|(calibration, finer)| calibration.map_of(finer));
        self.shown_map(image, self.maps_of(image), finer)
    }

    /// The map that is shown of an image with these maps: the mean with that of its `finer` input, if it has one, without
    /// halos. The finer input's map still has them, since halos of both would not lie at the same pixels.
    pub(super) fn shown_map(
        &self,
        image: ImageLikelihoods<'_>,
        maps: Maps,
        finer: Option<ScoreMap>,
    ) -> Option<ScoreMap> {
        let limit = self.halo_limit.filter(|_| maps.shown.is_some());
        let mut map = maps.into_score_map()?;
        if let Some(finer) = finer {
            map = mean_map(map, finer);
        }
        if let Some((side, limit)) = image.bank_side().zip(limit) {
            let pixels = image.views.side_of_an_input() as f32;
            let reach = |side: usize| HALO * pixels / side.max(1) as f32;
            let reach = match image.finer().and_then(|finer| finer.bank_side()) {
                Some(finer) => mean_of_inputs(reach(side), reach(finer)),
                None => reach(side),
            };
            halos::dim(&mut map, reach.round() as usize, limit);
        }
        Some(map)
    }

    /// All maps of an image, without their overall offset if that is removed. Those of a finer input are not in them.
    pub(super) fn maps_of(&self, image: ImageLikelihoods<'_>) -> Maps {
        let mut maps = self.fused(image);
        let shown = (&mut maps.shown, self.shown_baseline);
        for (map, normal) in [(&mut maps.of_flows, self.baseline), shown] {
            if let (Some(map), Some(normal)) = (map, normal) {
                baseline::remove(map, normal);
            }
        }
        if let Some(shown) = &mut maps.shown {
            // On a fine texture, defects are as small as the texture.
            let side = image.views.side_of_an_input();
            surroundings::raise(shown, side, 1.0 - self.fineness);
            if self.map_baseline == MapBaseline::Remove {
                baseline::bound(shown, self.largest_median, self.fineness);
            }
        }
        maps
    }

    /// All maps before the offset is removed. The flows' map is how far the sum of log-likelihoods lies below
    /// the largest one or, with a memory bank, the summed surprisal of all kinds of evidence; the shown map
    /// then combines them differently ([`Evidence::shown`](super::evidence::Evidence::shown)).
    pub(super) fn fused(&self, image: ImageLikelihoods<'_>) -> Maps {
        let distances = self.distances(image);
        let likeness = self.likeness(image);
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
        let of_likelihood = tails.likelihood.as_ref().map(Weights::of_likelihood);
        let weights = Weights {
            likelihood: of_likelihood.unwrap_or(1.0),
            fineness: self.fineness,
            alignment: self.alignment,
            defects: self.defects_weight,
            likeness: self.likeness_weight,
        };
        let without_flows = of_flows.is_none();
        let whole = without_flows || self.whole_images;
        let knows_defects = likeness.is_some() && tails.defects.is_some();
        // The flows' map includes known defects.
        let apart = knows_defects && whole;
        let contexts = self.contexts(image);
        let of_contexts = contexts.as_ref().filter(|_| whole).cloned();
        let own = |map: Option<ScoreMap>| map.map(|map| map.values);
        // The flows' map gets its sums back.
        let with_likelihood = tails.likelihood.is_some();
        let of_map = of_flows.as_mut().filter(|_| with_likelihood);
        let evidence = Measured {
            sums: of_map.map(|map| std::mem::take(&mut map.values)),
            distances: of_bank.values.clone(),
            contexts: own(contexts),
            deviations: own(self.deviations(image)),
            defects: own(self.discriminants(image)).zip(own(likeness)),
            hot: self.hot_spots.as_ref().map(|spots| spots.divisors(image)),
        };
        let evidence = tails.evidence(evidence, weights);
        if let Some(map) = of_flows.as_mut().filter(|_| with_likelihood) {
            map.values = evidence.sums();
        }
        Maps {
            shown: Some(of_bank.with_values(evidence.shown())),
            of_defects: apart.then(|| of_bank.with_values(evidence.of_defects())),
            of_flows,
            distances,
            of_contexts,
        }
    }

    /// The distances to the memory bank, upsampled to the image's map; `None` without a bank.
    pub(super) fn distances(&self, image: ImageLikelihoods<'_>) -> Option<ScoreMap> {
        stitched_positions(image, |maps| maps.distances.as_ref())
    }

    /// The distances of contexts, upsampled in the same way; `None` if the model stores none.
    pub(super) fn contexts(&self, image: ImageLikelihoods<'_>) -> Option<ScoreMap> {
        stitched_positions(image, |maps| maps.contexts.as_ref())
    }

    /// The deviations from what is normal at each position, upsampled in the same way; `None` if the model has no
    /// Gaussians of positions.
    pub(super) fn deviations(&self, image: ImageLikelihoods<'_>) -> Option<ScoreMap> {
        stitched_positions(image, |maps| maps.deviations.as_ref())
    }

    /// The likeness to known defects, upsampled in the same way; `None` if the model knows none.
    pub(super) fn likeness(&self, image: ImageLikelihoods<'_>) -> Option<ScoreMap> {
        stitched_positions(image, |maps| maps.likeness.as_ref())
    }

    /// The discriminants, upsampled in the same way; `None` if the model knows no defects.
    pub(super) fn discriminants(&self, image: ImageLikelihoods<'_>) -> Option<ScoreMap> {
        stitched_positions(image, |maps| maps.discriminants.as_ref())
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
}

/// The weight of the finer input; that of the usual one is the rest.
const FINER_WEIGHT: f32 = 2.0 / 3.0;

/// The weighted mean of a value of both inputs; infinite, not NaN, if only one of them is infinite.
pub(super) fn mean_of_inputs(usual: f32, finer: f32) -> f32 {
    (1.0 - FINER_WEIGHT) * usual + FINER_WEIGHT * finer
}

/// The map of an image from those of both inputs.
fn mean_map(mut usual: ScoreMap, mut finer: ScoreMap) -> ScoreMap {
    // Padding may be rounded to other numbers of pixels.
    if (finer.width, finer.height) != (usual.width, usual.height) {
        finer = finer.resized(usual.width as u32, usual.height as u32);
    }
    let values = usual.values.iter_mut().zip(finer.values);
    values.for_each(|(value, finer)| *value = mean_of_inputs(*value, finer));
    usual
}

/// Whether there are flows on positions.
fn has_maps(maps: &LogLikelihoodMaps) -> bool {
    maps.levels.iter().any(|map| !map.is_pooled())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_is_the_mean_of_both_inputs_and_the_finer_one_counts_twice() {
        let map = |width: usize, value: f32| ScoreMap {
            width,
            height: 2,
            values: vec![value; 2 * width],
        };
        for width in [3, 4] {
            let mean = mean_map(map(3, 1.0), map(width, 4.0));
            assert_eq!((mean.width, mean.height), (3, 2));
            assert!(mean.values.iter().all(|value| (value - 3.0).abs() < 1e-6));
        }
        let infinite = mean_map(map(3, f32::INFINITY), map(3, 1.0));
        assert!(!infinite.values.iter().any(|value| value.is_nan()));
    }
}
