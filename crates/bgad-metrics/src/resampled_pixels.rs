//! Pixel metrics of many resampled sets in few walks over the pixels.

use rayon::prelude::*;

use crate::aupro::ProArea;
use crate::error::MetricError;
use crate::labelled_map::LabelledMap;
use crate::order::rank;
use crate::precision_recall::PrecisionSum;
use crate::ranking::check_classes;
use crate::region_overlap::RegionOverlap;
use crate::roc::RocArea;
use crate::sweep::{AbnormalScore, Step, Visitor};

/// Sets per walk. A pixel's rank and image are read once for all of them, and their counts are added side by
/// side in vector registers.
const LANES: usize = 16;

/// All pixels, sorted from the highest score to the lowest.
pub(crate) struct ResampledPixels {
    /// Rank and map of each normal pixel.
    normal: Vec<AbnormalScore>,
    /// Rank and region of each abnormal pixel.
    abnormal: Vec<AbnormalScore>,
    /// The map of each region, and its number of pixels.
    regions: Vec<(usize, f64)>,
    /// Normal and abnormal pixels of each map.
    pixels: Vec<(u64, u64)>,
    /// Whether each map has a defect.
    defective: Vec<bool>,
}

impl ResampledPixels {
    /// Sorts the pixels of all maps.
    ///
    /// # Errors
    /// Those of [`RegionOverlap::new`].
    pub(crate) fn new(maps: &[LabelledMap<'_>]) -> Result<Self, MetricError> {
        let overlap = RegionOverlap::new(maps)?;
        let (mut normal, mut abnormal) = (Vec::new(), Vec::new());
        let (mut regions, mut pixels) = (Vec::new(), Vec::new());
        for (index, (map, found)) in maps.iter().zip(overlap.per_map()).enumerate() {
            let owner = u32::try_from(index).map_err(|_| MetricError::TooManyRegions)?;
            let of_map = |&score: &f32| AbnormalScore::new(rank(score), owner);
            let Some(found) = found else {
                normal.extend(map.scores.iter().map(of_map));
                pixels.push((map.scores.len() as u64, 0));
                continue;
            };
            let before = regions.len() as u32;
            for (score, &label) in map.scores.iter().zip(found.labels()) {
                match label {
                    0 => normal.push(of_map(score)),
                    _ => abnormal.push(AbnormalScore::new(rank(*score), before + label - 1)),
                }
            }
            regions.extend(found.areas().iter().map(|&area| (index, area as f64)));
            let defects = found.areas().iter().sum::<usize>() as u64;
            pixels.push((map.scores.len() as u64 - defects, defects));
        }
        normal.par_sort_unstable();
        abnormal.par_sort_unstable();
        Ok(Self {
            normal,
            abnormal,
            regions,
            pixels,
            defective: overlap.per_map().iter().map(Option::is_some).collect(),
        })
    }

    /// Whether each map has a defect.
    pub(crate) fn defective(&self) -> &[bool] {
        &self.defective
    }

    /// Pixel AUROC, average precision and AUPRO up to `limit` of each set. A set says how often each map was
    /// drawn.
    ///
    /// # Errors
    /// [`MetricError::OnlyOneClass`] if a set has pixels of one class only.
    pub(crate) fn metrics(
        &self,
        sets: &[Vec<u32>],
        limit: f64,
    ) -> Result<Vec<[f64; 3]>, MetricError> {
        let walks = sets.par_chunks(LANES).map(|sets| self.walk(sets, limit));
        Ok(walks.collect::<Result<Vec<_>, _>>()?.concat())
    }

    /// The metrics of at most [`LANES`] sets.
    fn walk(&self, sets: &[Vec<u32>], limit: f64) -> Result<Vec<[f64; 3]>, MetricError> {
        let shares: Vec<Vec<f64>> = sets.iter().map(|set| self.shares(set)).collect();
        let of_sets = sets.iter().zip(&shares);
        let mut metrics = of_sets
            .map(|(set, shares)| {
                let weighted = self.pixels.iter().zip(set);
                let (normal, abnormal) = weighted.fold((0, 0), |sum, (pixels, &weight)| {
                    let weight = u64::from(weight);
                    (sum.0 + weight * pixels.0, sum.1 + weight * pixels.1)
                });
                check_classes(normal, abnormal)?;
                Ok(SetMetrics {
                    roc: RocArea::default(),
                    precision: PrecisionSum::default(),
                    pro: ProArea::new(shares, normal, abnormal, limit),
                    below_limit: true,
                    normal,
                    abnormal,
                    normal_left: normal,
                })
            })
            .collect::<Result<Vec<_>, MetricError>>()?;
        // One column per set; columns without a set count nothing.
        let mut weights = vec![[0; LANES]; self.pixels.len()];
        for (lane, set) in sets.iter().enumerate() {
            for (weights, &weight) in weights.iter_mut().zip(set) {
                weights[lane] = weight;
            }
        }
        let mut drawn = Drawn::new(&weights);
        let (mut normal, mut abnormal) = (self.normal.as_slice(), self.abnormal.as_slice());
        while let Some(rank) = abnormal.first().map(|score| score.rank()) {
            let higher = drawn.take(&mut normal, |score| score.rank() < rank);
            let tied = drawn.take(&mut normal, |score| score.rank() == rank);
            let end = abnormal.iter().position(|score| score.rank() != rank);
            let (equal, lower) = abnormal.split_at(end.unwrap_or(abnormal.len()));
            abnormal = lower;
            let mut found = [0; LANES];
            for score in equal {
                let weights = &weights[self.regions[score.region()].0];
                for (found, &weight) in found.iter_mut().zip(weights) {
                    *found += u64::from(weight);
                }
            }
            for (lane, metrics) in metrics.iter_mut().enumerate() {
                let step = |normal, abnormal| Step {
                    rank,
                    normal,
                    abnormal,
                };
                metrics.add(step(higher[lane], 0), &[]);
                metrics.add(step(tied[lane], found[lane]), equal);
            }
        }
        Ok(metrics.into_iter().map(SetMetrics::finish).collect())
    }

    /// What one pixel of each region adds to the mean overlap of a set: 1 / (area * regions of the set), as
    /// often as its map was drawn.
    fn shares(&self, set: &[u32]) -> Vec<f64> {
        let weight = |map: usize| f64::from(set[map]);
        let regions: f64 = self.regions.iter().map(|&(map, _)| weight(map)).sum();
        let shares = self.regions.iter();
        shares
            .map(|&(map, area)| weight(map) / (area * regions))
            .collect()
    }
}

/// Counts normal pixels, as often as their maps were drawn.
struct Drawn<'a> {
    weights: &'a [[u32; LANES]],
    /// So many pixels can't overflow 32 bits.
    safe: usize,
}

impl<'a> Drawn<'a> {
    fn new(weights: &'a [[u32; LANES]]) -> Self {
        let most = weights.iter().flatten().max().copied().unwrap_or(0);
        Self {
            weights,
            safe: (u32::MAX / most.max(1)) as usize,
        }
    }

    /// Takes pixels from the front while `wanted`; how many they are in each set.
    fn take(
        &mut self,
        pixels: &mut &[AbnormalScore],
        wanted: impl Fn(&AbnormalScore) -> bool,
    ) -> [u64; LANES] {
        let mut total = [0; LANES];
        loop {
            let mut sum = [0_u32; LANES];
            let mut taken = 0;
            for pixel in pixels.iter().take(self.safe).take_while(|p| wanted(p)) {
                for (sum, weight) in sum.iter_mut().zip(&self.weights[pixel.region()]) {
                    *sum += weight;
                }
                taken += 1;
            }
            for (total, sum) in total.iter_mut().zip(sum) {
                *total += u64::from(sum);
            }
            *pixels = &pixels[taken..];
            if taken < self.safe {
                return total;
            }
        }
    }
}

/// The metrics of one set during the walk.
struct SetMetrics<'a> {
    roc: RocArea,
    precision: PrecisionSum,
    pro: ProArea<'a>,
    below_limit: bool,
    normal: u64,
    abnormal: u64,
    normal_left: u64,
}

impl SetMetrics<'_> {
    /// The next step of the threshold, with its abnormal pixels. Consecutive scores of normal pixels alone are
    /// one step, because no curve bends between them.
    fn add(&mut self, step: Step, abnormal: &[AbnormalScore]) {
        self.normal_left -= step.normal;
        let _ = self.roc.end(step);
        let _ = self.precision.end(step);
        if self.below_limit {
            for score in abnormal {
                self.pro.abnormal(score.region());
            }
            self.below_limit = self.pro.end(step).is_continue();
        }
    }

    fn finish(mut self) -> [f64; 3] {
        let rest = Step {
            rank: u32::MAX,
            normal: self.normal_left,
            abnormal: 0,
        };
        self.add(rest, &[]);
        [
            self.roc.finish(self.normal, self.abnormal),
            self.precision.finish(self.abnormal),
            self.pro.finish(),
        ]
    }
}
