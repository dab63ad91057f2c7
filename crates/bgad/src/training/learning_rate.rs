//! The learning rate over a run.

/// Number of meta-epochs with linear warm-up.
const WARM_META_EPOCHS: usize = 2;
/// The cosine ends at the learning rate times this factor.
const FINAL_FACTOR: f64 = 1e-3;

/// A cosine per meta-epoch, after a linear warm-up per batch.
///
/// `η(e) = η_min + (η - η_min) · (1 + cos(π · e / meta_epochs)) / 2` with `η_min = η · 0.1³`; during the
/// first two meta-epochs, linear from `η / 10` to `η(2)`. If there are only two meta-epochs, where `η(2)`
/// would be the cosine's minimum, only the first is warm-up, to `η(1)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LearningRate {
    /// The peak rate `η`.
    pub peak: f64,
    /// Number of meta-epochs in the run.
    pub meta_epochs: usize,
    /// Number of sub-epochs in each.
    pub sub_epochs: usize,
}

impl LearningRate {
    fn cosine(&self, meta_epoch: usize) -> f64 {
        let last = self.peak * FINAL_FACTOR;
        let phase = std::f64::consts::PI * meta_epoch as f64 / self.meta_epochs as f64;
        last + (self.peak - last) * (1.0 + phase.cos()) / 2.0
    }

    /// The rate of `batch` of `batches` in a sub-epoch, all counted from 0.
    pub fn at(&self, meta_epoch: usize, sub_epoch: usize, batch: usize, batches: usize) -> f64 {
        let warm_meta_epochs = match self.meta_epochs {
            WARM_META_EPOCHS => WARM_META_EPOCHS - 1,
            _ => WARM_META_EPOCHS,
        };
        if meta_epoch >= warm_meta_epochs {
            return self.cosine(meta_epoch);
        }
        let done = (meta_epoch * self.sub_epochs + sub_epoch) * batches + batch;
        let warm = warm_meta_epochs * self.sub_epochs * batches;
        let first = self.peak / 10.0;
        first + done as f64 / warm as f64 * (self.cosine(warm_meta_epochs) - first)
    }
}
