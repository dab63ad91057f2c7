//! Decision thresholds.

use super::false_positives;
use super::score_map::ScoreMap;
use crate::config::choices::ThresholdRule;
use crate::error::{Error, Result};

/// The share of normal pixels that may lie above the pixel threshold. This share outlined defects best on the
/// sets of `docs/results-thresholds.md`.
const PIXEL_SHARE: f64 = 0.006;
/// The same for models with two sizes of inputs. This share outlined defects of fibre and of drawn textures better
/// (`docs/results-outlines.md`).
const PIXEL_SHARE_OF_TWO_SIZES: f64 = 0.002;
/// The same for models that know defects, which stand out from normal pixels more clearly.
const PIXEL_SHARE_OF_KNOWN: f64 = 0.001;
/// The same on fine textures and for small parts on a plain background, whose defects are small.
const PIXEL_SHARE_OF_SMALL: f64 = 0.0001;
/// The most pixels kept per map.
const PIXELS: usize = 2048;

/// An image threshold, and the false-alarm rate that it promises.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Promise {
    pub threshold: f32,
    pub rate: f64,
}

/// The values of an image that thresholds are computed from.
#[derive(Debug, Clone)]
pub(crate) struct Scored {
    pub score: f32,
    /// Evenly spaced pixels of its map, if there is one.
    pub pixels: Option<Vec<f32>>,
}

impl Scored {
    pub fn of((score, map): (f32, Option<ScoreMap>)) -> Self {
        Self {
            score,
            pixels: Self::pixels_of(map),
        }
    }

    /// Evenly spaced pixels of an image's map.
    pub fn pixels_of(map: Option<ScoreMap>) -> Option<Vec<f32>> {
        map.map(|map| map.some(PIXELS).collect())
    }
}

/// An abnormal image whose defect is marked.
#[cfg(feature = "train")]
#[derive(Debug, Clone)]
pub(crate) struct Outlined {
    /// Evenly spaced pixels of its map.
    pub pixels: Vec<f32>,
    /// Whether each of these pixels shows the defect.
    pub defects: Vec<bool>,
}

#[cfg(feature = "train")]
impl Outlined {
    /// The highest pixel of the defect.
    pub fn peak(&self) -> f32 {
        let pixels = self.pixels.iter().zip(&self.defects);
        let of_defect = pixels.filter(|(_, defect)| **defect);
        of_defect.map(|(pixel, _)| *pixel).fold(f32::MIN, f32::max)
    }
}

/// The threshold by `rule`, from normal scores in rising order and abnormal ones.
pub(crate) fn by_rule(rule: ThresholdRule, normal: &[f32], abnormal: &[f32]) -> Result<f32> {
    match rule {
        ThresholdRule::FalsePositiveRate(rate) => {
            false_positives::threshold(normal, rate).ok_or_else(no_images)
        }
        ThresholdRule::BestF1 => {
            let labels: Vec<bool> = std::iter::repeat_n(false, normal.len())
                .chain(std::iter::repeat_n(true, abnormal.len()))
                .collect();
            let scores = [normal, abnormal].concat();
            // The metric calls a score at its threshold abnormal; a detector only one above it.
            Ok(bgad_metrics::best_f1(&scores, &labels)?
                .threshold
                .next_down())
        }
    }
}

pub(super) fn no_images() -> Error {
    Error::input("normal images", 0, "at least one")
}

/// What a model is like whose pixel threshold is wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outlining {
    /// Whether it knows defects.
    pub knows_defects: bool,
    /// Whether images become inputs of two sizes.
    pub two_sizes: bool,
    /// How far defects are small, from 0 to 1.
    pub small: f32,
}

impl Outlining {
    /// The share of normal pixels that the pixel threshold leaves above it.
    pub fn share(self) -> f64 {
        let coarse = match (self.knows_defects, self.two_sizes) {
            (true, _) => PIXEL_SHARE_OF_KNOWN,
            (false, true) => PIXEL_SHARE_OF_TWO_SIZES,
            (false, false) => PIXEL_SHARE,
        };
        let small = f64::from(self.small);
        coarse.powf(1.0 - small) * PIXEL_SHARE_OF_SMALL.powf(small)
    }
}

/// The pixel threshold: the value that this share of normal pixels exceed.
pub(crate) fn of_pixels(mut pixels: Vec<f32>, share: f64) -> Option<f32> {
    pixels.sort_unstable_by(f32::total_cmp);
    let rank = (pixels.len() as f64 * (1.0 - share)) as usize;
    pixels
        .get(rank.min(pixels.len().saturating_sub(1)))
        .copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_defects_are_small_hardly_any_normal_pixel_lies_above_the_threshold() {
        let share = |knows_defects: bool, two_sizes: bool, small: f32| {
            let of = Outlining {
                knows_defects,
                two_sizes,
                small,
            };
            of.share()
        };
        for (knows_defects, two_sizes) in [(false, false), (false, true), (true, true)] {
            let of = |small| share(knows_defects, two_sizes, small);
            assert!((of(1.0) - PIXEL_SHARE_OF_SMALL).abs() < 1e-12);
            assert!(of(1.0) < of(0.5) && of(0.5) < of(0.0));
        }
        assert!(share(true, true, 0.0) < share(false, true, 0.0));
        assert!(share(false, true, 0.0) < share(false, false, 0.0));
        let pixels: Vec<f32> = (0..10_000).map(|value| value as f32).collect();
        let above = |small: f32| {
            let threshold = of_pixels(pixels.clone(), share(false, false, small));
            let threshold = threshold.unwrap_or(f32::MAX);
            pixels.iter().filter(|pixel| **pixel > threshold).count()
        };
        assert_eq!((above(0.0), above(1.0)), (59, 0));
    }
}
