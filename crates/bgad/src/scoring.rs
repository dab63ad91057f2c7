//! From log-likelihoods to scores (section 6 of the method).

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::config::Granularity;
use crate::flows::{LogLikelihoodMap, LogLikelihoodMaps};

/// A likelihood relative to the largest normal one is cut off at `e` to this power, so that no
/// score overflows.
const LARGEST_EXPONENT: f32 = 20.0;

/// A score for each pixel, row-major; the higher, the more anomalous.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreMap {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// The scores.
    pub values: Vec<f32>,
}

impl ScoreMap {
    /// The highest score: the image's.
    pub fn maximum(&self) -> f32 {
        self.values
            .iter()
            .copied()
            .fold(f32::NEG_INFINITY, f32::max)
    }
}

/// The constants that turn log-likelihoods into scores.
///
/// Taken over a test set they are the authors' way of scoring, which makes an image's score depend
/// on the others; taken once over the normal training images and kept with the model, the same
/// image always gets the same score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// Per level the largest per-dimension log-likelihood.
    pub level_maxima: Vec<f32>,
    /// The largest sum of all levels' relative likelihoods.
    pub sum_maximum: f32,
}

impl Calibration {
    /// The constants over a set of images, scored at `size` by `size` pixels.
    pub fn over(set: &[LogLikelihoodMaps], size: usize) -> Self {
        let levels = set.first().map_or(0, |maps| maps.levels.len());
        let level_maxima = (0..levels)
            .map(|level| {
                let values = set.iter().flat_map(|maps| &maps.levels[level].values);
                values.copied().fold(f32::NEG_INFINITY, f32::max)
            })
            .collect();
        let mut calibration = Self {
            level_maxima,
            sum_maximum: 0.0,
        };
        let largest = |maps| calibration.likelihood(maps, size).maximum();
        let maxima: Vec<f32> = set.par_iter().map(largest).collect();
        calibration.sum_maximum = maxima.into_iter().fold(f32::NEG_INFINITY, f32::max);
        calibration
    }

    /// The sum over levels of `exp(l - maximum)`, upsampled to `size` by `size` pixels.
    fn likelihood(&self, maps: &LogLikelihoodMaps, size: usize) -> ScoreMap {
        let mut sum = vec![0f32; size * size];
        for (map, maximum) in maps.levels.iter().zip(&self.level_maxima) {
            let relative = |l: &f32| (l - maximum).min(LARGEST_EXPONENT).exp();
            let likelihood: Vec<f32> = map.values.iter().map(relative).collect();
            add_upsampled(&likelihood, map, size, &mut sum);
        }
        ScoreMap {
            width: size,
            height: size,
            values: sum,
        }
    }

    /// The score map: the largest sum less this image's, at `size` by `size` pixels.
    pub fn score_map(&self, maps: &LogLikelihoodMaps, size: usize) -> ScoreMap {
        let mut map = self.likelihood(maps, size);
        for value in &mut map.values {
            *value = self.sum_maximum - *value;
        }
        map
    }

    /// The score of an image of which each level has a single log-likelihood: the sum over levels
    /// of how far it lies below the largest one.
    fn image_level_score(&self, maps: &LogLikelihoodMaps) -> f32 {
        let levels = maps.levels.iter().zip(&self.level_maxima);
        levels
            .flat_map(|(map, maximum)| map.values.iter().map(move |l| maximum - l))
            .sum()
    }

    /// The image's score, and its map where there is one.
    pub fn score(
        &self,
        maps: &LogLikelihoodMaps,
        granularity: Granularity,
        size: usize,
    ) -> (f32, Option<ScoreMap>) {
        match granularity {
            Granularity::Pixel => {
                let map = self.score_map(maps, size);
                (map.maximum(), Some(map))
            }
            Granularity::Image => (self.image_level_score(maps), None),
        }
    }
}

/// Adds a level's map, upsampled bilinearly with aligned corners.
fn add_upsampled(values: &[f32], map: &LogLikelihoodMap, size: usize, sum: &mut [f32]) {
    let columns = neighbours(map.width, size);
    let rows = neighbours(map.height, size);
    for (line, &(top, bottom, down)) in sum.chunks_exact_mut(size).zip(&rows) {
        let upper = &values[top * map.width..][..map.width];
        let lower = &values[bottom * map.width..][..map.width];
        for (pixel, &(left, right, along)) in line.iter_mut().zip(&columns) {
            let above = upper[left] * (1.0 - along) + upper[right] * along;
            let below = lower[left] * (1.0 - along) + lower[right] * along;
            *pixel += above * (1.0 - down) + below * down;
        }
    }
}

/// For each of `size` pixels along an axis the two of `length` values beside it, and the weight of
/// the second.
fn neighbours(length: usize, size: usize) -> Vec<(usize, usize, f32)> {
    let step = match size {
        0 | 1 => 0.0,
        _ => (length - 1) as f32 / (size - 1) as f32,
    };
    (0..size)
        .map(|pixel| {
            let place = pixel as f32 * step;
            let first = (place as usize).min(length - 1);
            (first, (first + 1).min(length - 1), place - first as f32)
        })
        .collect()
}
