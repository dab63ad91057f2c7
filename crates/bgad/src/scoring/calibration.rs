//! What converts log-likelihoods to scores: the rule and its constants.

use serde::{Deserialize, Serialize};

use super::baseline;
use super::edges::Edges;
use super::evidence::{DefectTails, Tails};
use super::fusion::{JointSpread, Spread};
use super::hot_spots::HotSpots;
use super::image_likelihoods::ImageLikelihoods;
use super::score_map::ScoreMap;
use super::tail::Tail;
use super::weights::Weights;
use crate::config::choices::{Aggregation, MapBaseline};
use crate::config::image_score::ImageScore;
use crate::error::Result;
use crate::input::view::{View, Views};
use crate::model::likelihoods::LogLikelihoodMaps;

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
    /// Puts log-likelihoods, distances to the memory bank, those of contexts, deviations and likeness to known defects on
    /// one scale, if there are several of them.
    pub(crate) tails: Option<Tails>,
    /// Puts the parts of an image's score on one scale, if there are several.
    pub(crate) joint: Option<JointSpread>,
    /// The weight of known defects in the map that is shown, from 0 to 1: the fewer are known, the less they say.
    pub(crate) defects_weight: f32,
    /// How fine the texture of normal images is, from 0 to 1: how far log-likelihoods replace distances.
    pub(crate) fineness: f32,
    /// How alike normal images are at the same position, from 0 to 1: the weight of positions' Gaussians.
    pub(crate) alignment: f32,
    /// Whether whole images count about as much for an image's score as its positions.
    pub(crate) whole_images: bool,
    /// How far known defects recur, from 0 to 1, if they are a part of the score of their own.
    pub(crate) recurrence: f32,
    /// The edges of each flow's maps on fine textures; empty on others.
    pub(crate) edges: Vec<Edges>,
    /// The places that look odd on normal images; `None` without a memory bank or flows on positions.
    pub(crate) hot_spots: Option<HotSpots>,
    /// Whether scores are means over an image and its mirror image, so that hot spots must be symmetric.
    pub(crate) symmetric: bool,
    /// The limit of halos in shown maps: the pixel threshold, if there is one. `None` for a finer input, whose map
    /// becomes a part of the mean before halos are dimmed.
    pub(crate) halo_limit: Option<f32>,
    /// The weight of likeness to known defects beside the discriminant, from 0 to 1.
    pub(crate) likeness_weight: f32,
    /// The largest median of a shown map: above the pixel threshold.
    pub(crate) largest_median: f32,
    /// The constants for the finer input, if there is one. Scores and maps are then weighted means over both inputs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) finer: Option<Box<Self>>,
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
            defects_weight: 1.0,
            fineness: 0.0,
            alignment: 0.0,
            whole_images: false,
            recurrence: 0.0,
            edges: Vec::new(),
            hot_spots: None,
            symmetric: false,
            halo_limit: None,
            likeness_weight: 1.0,
            largest_median: baseline::LARGEST_MEDIAN,
            finer: None,
        }
    }

    /// How far defects are small, from 0 to 1: on fine textures, and on small parts that lie on a plain background.
    pub(crate) fn smallness(&self) -> f32 {
        let tails = self.tails.as_ref();
        let tail = tails.and_then(|tails| tails.likelihood.as_ref());
        self.fineness.max(tail.map_or(0.0, Weights::plainness))
    }

    /// Whether these are the constants of a finer input for the rule of `other`.
    pub(crate) fn has_rule_of(&self, other: &Self) -> bool {
        let rule = |of: &Self| {
            (
                of.aggregation,
                of.map_baseline,
                of.image_score,
                of.whole_images,
            )
        };
        rule(self) == rule(other) && self.finer.is_none() && self.halo_limit.is_none()
    }

    /// Whether there are known defects on one of the inputs.
    pub(crate) fn knows_defects(&self) -> bool {
        let tails = self.tails.as_ref();
        let knows = tails.is_some_and(|tails| tails.defects.is_some());
        knows
            || self
                .finer
                .as_ref()
                .is_some_and(|finer| finer.knows_defects())
    }

    /// Sets whether hot spots must be symmetric, on both inputs.
    #[cfg(feature = "train")]
    pub(crate) fn set_symmetric(&mut self, symmetric: bool) {
        self.symmetric = symmetric;
        if let Some(finer) = &mut self.finer {
            finer.set_symmetric(symmetric);
        }
    }

    /// Sets the limit of halos in shown maps.
    pub(crate) fn set_halo_limit(&mut self, limit: Option<f32>) {
        self.halo_limit = limit;
    }

    /// Sets the largest median of shown maps, of both inputs.
    pub(crate) fn set_largest_median(&mut self, median: f32) {
        self.largest_median = median;
        if let Some(finer) = &mut self.finer {
            finer.set_largest_median(median);
        }
    }

    /// Whether the constants in a model file make sense.
    pub(crate) fn is_sound(&self) -> bool {
        let tails = self.tails.iter();
        let mut tails = tails.flat_map(|tails| {
            let others = [&tails.likelihood, &tails.context, &tails.deviation];
            let of_defects = tails.defects.iter();
            let of_defects = of_defects.flat_map(DefectTails::all);
            let others = others.into_iter().flatten().chain(of_defects);
            others.chain([&tails.distance])
        });
        let recurrence = (0.0..=1.0).contains(&self.recurrence);
        self.largest_median > 0.0 && recurrence && tails.all(Tail::is_sound)
    }

    /// Whether the edges in a model file fit flows on maps with these numbers of rows and columns.
    pub(crate) fn are_edges_sound(&self, sides: &[usize]) -> bool {
        let mut fit = self.edges.iter().zip(sides);
        let wanted = if self.fineness > 0.0 { sides.len() } else { 0 };
        let complete = self.edges.is_empty() || self.edges.len() == wanted;
        complete && fit.all(|(edges, side)| edges.is_sound(*side))
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

    /// The same rule, with whole images counting about as much for an image's score as its positions, or little.
    #[cfg(feature = "train")]
    pub(crate) fn with_whole_images(mut self, whole_images: bool) -> Self {
        self.whole_images = whole_images;
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
    /// [`Error::Input`](crate::Error::Input) if the rule weighs levels by dimension and the number of dimensions
    /// is not that of the flows.
    pub fn over(&self, set: &[LogLikelihoodMaps], size: usize) -> Result<Self> {
        let views = Views::one(View::stretched(size as u32));
        self.over_images(&ImageLikelihoods::whole(set, &views))
    }

    /// The score map of an image that is one input of `size` by `size` pixels without padding: the largest
    /// sum minus this image's sum. `None` if there are only pooled features.
    pub fn score_map(&self, maps: &LogLikelihoodMaps, size: usize) -> Option<ScoreMap> {
        self.map_of(ImageLikelihoods {
            views: &Views::one(View::stretched(size as u32)),
            inputs: std::slice::from_ref(maps),
        })
    }

    /// The score of an image that is one input of `size` by `size` pixels without padding, and its map if
    /// there is one.
    pub fn score(&self, maps: &LogLikelihoodMaps, size: usize) -> (f32, Option<ScoreMap>) {
        self.score_of(ImageLikelihoods {
            views: &Views::one(View::stretched(size as u32)),
            inputs: std::slice::from_ref(maps),
        })
    }
}
