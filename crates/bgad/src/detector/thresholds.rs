//! What a trained model takes from its normal training images: the constants of scoring, the
//! boundaries, and the threshold.

#[cfg(feature = "train")]
use bgad_loss::SeparatingBoundary;

use super::trained_model::Detector;
use crate::config::choices::ThresholdRule;
#[cfg(feature = "train")]
use crate::device::host::read;
#[cfg(feature = "train")]
use crate::error::Error;
use crate::error::Result;
#[cfg(feature = "train")]
use crate::scoring::image_likelihoods::ImageLikelihoods;
use crate::scoring::threshold::by_rule;
#[cfg(feature = "train")]
use crate::scoring::threshold::with_maximum;

impl Detector {
    /// Takes the constants of scoring and the boundaries over all normal training features.
    #[cfg(feature = "train")]
    pub(crate) fn calibrate(
        &mut self,
        images: &[ImageLikelihoods<'_>],
        meta_epoch: usize,
    ) -> Result<Vec<SeparatingBoundary>> {
        let objective = &self.description.config.objective;
        let mut boundaries = Vec::new();
        let mut values = Vec::new();
        for level in 0..self.flows.len() {
            let all = images.iter().flat_map(|image| image.values(level));
            let all: Vec<f32> = all.collect();
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
                    read(boundary.normal.clone())?
                        .first()
                        .copied()
                        .unwrap_or(f32::NAN),
                ));
                boundaries.push(boundary);
            }
        }
        let calibration = self.description.calibration.over_images(images)?;
        self.description.calibration = calibration.with_joint_spread(images);
        self.description.boundaries = values;
        Ok(boundaries)
    }

    /// Takes the decision thresholds from the scores of normal training images and, for the best F1,
    /// of the `abnormal` ones (section 6).
    #[cfg(feature = "train")]
    pub(crate) fn take_thresholds(
        &mut self,
        normal: &[ImageLikelihoods<'_>],
        abnormal: &[ImageLikelihoods<'_>],
    ) -> Result<()> {
        let rule = self.description.config.scoring.threshold;
        if rule == ThresholdRule::BestF1 && abnormal.is_empty() {
            return Err(Error::setting(
                "scoring.threshold",
                "best-f1",
                "a false-positive rate, since there are no abnormal training images",
            ));
        }
        self.decide_by(rule, self.scores(normal), &self.scores(abnormal))
    }

    /// Each image's score, and its map's highest value where there is one.
    #[cfg(feature = "train")]
    pub(crate) fn scores(&self, images: &[ImageLikelihoods<'_>]) -> Vec<(f32, Option<f32>)> {
        let calibration = &self.description.calibration;
        let scores = images.iter().map(|image| calibration.score_of(*image));
        scores.map(with_maximum).collect()
    }

    /// Sets both thresholds by one rule: that of pixels is the one that images would have if their
    /// highest pixel decided.
    pub(crate) fn decide_by(
        &mut self,
        rule: ThresholdRule,
        normal: Vec<(f32, Option<f32>)>,
        abnormal: &[(f32, Option<f32>)],
    ) -> Result<()> {
        let sorted = |mut scores: Vec<f32>| {
            scores.sort_unstable_by(f32::total_cmp);
            scores
        };
        let (normal, maxima): (Vec<f32>, Vec<Option<f32>>) = normal.into_iter().unzip();
        let (normal, maxima) = (
            sorted(normal),
            maxima.into_iter().collect::<Option<Vec<f32>>>(),
        );
        let of_images: Vec<f32> = abnormal.iter().map(|(score, _)| *score).collect();
        let of_maps: Vec<f32> = abnormal
            .iter()
            .filter_map(|(_, maximum)| *maximum)
            .collect();
        let threshold = by_rule(rule, &normal, &of_images)?;
        self.description.pixel_threshold = match maxima {
            Some(maxima) => Some(by_rule(rule, &sorted(maxima), &of_maps)?),
            None => None,
        };
        self.description.threshold = threshold;
        self.description.normal_scores = normal;
        Ok(())
    }
}
