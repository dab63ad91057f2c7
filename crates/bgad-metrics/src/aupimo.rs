//! Area under the per-image overlap curve.

use std::ops::ControlFlow;

use rayon::slice::ParallelSliceMut;

use crate::error::MetricError;
use crate::labelled_map::LabelledMap;
use crate::order::rank;
use crate::region_overlap::RegionOverlap;
use crate::sweep::{AbnormalScore, Step, Visitor, sweep};

/// The range of false-positive rates over which AUPIMO integrates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AupimoBounds {
    /// Lower bound of the mean false-positive rate, above 0.
    pub lower: f64,
    /// Upper bound of the mean false-positive rate, above `lower` and at most 1.
    pub upper: f64,
}

impl Default for AupimoBounds {
    /// From 1e-5 to 1e-4, as the paper of AUPIMO recommends.
    fn default() -> Self {
        Self {
            lower: 1e-5,
            upper: 1e-4,
        }
    }
}

/// AUPIMO of every defective map.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq)]
pub struct Aupimo {
    /// One area per map, in the order given, in [0, 1]; `None` for a map without a defect.
    pub per_map: Vec<Option<f64>>,
    /// The mean over the defective maps.
    pub mean: f64,
}

/// Area under the per-image overlap curve (AUPIMO, Bertoldo et al. 2024, arXiv 2401.01984) of every defective
/// map: how much of its defect is found at thresholds that almost never flag a normal pixel.
///
/// At a threshold t, a pixel is positive where its score >= t.
///
/// - F(t) is the mean, over the maps without a defect, of the share of positive pixels.
/// - T_i(t) is the share of positive pixels among the defect pixels of map i.
///
/// With the bounds L and U on the false-positive rate,
///
/// ```text
/// AUPIMO_i = 1 / ln(U / L) * integral from ln L to ln U of T_i(F^-1(z)) d ln z
/// ```
///
/// The curve starts at (0, 0) and has one point per distinct score, joined by straight lines in F, as in
/// [`crate::auroc`] and [`crate::aupro`]; the integral over d ln z = dz / z is taken in closed form. The
/// authors' program samples thresholds instead and joins its points by straight lines in ln F; the two differ
/// where many scores are equal. Scores without information give (U - L) / ln(U / L), 4e-5 with the default
/// bounds.
///
/// # Errors
///
/// [`MetricError::InvalidBounds`], [`MetricError::MapSize`], [`MetricError::NotANumberInMap`],
/// [`MetricError::Empty`]; [`MetricError::NoRegions`] if no mask has a defect, [`MetricError::NoNormalMaps`]
/// if every mask has one, and [`MetricError::TooFewNormalPixels`] if the lower bound is less than one normal
/// pixel, because the curve between the bounds would be a guess.
///
/// # Example
///
/// ```
/// use bgad_metrics::{AupimoBounds, LabelledMap, aupimo};
///
/// let normal = LabelledMap { width: 4, height: 1, scores: &[0.1, 0.2, 0.3, 0.4], mask: &[false; 4] };
/// let defective = LabelledMap { width: 2, height: 1, scores: &[0.9, 0.0], mask: &[true; 2] };
/// // Half of the defect is above every normal pixel, half below.
/// let found = aupimo(&[normal, defective], AupimoBounds { lower: 0.25, upper: 0.5 })?;
/// assert_eq!(found.per_map, [None, Some(0.5)]);
/// # Ok::<(), bgad_metrics::MetricError>(())
/// ```
pub fn aupimo(maps: &[LabelledMap<'_>], bounds: AupimoBounds) -> Result<Aupimo, MetricError> {
    bounds.check()?;
    let overlap = RegionOverlap::new(maps)?;
    let mut normal = NormalMaps::default();
    let mut sources: Vec<Vec<u32>> = Vec::new();
    let mut images = DefectiveImages::default();
    let mut abnormal = Vec::new();
    for (map, regions) in maps.iter().zip(overlap.per_map()) {
        let first_region = images.map_of_region.len() as u32;
        images.add(regions.as_ref().map(|regions| regions.areas()));
        if let Some(regions) = regions {
            let labelled = map.scores.iter().zip(regions.labels());
            abnormal.extend(
                labelled
                    .filter(|&(_, &label)| label > 0)
                    .map(|(&score, &label)| {
                        AbnormalScore::new(rank(score), first_region + label - 1)
                    }),
            );
        } else if let Some(group) = normal.add(map.scores.len()) {
            sources.resize_with(normal.groups(), Vec::new);
            sources[group].extend(map.scores.iter().map(|&score| rank(score)));
        }
    }
    normal.check(bounds)?;
    abnormal.par_sort_unstable();
    sources
        .iter_mut()
        .for_each(|ranks| ranks.par_sort_unstable());
    let mut slices: Vec<&[u32]> = sources.iter().map(Vec::as_slice).collect();
    let mut area = PimoArea::new(&images, &normal, bounds);
    sweep(&mut slices, &mut abnormal.as_slice(), &mut area);
    Ok(area.finish())
}

impl AupimoBounds {
    pub(crate) fn check(self) -> Result<(), MetricError> {
        let Self { lower, upper } = self;
        if lower > 0.0 && lower < upper && upper <= 1.0 {
            Ok(())
        } else {
            Err(MetricError::InvalidBounds { lower, upper })
        }
    }
}

/// The maps without a defect, grouped by their number of pixels: one pixel of a small map counts for more of
/// the mean rate than one of a large map.
#[derive(Debug, Clone, Default)]
pub(crate) struct NormalMaps {
    /// Pixels of each map of the group, and the number of maps.
    groups: Vec<(usize, u64)>,
}

impl NormalMaps {
    /// The index of the group that a map of this many pixels belongs to; `None` for an empty map.
    pub(crate) fn add(&mut self, pixels: usize) -> Option<usize> {
        if pixels == 0 {
            return None;
        }
        let known = self.groups.iter().position(|group| group.0 == pixels);
        let group = known.unwrap_or_else(|| {
            self.groups.push((pixels, 0));
            self.groups.len() - 1
        });
        self.groups[group].1 += 1;
        Some(group)
    }

    pub(crate) fn groups(&self) -> usize {
        self.groups.len()
    }

    pub(crate) fn check(&self, bounds: AupimoBounds) -> Result<(), MetricError> {
        let total: f64 = self.groups.iter().map(|g| g.0 as f64 * g.1 as f64).sum();
        if total == 0.0 {
            Err(MetricError::NoNormalMaps)
        } else if total * bounds.lower < 1.0 - 1e-9 {
            Err(MetricError::TooFewNormalPixels {
                found: total as u64,
                needed: (1.0 / bounds.lower).ceil() as u64,
            })
        } else {
            Ok(())
        }
    }
}

/// Which map each region belongs to, and how large each map's defects are.
#[derive(Debug, Clone, Default)]
pub(crate) struct DefectiveImages {
    pub(crate) map_of_region: Vec<u32>,
    /// Defect pixels per map; 0 for a normal map.
    defect_pixels: Vec<u64>,
}

impl DefectiveImages {
    /// Adds the next map with the areas of its regions; `None` for a normal map.
    pub(crate) fn add(&mut self, areas: Option<&[usize]>) {
        let areas = areas.unwrap_or_default();
        let map = self.defect_pixels.len() as u32;
        self.map_of_region.extend(areas.iter().map(|_| map));
        self.defect_pixels.push(areas.iter().sum::<usize>() as u64);
    }
}

/// Integrates T_i over d ln F for all images at once.
///
/// In a step from F0 to F1, each defect pixel adds 1 / area to T_i, along a ramp from F0 to F1 and fully
/// after it. Its contribution to the integral is the same for every pixel of the step.
pub(crate) struct PimoArea<'a> {
    images: &'a DefectiveImages,
    normal: &'a NormalMaps,
    /// Index of the first group's source in the sweep.
    first_group: usize,
    bounds: AupimoBounds,
    positives: Vec<u64>,
    rate: f64,
    /// What one defect pixel of the current step contributes.
    contribution: f64,
    /// One sum per map.
    sums: Vec<f64>,
}

impl<'a> PimoArea<'a> {
    pub(crate) fn new(
        images: &'a DefectiveImages,
        normal: &'a NormalMaps,
        bounds: AupimoBounds,
    ) -> Self {
        Self {
            images,
            normal,
            first_group: 0,
            bounds,
            positives: vec![0; normal.groups()],
            rate: 0.0,
            contribution: 0.0,
            sums: vec![0.0; images.defect_pixels.len()],
        }
    }

    /// Skips the sources before this one: the normal pixels of defective maps.
    #[cfg_attr(not(feature = "streaming"), allow(dead_code))]
    pub(crate) fn skipping_sources(mut self, first: usize) -> Self {
        self.first_group = first;
        self
    }

    fn mean_rate(&self) -> f64 {
        let maps: u64 = self.normal.groups.iter().map(|group| group.1).sum();
        let positives = self.positives.iter().zip(&self.normal.groups);
        let sum: f64 = positives
            .map(|(&positives, group)| positives as f64 / group.0 as f64)
            .sum();
        sum / maps as f64
    }

    pub(crate) fn finish(self) -> Aupimo {
        let scale = (self.bounds.upper / self.bounds.lower).ln();
        let per_map: Vec<Option<f64>> = self
            .sums
            .iter()
            .zip(&self.images.defect_pixels)
            .map(|(&sum, &area)| (area > 0).then(|| (sum / (area as f64 * scale)).clamp(0.0, 1.0)))
            .collect();
        let count = per_map.iter().flatten().count();
        let mean = per_map.iter().flatten().sum::<f64>() / count as f64;
        Aupimo { per_map, mean }
    }
}

impl Visitor for PimoArea<'_> {
    fn begin(&mut self, normal: &[u64]) {
        let AupimoBounds { lower, upper } = self.bounds;
        let groups = normal.iter().skip(self.first_group);
        let mut any = false;
        for (positives, &new) in self.positives.iter_mut().zip(groups) {
            *positives += new;
            any |= new > 0;
        }
        let before = self.rate;
        if any {
            self.rate = self.mean_rate();
        }
        let after = self.rate;
        let (start, end) = (before.max(lower), after.min(upper));
        let ramp = if end > start {
            ((end - start) - before * (end / start).ln()) / (after - before)
        } else {
            0.0
        };
        let full = (upper / after.max(lower)).ln().max(0.0);
        self.contribution = ramp + full;
    }

    fn abnormal(&mut self, region: usize) {
        self.sums[self.images.map_of_region[region] as usize] += self.contribution;
    }

    fn end(&mut self, _step: Step) -> ControlFlow<()> {
        if self.rate >= self.bounds.upper {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}
