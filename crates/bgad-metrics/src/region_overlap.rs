//! The ground-truth regions of a whole test set, all with equal weight.

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use crate::error::{Class, MetricError};
use crate::labelled_map::{LabelledMap, check_maps};
use crate::order::rank;
use crate::ranking::{Ranking, RankingBuilder};
use crate::regions::{Regions, connected_regions};
use crate::sweep::AbnormalScore;

/// The regions of all maps, and what each pixel contributes to the per-region overlap (PRO).
pub(crate) struct RegionOverlap {
    /// The regions of each map; `None` for a map without a defect, which needs no labels.
    per_map: Vec<Option<Regions>>,
    /// For each region over all maps: what one of its pixels adds to the mean overlap, 1 / (area * number of
    /// regions).
    shares: Vec<f64>,
    normal_pixels: usize,
    defect_pixels: usize,
}

impl RegionOverlap {
    /// Checks the maps and labels their regions.
    pub(crate) fn new(maps: &[LabelledMap<'_>]) -> Result<Self, MetricError> {
        check_maps(maps)?;
        let pixels: usize = maps.iter().map(|map| map.mask.len()).sum();
        if pixels == 0 {
            return Err(MetricError::Empty);
        }
        let per_map = maps
            .par_iter()
            .map(|map| {
                map.mask
                    .contains(&true)
                    .then(|| connected_regions(map.mask, map.width, map.height))
                    .transpose()
            })
            .collect::<Result<Vec<_>, _>>()?;
        let areas = || per_map.iter().flatten().flat_map(Regions::areas);
        let count = areas().count();
        if count == 0 {
            return Err(MetricError::NoRegions);
        }
        if u32::try_from(count).is_err() {
            return Err(MetricError::TooManyRegions);
        }
        let defect_pixels: usize = areas().sum();
        if defect_pixels == pixels {
            return Err(MetricError::OnlyOneClass {
                missing: Class::Normal,
            });
        }
        let shares = areas()
            .map(|&area| 1.0 / (area as f64 * count as f64))
            .collect();
        Ok(Self {
            per_map,
            shares,
            normal_pixels: pixels - defect_pixels,
            defect_pixels,
        })
    }

    /// Sorts the pixels of all maps, those of defects with their regions.
    pub(crate) fn rank(&self, maps: &[LabelledMap<'_>]) -> Result<Ranking, MetricError> {
        let mut builder = RankingBuilder::with_capacity(self.normal_pixels, self.defect_pixels);
        self.for_each_pixel(maps, |score, region| match region {
            Some(region) => builder.push_abnormal(score, region),
            None => builder.push_normal(score),
        });
        builder.finish()
    }

    /// Sorts the pixels of defects, with their regions, and counts the others between them.
    pub(crate) fn count(&self, maps: &[LabelledMap<'_>]) -> Result<Ranking, MetricError> {
        let mut abnormal = Vec::with_capacity(self.defect_pixels);
        self.for_each_pixel_of_defects(maps, |score, region| {
            abnormal.push(AbnormalScore::new(rank(score), region));
        });
        Ranking::of_maps(maps, abnormal)
    }

    /// The regions of each map, `None` for a map without a defect.
    pub(crate) fn per_map(&self) -> &[Option<Regions>] {
        &self.per_map
    }

    /// What one pixel of each region adds to the mean overlap.
    pub(crate) fn shares(&self) -> &[f64] {
        &self.shares
    }

    /// Pixels outside every region; at least one.
    pub(crate) fn normal_pixels(&self) -> usize {
        self.normal_pixels
    }

    /// Visits all pixels of all maps with the index of their region, `None` for normal ones.
    pub(crate) fn for_each_pixel(
        &self,
        maps: &[LabelledMap<'_>],
        mut visit: impl FnMut(f32, Option<u32>),
    ) {
        // Number of regions before the current map's. The caller has checked that all indices fit 32 bits.
        let mut before = 0;
        for (map, regions) in maps.iter().zip(&self.per_map) {
            let Some(regions) = regions else {
                map.scores.iter().for_each(|&score| visit(score, None));
                continue;
            };
            for (&score, &label) in map.scores.iter().zip(regions.labels()) {
                visit(score, (label > 0).then(|| before + label - 1));
            }
            before += regions.count() as u32;
        }
    }

    /// Visits the pixels of defects with the index of their region.
    fn for_each_pixel_of_defects(&self, maps: &[LabelledMap<'_>], mut visit: impl FnMut(f32, u32)) {
        let mut before = 0;
        for (map, regions) in maps.iter().zip(&self.per_map) {
            let Some(regions) = regions else { continue };
            for (&score, &label) in map.scores.iter().zip(regions.labels()) {
                if label > 0 {
                    visit(score, before + label - 1);
                }
            }
            before += regions.count() as u32;
        }
    }
}
