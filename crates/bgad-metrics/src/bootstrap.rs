//! Confidence intervals by resampling images.

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use crate::error::MetricError;
use crate::ranking::check_classes;

/// How confidence intervals are computed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bootstrap {
    /// Number of resampled sets.
    pub resamples: usize,
    /// Share of the resampled values inside the interval, between 0 and 1.
    pub level: f64,
    /// Seed of the resampling: the same seed gives the same intervals on any number of threads.
    pub seed: u64,
}

impl Default for Bootstrap {
    /// 1000 sets, 95 %, seed 0.
    fn default() -> Self {
        Self {
            resamples: 1000,
            level: 0.95,
            seed: 0,
        }
    }
}

/// A metric with the uncertainty that comes from the choice of test images.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ConfidenceInterval {
    /// The metric on the set itself.
    pub estimate: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Share of the resampled values between the ends.
    pub level: f64,
}

/// The confidence interval of any metric over a set of images.
///
/// The stratified percentile bootstrap (Efron and Tibshirani 1993, chapter 13). Each resampled set draws with
/// replacement as many normal images as there are, and as many abnormal ones. The ends are the (1 - level) /
/// 2 and (1 + level) / 2 quantiles of the metric over these sets, interpolated linearly. The interval shows
/// the spread due to few test images, not that of training.
///
/// `statistic` receives image indices in ascending order, some of them repeated. For AUROC, average precision
/// and F1 use [`crate::image_intervals`], for pixel metrics [`crate::pixel_intervals`]; both are much faster.
///
/// # Errors
///
/// [`MetricError::InvalidBootstrap`] without resamples or with a level outside (0, 1),
/// [`MetricError::Empty`], [`MetricError::OnlyOneClass`], and whatever `statistic` returns.
///
/// # Example
///
/// ```
/// use bgad_metrics::{Bootstrap, bootstrap_interval};
///
/// let scores = [0.1, 0.2, 0.3, 0.4, 0.9];
/// let abnormal = [false, false, false, true, true];
/// let mean = |images: &[usize]| {
///     Ok(images.iter().map(|&image| scores[image]).sum::<f64>() / images.len() as f64)
/// };
/// let interval = bootstrap_interval(&abnormal, &Bootstrap::default(), mean)?;
/// assert!(interval.low < interval.estimate && interval.estimate < interval.high);
/// # Ok::<(), bgad_metrics::MetricError>(())
/// ```
pub fn bootstrap_interval(
    abnormal: &[bool],
    settings: &Bootstrap,
    statistic: impl Fn(&[usize]) -> Result<f64, MetricError> + Sync,
) -> Result<ConfidenceInterval, MetricError> {
    let [interval] = weighted_intervals(abnormal, settings, |weights| {
        let images = weights.iter().enumerate();
        let images: Vec<usize> = images
            .flat_map(|(image, &weight)| std::iter::repeat_n(image, weight as usize))
            .collect();
        Ok([statistic(&images)?])
    })?;
    Ok(interval)
}

/// Intervals of several statistics that depend on how often each image was drawn.
pub(crate) fn weighted_intervals<const N: usize>(
    abnormal: &[bool],
    settings: &Bootstrap,
    statistics: impl Fn(&[u32]) -> Result<[f64; N], MetricError> + Sync,
) -> Result<[ConfidenceInterval; N], MetricError> {
    intervals_of_sets(abnormal, settings, |sets| {
        sets.par_iter().map(|set| statistics(set)).collect()
    })
}

/// The same, with the statistics of all sets at once. The first set is the one given, with each image once.
pub(crate) fn intervals_of_sets<const N: usize>(
    abnormal: &[bool],
    settings: &Bootstrap,
    statistics: impl FnOnce(&[Vec<u32>]) -> Result<Vec<[f64; N]>, MetricError>,
) -> Result<[ConfidenceInterval; N], MetricError> {
    settings.check()?;
    let of_class = |class: bool| -> Vec<usize> {
        (0..abnormal.len())
            .filter(|&image| abnormal[image] == class)
            .collect()
    };
    let strata = [of_class(false), of_class(true)];
    check_classes(strata[0].len() as u64, strata[1].len() as u64)?;
    let resampled = (0..settings.resamples).map(|resample| {
        let mut draws = Draws::new(settings.seed, resample as u64);
        let mut weights = vec![0; abnormal.len()];
        for images in &strata {
            for _ in images {
                weights[images[draws.below(images.len())]] += 1;
            }
        }
        weights
    });
    let sets: Vec<Vec<u32>> = std::iter::once(vec![1; abnormal.len()])
        .chain(resampled)
        .collect();
    let statistics = statistics(&sets)?;
    let (estimates, resampled) = statistics.split_first().ok_or(MetricError::Empty)?;
    Ok(std::array::from_fn(|statistic| {
        let mut values: Vec<f64> = resampled.iter().map(|set| set[statistic]).collect();
        values.sort_unstable_by(f64::total_cmp);
        ConfidenceInterval {
            estimate: estimates[statistic],
            low: quantile(&values, (1.0 - settings.level) / 2.0),
            high: quantile(&values, (1.0 + settings.level) / 2.0),
            level: settings.level,
        }
    }))
}

impl Bootstrap {
    fn check(&self) -> Result<(), MetricError> {
        let problem = if self.resamples == 0 {
            "no resamples: expected at least one"
        } else if !(self.level > 0.0 && self.level < 1.0) {
            "the level must be between 0 and 1"
        } else {
            return Ok(());
        };
        Err(MetricError::InvalidBootstrap { problem })
    }
}

/// The quantile of sorted values; there must be at least one.
fn quantile(sorted: &[f64], at: f64) -> f64 {
    let position = at * (sorted.len() - 1) as f64;
    let below = position as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (sorted[above] - sorted[below]) * (position - below as f64)
}

/// SplitMix64 (Steele, Lea and Flood 2014), written out so that a seed means the same with every version of
/// every dependency.
struct Draws(u64);

impl Draws {
    /// A separate sequence for each resample, so that they can be drawn in any order.
    fn new(seed: u64, resample: u64) -> Self {
        Self(mix(mix(seed) ^ resample))
    }

    fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        ((u128::from(mix(self.0)) * count as u128) >> 64) as usize
    }
}

fn mix(value: u64) -> u64 {
    let value = (value ^ value >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ value >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ value >> 31
}
