//! From log-likelihoods to scores (section 6 of the method).

use image::imageops::{self, FilterType};
use image::{ImageBuffer, Luma};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::flows::{LogLikelihoodMap, LogLikelihoodMaps};
use crate::image_score::ImageScore;

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

    /// The map at another size, as that of the image that was predicted: bilinear between the
    /// centres of pixels.
    pub fn resized(&self, width: u32, height: u32) -> Self {
        let (columns, rows) = (self.width as u32, self.height as u32);
        let at = |x: u32, y: u32| self.values[y as usize * self.width + x as usize];
        let map = ImageBuffer::from_fn(columns, rows, |x, y| Luma([at(x, y)]));
        let resized = imageops::resize(&map, width, height, FilterType::Triangle);
        Self {
            width: width as usize,
            height: height as usize,
            values: resized.into_raw(),
        }
    }

    /// Which pixels of an image of this size belong to the regions of a prediction, row-major: those
    /// above `threshold`.
    pub fn mask(&self, threshold: f32, width: u32, height: u32) -> Vec<bool> {
        let nearest = |to: u32, of: u32, from: usize| {
            (u64::from(to) * from as u64 / u64::from(of.max(1))) as usize
        };
        let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        let above = |(x, y)| {
            let (x, y) = (
                nearest(x, width, self.width),
                nearest(y, height, self.height),
            );
            self.values[y * self.width + x] > threshold
        };
        pixels.map(above).collect()
    }
}

/// How the levels' log-likelihoods become one map.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Aggregation {
    /// The sum of likelihoods relative to each level's largest: the paper. A level counts where it
    /// finds a position likely; how unlikely another one finds it hardly matters.
    #[default]
    Likelihood,
    /// The sum of log-likelihoods: all levels' evidence, as if they were independent.
    LogLikelihood,
    /// The sum of log-likelihoods, each divided by its deviation over normal features: levels that
    /// vary much where nothing is wrong weigh less.
    Standardized,
}

/// Mean and standard deviation of a score over normal images.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spread {
    /// The mean.
    pub mean: f32,
    /// The standard deviation.
    pub deviation: f32,
}

impl Spread {
    fn of(scores: impl Iterator<Item = f32> + Clone) -> Self {
        let count = scores.clone().count().max(1) as f64;
        let mean = scores.clone().map(f64::from).sum::<f64>() / count;
        let squares = scores.map(|s| (f64::from(s) - mean).powi(2));
        let deviation = (squares.sum::<f64>() / (count - 1.0).max(1.0)).sqrt();
        Self {
            mean: mean as f32,
            // A single normal image, or images that are all alike, have no spread to divide by.
            deviation: if deviation > 1e-6 {
                deviation as f32
            } else {
                1.0
            },
        }
    }

    fn standardize(self, score: f32) -> f32 {
        (score - self.mean) / self.deviation
    }
}

/// What puts the scores of positions and of pooled features on one scale.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JointSpread {
    /// Of the score that the map gives.
    pub map: Spread,
    /// Of the score that pooled features give.
    pub pooled: Spread,
}

/// What turns log-likelihoods into scores: the rule, and constants over a set of images.
///
/// Taken over a test set the constants are the authors' way of scoring, which makes an image's score
/// depend on the others; taken once over the normal training images and kept with the model, the
/// same image always gets the same score.
#[non_exhaustive]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// How levels become one map.
    pub aggregation: Aggregation,
    /// How a map becomes an image's score.
    pub image_score: ImageScore,
    /// Per flow the largest per-dimension log-likelihood; those of positions come first.
    pub level_maxima: Vec<f32>,
    /// Per flow what relative log-likelihoods are divided by.
    pub level_deviations: Vec<f32>,
    /// The largest sum over levels, of likelihoods or log-likelihoods relative to the largest.
    pub sum_maximum: f32,
    /// Where an image's score draws on the map and on pooled features.
    pub joint: Option<JointSpread>,
}

impl Calibration {
    /// A rule without constants yet: [`over`](Self::over) takes them.
    pub fn new(aggregation: Aggregation, image_score: ImageScore) -> Self {
        Self {
            aggregation,
            image_score,
            level_maxima: Vec::new(),
            level_deviations: Vec::new(),
            sum_maximum: 0.0,
            joint: None,
        }
    }

    /// The same rule with the constants of a set of images, scored at `size` by `size` pixels.
    pub fn over(&self, set: &[LogLikelihoodMaps], size: usize) -> Self {
        let flows = set.first().map_or(0, |maps| maps.levels.len());
        let level_maxima = (0..flows)
            .map(|level| {
                let values = set.iter().flat_map(|maps| &maps.levels[level].values);
                values.copied().fold(f32::NEG_INFINITY, f32::max)
            })
            .collect();
        let deviation = |level: usize| {
            let values = set.iter().flat_map(|maps| &maps.levels[level].values);
            Spread::of(values.copied()).deviation
        };
        let level_deviations = (0..flows).map(|level| match self.aggregation {
            Aggregation::Standardized => deviation(level),
            Aggregation::Likelihood | Aggregation::LogLikelihood => 1.0,
        });
        let mut calibration = Self {
            level_maxima,
            level_deviations: level_deviations.collect(),
            sum_maximum: 0.0,
            ..self.clone()
        };
        let largest = |maps: &LogLikelihoodMaps| Some(calibration.sum(maps, size)?.maximum());
        let maxima: Vec<f32> = set.par_iter().filter_map(largest).collect();
        calibration.sum_maximum = maxima.into_iter().reduce(f32::max).unwrap_or(0.0);
        calibration
    }

    /// The same with the spread of the scores of `set`, normal images, where there are two.
    pub(crate) fn with_joint_spread(mut self, set: &[LogLikelihoodMaps], size: usize) -> Self {
        let pairs = set.par_iter().map(|maps| {
            let map = self.score_map(maps, size)?;
            Some((self.image_score.of(&map.values), self.pooled_score(maps)?))
        });
        let pairs: Option<Vec<(f32, f32)>> = pairs.collect();
        self.joint = pairs.filter(|pairs| !pairs.is_empty()).map(|pairs| {
            let (map, pooled): (Vec<f32>, Vec<f32>) = pairs.into_iter().unzip();
            JointSpread {
                map: Spread::of(map.into_iter()),
                pooled: Spread::of(pooled.into_iter()),
            }
        });
        self
    }

    /// The sum over levels of what is left of the largest (log-)likelihood, upsampled to `size` by
    /// `size` pixels; none without maps.
    fn sum(&self, maps: &LogLikelihoodMaps, size: usize) -> Option<ScoreMap> {
        let mut levels = self
            .levels(maps)
            .filter(|(map, ..)| !map.is_pooled())
            .peekable();
        levels.peek()?;
        let mut sum = vec![0f32; size * size];
        for (map, maximum, deviation) in levels {
            let relative = |l: &f32| match self.aggregation {
                Aggregation::Likelihood => (l - maximum).min(LARGEST_EXPONENT).exp(),
                Aggregation::LogLikelihood => l - maximum,
                Aggregation::Standardized => (l - maximum) / deviation,
            };
            let relative: Vec<f32> = map.values.iter().map(relative).collect();
            add_upsampled(&relative, map, size, &mut sum);
        }
        Some(ScoreMap {
            width: size,
            height: size,
            values: sum,
        })
    }

    /// The score map: the largest sum less this image's, at `size` by `size` pixels; none where
    /// there are pooled features alone.
    pub fn score_map(&self, maps: &LogLikelihoodMaps, size: usize) -> Option<ScoreMap> {
        let mut map = self.sum(maps, size)?;
        for value in &mut map.values {
            *value = self.sum_maximum - *value;
        }
        Some(map)
    }

    /// The score of an image's pooled features: the sum over flows of how far the log-likelihood
    /// lies below the largest one; none without pooled features.
    fn pooled_score(&self, maps: &LogLikelihoodMaps) -> Option<f32> {
        let flows = self.levels(maps).filter(|(map, ..)| map.is_pooled());
        flows
            .flat_map(|(map, maximum, deviation)| {
                map.values.iter().map(move |l| (maximum - l) / deviation)
            })
            .reduce(|sum, value| sum + value)
    }

    /// Each flow's log-likelihoods with its constants.
    fn levels<'m>(
        &'m self,
        maps: &'m LogLikelihoodMaps,
    ) -> impl Iterator<Item = (&'m LogLikelihoodMap, f32, f32)> {
        let constants = self.level_maxima.iter().zip(&self.level_deviations);
        let levels = maps.levels.iter().zip(constants);
        levels.map(|(map, (maximum, deviation))| (map, *maximum, *deviation))
    }

    /// The image's score, and its map where there is one.
    pub fn score(&self, maps: &LogLikelihoodMaps, size: usize) -> (f32, Option<ScoreMap>) {
        let map = self.score_map(maps, size);
        let of_map = map.as_ref().map(|map| self.image_score.of(&map.values));
        let score = match (of_map, self.pooled_score(maps), self.joint) {
            (Some(of_map), Some(pooled), Some(joint)) => {
                joint.map.standardize(of_map) + joint.pooled.standardize(pooled)
            }
            (Some(of_map), ..) => of_map,
            (None, pooled, _) => pooled.unwrap_or(f32::NAN),
        };
        (score, map)
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
