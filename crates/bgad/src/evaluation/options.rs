//! What an evaluation computes.

use bgad_metrics::Bootstrap;

use crate::error::{Error, Result};

/// The false-positive rate up to which AUPRO is computed by default.
pub const AUPRO_LIMIT: f64 = 0.3;

/// What an evaluation computes besides the metrics of all images. Only what you request costs time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EvaluationOptions {
    /// The false-positive rate up to which AUPRO is computed, above 0 and at most 1.
    pub aupro_limit: f64,
    /// Whether to compute metrics of each defect type against all normal images.
    pub by_defect_type: bool,
    /// Whether to compute AUPIMO of each image with a defect, and its mean.
    pub aupimo: bool,
    /// Bootstrap confidence intervals, if wanted.
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
    /// Everything that a report shows.
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

/// How to compute confidence intervals: test images are resampled with replacement, normal and abnormal ones
/// separately. The intervals cover the choice of test images, not the randomness of training.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Confidence {
    /// The share of the resampled values within an interval, between 0 and 1.
    pub level: f64,
    /// Number of resampled sets for image metrics.
    pub image_resamples: usize,
    /// Number of resampled sets for pixel metrics. Each set visits all pixels.
    pub pixel_resamples: usize,
}

impl Default for Confidence {
    /// 95 %, with 1000 sets for image metrics and 100 for pixel metrics.
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
