//! Confidence intervals of the ranking metrics: one sort, then one walk per resampled set.

use std::ops::ControlFlow;

use crate::aupro::{ProArea, check_limit};
use crate::bootstrap::{Bootstrap, ConfidenceInterval, weighted_intervals};
use crate::error::MetricError;
use crate::labelled_map::LabelledMap;
use crate::order::rank;
use crate::precision_recall::{HighestF1, PrecisionSum};
use crate::ranking::{check_classes, check_scores};
use crate::region_overlap::RegionOverlap;
use crate::roc::RocArea;
use crate::sweep::{AbnormalScore, Step, Visitor};

/// Confidence intervals of the metrics of image scores.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ImageIntervals {
    /// The interval of [`crate::auroc`].
    pub auroc: ConfidenceInterval,
    /// The interval of [`crate::average_precision`].
    pub average_precision: ConfidenceInterval,
    /// The interval of [`crate::best_f1`]; each resampled set chooses its own threshold.
    pub best_f1: ConfidenceInterval,
}

/// Confidence intervals of the pixel metrics.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PixelIntervals {
    /// The interval of [`crate::pixel_auroc`].
    pub auroc: ConfidenceInterval,
    /// The interval of [`crate::pixel_average_precision`].
    pub average_precision: ConfidenceInterval,
    /// The interval of [`crate::aupro`].
    pub aupro: ConfidenceInterval,
}

/// Intervals of AUROC, average precision and best F1, as [`crate::bootstrap_interval`] defines
/// them.
///
/// # Errors
///
/// Those of [`crate::auroc`], and [`MetricError::InvalidBootstrap`].
///
/// # Example
///
/// ```
/// use bgad_metrics::{Bootstrap, image_intervals};
///
/// let scores = [0.1, 0.5, 0.3, 0.4, 0.9];
/// let abnormal = [false, false, false, true, true];
/// let intervals = image_intervals(&scores, &abnormal, &Bootstrap::default())?;
/// assert!((intervals.auroc.estimate - 5.0 / 6.0).abs() < 1e-12);
/// assert!(intervals.auroc.low < intervals.auroc.estimate);
/// # Ok::<(), bgad_metrics::MetricError>(())
/// ```
pub fn image_intervals(
    scores: &[f32],
    abnormal: &[bool],
    settings: &Bootstrap,
) -> Result<ImageIntervals, MetricError> {
    check_scores(scores, abnormal.len())?;
    let mut records = OwnedScores::default();
    for (image, (&score, &abnormal)) in scores.iter().zip(abnormal).enumerate() {
        let owner = u32::try_from(image).map_err(|_| MetricError::TooManyRegions)?;
        records
            .of(abnormal)
            .push(AbnormalScore::new(rank(score), owner));
    }
    records.sort();
    let owners: Vec<u32> = (0..scores.len() as u32).collect();
    let [auroc, average_precision, best_f1] = weighted_intervals(abnormal, settings, |weights| {
        let total = |class: bool| -> u64 {
            let of_class = weights.iter().zip(abnormal).filter(|&(_, &a)| a == class);
            of_class.map(|(&weight, _)| u64::from(weight)).sum()
        };
        let (normal, abnormal) = (total(false), total(true));
        let mut metrics = (
            RocArea::default(),
            PrecisionSum::default(),
            HighestF1::new(abnormal),
        );
        records.sweep(weights, &owners, |step, _| {
            let _ = metrics.0.end(step);
            let _ = metrics.1.end(step);
            let _ = metrics.2.end(step);
        });
        Ok([
            metrics.0.finish(normal, abnormal),
            metrics.1.finish(abnormal),
            metrics.2.finish().f1,
        ])
    })?;
    Ok(ImageIntervals {
        auroc,
        average_precision,
        best_f1,
    })
}

/// Intervals of pixel AUROC, pixel average precision and AUPRO up to `aupro_limit`, as
/// [`crate::bootstrap_interval`] defines them. Whole maps are drawn, with all their pixels; a map is abnormal
/// if its mask shows a defect.
///
/// Takes 8 bytes per pixel, and one walk over all pixels per resample.
///
/// # Errors
///
/// Those of [`crate::aupro`], [`MetricError::InvalidBootstrap`], and [`MetricError::OnlyOneClass`] if every
/// map has a defect, which leaves no normal images to draw.
pub fn pixel_intervals(
    maps: &[LabelledMap<'_>],
    aupro_limit: f64,
    settings: &Bootstrap,
) -> Result<PixelIntervals, MetricError> {
    check_limit(aupro_limit)?;
    let overlap = RegionOverlap::new(maps)?;
    let mut records = OwnedScores::default();
    let mut owners = Vec::new();
    let mut areas = Vec::new();
    for (image, (map, regions)) in (0_u32..).zip(maps.iter().zip(overlap.per_map())) {
        let Some(regions) = regions else {
            let scores = map.scores.iter();
            let records = records.of(false);
            records.extend(scores.map(|&score| AbnormalScore::new(rank(score), image)));
            continue;
        };
        let before = owners.len() as u32;
        for (&score, &label) in map.scores.iter().zip(regions.labels()) {
            let owner = if label > 0 { before + label - 1 } else { image };
            let record = AbnormalScore::new(rank(score), owner);
            records.of(label > 0).push(record);
        }
        owners.extend(regions.areas().iter().map(|_| image));
        areas.extend(regions.areas().iter().map(|&area| area as f64));
    }
    records.sort();
    let defective: Vec<bool> = overlap.per_map().iter().map(Option::is_some).collect();
    let defect_pixels = |map: usize| -> usize {
        let regions = overlap.per_map()[map].as_ref();
        regions.map_or(0, |regions| regions.areas().iter().sum())
    };
    let pixels: Vec<(u64, u64)> = (0..maps.len())
        .map(|map| {
            let defects = defect_pixels(map);
            ((maps[map].mask.len() - defects) as u64, defects as u64)
        })
        .collect();

    let [auroc, average_precision, aupro] = weighted_intervals(&defective, settings, |weights| {
        let weighted = pixels.iter().zip(weights);
        let (normal, abnormal) = weighted.fold((0, 0), |sum, (pixels, &weight)| {
            let weight = u64::from(weight);
            (sum.0 + weight * pixels.0, sum.1 + weight * pixels.1)
        });
        check_classes(normal, abnormal)?;
        let weight_of = |&owner: &u32| f64::from(weights[owner as usize]);
        let regions: f64 = owners.iter().map(weight_of).sum();
        let shares: Vec<f64> = owners
            .iter()
            .zip(&areas)
            .map(|(owner, area)| weight_of(owner) / (area * regions))
            .collect();
        let (mut roc, mut precision) = (RocArea::default(), PrecisionSum::default());
        let mut pro = ProArea::new(&shares, normal, abnormal, aupro_limit);
        let mut below_limit = true;
        records.sweep(weights, &owners, |step, regions| {
            let _ = roc.end(step);
            let _ = precision.end(step);
            if below_limit {
                regions
                    .iter()
                    .for_each(|score| pro.abnormal(score.region()));
                below_limit = pro.end(step) == ControlFlow::Continue(());
            }
        });
        Ok([
            roc.finish(normal, abnormal),
            precision.finish(abnormal),
            pro.finish(),
        ])
    })?;
    Ok(PixelIntervals {
        auroc,
        average_precision,
        aupro,
    })
}

/// Sorted scores with their owners: the image of a normal score, the region of an abnormal one.
#[derive(Default)]
struct OwnedScores {
    normal: Vec<AbnormalScore>,
    abnormal: Vec<AbnormalScore>,
}

impl OwnedScores {
    fn of(&mut self, abnormal: bool) -> &mut Vec<AbnormalScore> {
        if abnormal {
            &mut self.abnormal
        } else {
            &mut self.normal
        }
    }

    fn sort(&mut self) {
        self.normal.sort_unstable();
        self.abnormal.sort_unstable();
    }

    /// Shows the distinct scores to the visitor; each image counts as often as it was drawn.
    fn sweep(
        &self,
        weights: &[u32],
        image_of_region: &[u32],
        mut visit: impl FnMut(Step, &[AbnormalScore]),
    ) {
        let (mut normal, mut abnormal) = (self.normal.as_slice(), self.abnormal.as_slice());
        loop {
            let first = |scores: &[AbnormalScore]| scores.first().map(|score| score.rank());
            let rank = match (first(normal), first(abnormal)) {
                (Some(normal), Some(abnormal)) => normal.min(abnormal),
                (Some(only), None) | (None, Some(only)) => only,
                (None, None) => return,
            };
            let drawn = take_equal(&mut normal, rank).iter();
            let normal_count = drawn.map(|s| u64::from(weights[s.region()])).sum();
            let equal = take_equal(&mut abnormal, rank);
            let image = |score: &AbnormalScore| image_of_region[score.region()] as usize;
            let abnormal_count = equal.iter().map(|s| u64::from(weights[image(s)])).sum();
            let step = Step {
                rank,
                normal: normal_count,
                abnormal: abnormal_count,
            };
            visit(step, equal);
        }
    }
}

/// The scores of this rank from the front.
fn take_equal<'a>(scores: &mut &'a [AbnormalScore], rank: u32) -> &'a [AbnormalScore] {
    let count = scores
        .iter()
        .take_while(|score| score.rank() == rank)
        .count();
    let (equal, later) = scores.split_at(count);
    *scores = later;
    equal
}
