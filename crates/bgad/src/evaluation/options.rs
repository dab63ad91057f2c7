//! What an evaluation computes.

use bgad_metrics::Bootstrap;

use crate::error::{Error, Result};

/// The false-positive rate up to which AUPRO is taken, where nothing else is asked for.
pub const AUPRO_LIMIT: f64 = 0.3;

/// What an evaluation computes beyond the metrics of all images; nothing else costs time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EvaluationOptions {
    /// The false-positive rate up to which AUPRO is taken, above 0 and at most 1.
    pub aupro_limit: f64,
    /// Metrics of each type of defect against all normal images.
    pub by_defect_type: bool,
    /// AUPIMO of each image with a defect, and its mean.
    pub aupimo: bool,
    /// Bootstrap confidence intervals.
    pub confidence: Option<Confidence>,
}

impl Default for EvaluationOptions {
    /// AUPRO up to 0.3, nothing more.
    fn default() -> Self {
        Self {
            aupro_limit: AUPRO_LIMIT,
            by_defect_type: false,
            aupimo: false,
            confidence: None,
        }
    }
}

impl EvaluationOptions {
    /// Everything, as a report shows it.
    pub fn complete() -> Self {
        Self {
            by_defect_type: true,
            aupimo: true,
            confidence: Some(Confidence::default()),
            ..Self::default()
        }
    }

    pub(crate) fn check(&self) -> Result<()> {
        let limit = self.aupro_limit;
        if !(limit > 0.0 && limit <= 1.0) {
            let expected = "a false-positive rate above 0 and at most 1";
            return Err(Error::setting("aupro_limit", limit, expected));
        }
        self.confidence.map_or(Ok(()), |confidence| {
            let level = confidence.level;
            if !(level > 0.0 && level < 1.0) {
                return Err(Error::setting("confidence", level, "between 0 and 1"));
            }
            if confidence.image_resamples == 0 || confidence.pixel_resamples == 0 {
                return Err(Error::setting("resamples", 0, "at least 1"));
            }
            Ok(())
        })
    }
}

/// How confidence intervals are taken: test images are drawn with replacement, normal and abnormal
/// ones apart. They show what other test images could have given, not what another training run
/// could.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Confidence {
    /// The share of the resampled values that an interval covers, between 0 and 1.
    pub level: f64,
    /// Resampled sets for the metrics of images.
    pub image_resamples: usize,
    /// Resampled sets for the metrics of pixels, each a walk over all pixels.
    pub pixel_resamples: usize,
}

impl Default for Confidence {
    /// 95 %, 1000 sets of image scores and 100 of maps.
    fn default() -> Self {
        Self {
            level: 0.95,
            image_resamples: 1000,
            pixel_resamples: 100,
        }
    }
}

impl Confidence {
    pub(super) fn bootstrap(&self, resamples: usize) -> Bootstrap {
        Bootstrap {
            resamples,
            level: self.level,
            ..Bootstrap::default()
        }
    }
}
