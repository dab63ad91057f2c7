//! What a trained model takes from its normal training images: the constants of scoring, the
//! boundaries, and the threshold.

use bgad_loss::SeparatingBoundary;

use crate::config::ThresholdRule;
use crate::evaluation::log_likelihoods;
use crate::flows::{self, LogLikelihoodMaps};
use crate::training_set::TrainingSet;
use crate::{Detector, Error, Result};

impl Detector {
    /// Takes the constants of scoring and the boundaries over all normal training features.
    pub(crate) fn calibrate(
        &mut self,
        maps: &[LogLikelihoodMaps],
        meta_epoch: usize,
    ) -> Result<Vec<SeparatingBoundary>> {
        let objective = &self.description.config.objective;
        let mut boundaries = Vec::new();
        let mut values = Vec::new();
        for level in 0..self.flows.len() {
            let all = maps.iter().flat_map(|maps| &maps.levels[level].values);
            let all: Vec<f32> = all.copied().collect();
            if let Some(wrong) = all.iter().find(|l| !l.is_finite()) {
                return Err(Error::Diverged {
                    meta_epoch,
                    input: self.inputs()[level].name.clone(),
                    loss: *wrong,
                });
            }
            let (beta, tau) = (objective.beta, objective.tau);
            if let Some(boundary) = SeparatingBoundary::of_set(&all, beta, tau, &self.device)? {
                values.push(f64::from(
                    flows::read(boundary.normal.clone())?
                        .first()
                        .copied()
                        .unwrap_or(f32::NAN),
                ));
                boundaries.push(boundary);
            }
        }
        let size = self.map_size();
        let calibration = self.description.calibration.over(maps, size);
        self.description.calibration = calibration.with_joint_spread(maps, size);
        self.description.boundaries = values;
        Ok(boundaries)
    }

    /// The decision threshold from the training images' scores (section 6).
    pub(crate) fn threshold(&self, set: &TrainingSet, normal: &[LogLikelihoodMaps]) -> Result<f32> {
        let calibration = &self.description.calibration;
        let scores = |maps: &[LogLikelihoodMaps]| -> Vec<f32> {
            let score = |maps| calibration.score(maps, self.map_size()).0;
            maps.iter().map(score).collect()
        };
        let mut normal = scores(normal);
        match self.description.config.threshold {
            ThresholdRule::FalsePositiveRate(rate) => {
                normal.sort_unstable_by(f32::total_cmp);
                let below = ((normal.len() as f64 * (1.0 - rate)).ceil() as usize).max(1);
                Ok(normal[below.min(normal.len()) - 1])
            }
            ThresholdRule::BestF1 if set.abnormal.len() == 0 => Err(Error::setting(
                "threshold",
                "best-f1",
                "a false-positive rate, since there are no abnormal training images",
            )),
            ThresholdRule::BestF1 => {
                let abnormal = scores(&log_likelihoods(&set.abnormal, self)?);
                let labels: Vec<bool> = std::iter::repeat_n(false, normal.len())
                    .chain(std::iter::repeat_n(true, abnormal.len()))
                    .collect();
                normal.extend(abnormal);
                // The metric calls a score at its threshold abnormal, a detector one above it.
                Ok(bgad_metrics::best_f1(&normal, &labels)?
                    .threshold
                    .next_down())
            }
        }
    }
}
