//! An image's score from several parts.

use serde::{Deserialize, Serialize};

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
    pub(crate) fn of(scores: impl Iterator<Item = f32> + Clone) -> Self {
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

/// What puts the parts of an image's score on one scale.
#[non_exhaustive]
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JointSpread {
    /// Of the score that the map gives.
    pub map: Option<Spread>,
    /// Of the score that flows of pooled features give.
    pub pooled: Option<Spread>,
    /// Of the distance to the nearest normal training image.
    pub neighbor: Option<Spread>,
}

/// The parts of an image's score, as far as it has them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parts {
    pub map: Option<f32>,
    pub pooled: Option<f32>,
    pub neighbor: Option<f32>,
}

impl Parts {
    fn all(self) -> [Option<f32>; 3] {
        [self.map, self.pooled, self.neighbor]
    }
}

impl JointSpread {
    /// Of the scores of images; none where there is at most one part.
    #[cfg(feature = "train")]
    pub(crate) fn of(images: &[Parts]) -> Option<Self> {
        let spread = |part: usize| {
            let scores = images.iter().map(|parts| parts.all()[part]);
            let scores: Vec<f32> = scores.collect::<Option<_>>()?;
            (!scores.is_empty()).then(|| Spread::of(scores.into_iter()))
        };
        let [map, pooled, neighbor] = [spread(0), spread(1), spread(2)];
        let several = [map, pooled, neighbor].iter().flatten().count() > 1;
        several.then_some(Self {
            map,
            pooled,
            neighbor,
        })
    }

    /// The sum of the standardised parts.
    pub(crate) fn score(self, parts: Parts) -> f32 {
        let spreads = [self.map, self.pooled, self.neighbor];
        let parts = spreads.into_iter().zip(parts.all());
        let parts = parts.filter_map(|(spread, part)| Some(spread?.standardize(part?)));
        parts.sum()
    }
}
