//! How log-likelihoods become scores and decisions.

use super::choices::{Aggregation, MapBaseline, Mirror, ThresholdRule};
use super::declaration::{Section, settings};
use super::image_score::ImageScore;
use crate::error::Result;

settings! {
    /// How log-likelihoods become scores and decisions.
    pub struct ScoringSettings in "scoring." {
        /// How the levels' log-likelihoods are combined into one score map.
        pub aggregation: Aggregation = Aggregation::JointLogLikelihood, paper Aggregation::Likelihood;
        /// Whether to keep a score map's overall offset from normal images or to remove it, up to the spread
        /// among normal images.
        pub map_baseline: MapBaseline = MapBaseline::Remove, paper MapBaseline::Keep;
        /// How a score map becomes an image's score: its highest pixel, or the mean of this share of the
        /// highest pixels.
        pub image_score: ImageScore = ImageScore::Top(0.01), paper ImageScore::Maximum,
            allowed "`max`, or `top:SHARE` with a share above 0 and at most 1, such as `top:0.01`";
        /// Whether to average with the mirrored image, for symmetric parts; doubles the time. auto: at
        /// image granularity, if normal images look the same mirrored.
        pub mirror: Mirror = Mirror::Auto, paper Mirror::Off, allowed "`true`, `false` or `auto`";
        /// How the decision threshold is chosen: by the share of normal training images that may score above
        /// it, or by the best F1 over the training images, for runs with abnormal ones.
        pub threshold: ThresholdRule = ThresholdRule::FalsePositiveRate(0.01),
            allowed "`false-positive-rate:SHARE` with a share from 0 to below 1, or `best-f1`";
    }
}

impl ScoringSettings {
    pub(crate) fn check(&self) -> Result<()> {
        self.image_score.check()?;
        match self.threshold {
            ThresholdRule::FalsePositiveRate(rate) if !(0.0..1.0).contains(&rate) => {
                Err(self.refused("scoring.threshold", rate))
            }
            _ => Ok(()),
        }
    }
}
