//! What a trained model computes from its normal training images: the constants of scoring, the boundaries,
//! and the thresholds.

#[cfg(feature = "train")]
use bgad_loss::SeparatingBoundary;

#[cfg(feature = "train")]
use rayon::prelude::*;

use super::trained_model::Detector;
use crate::config::choices::ThresholdRule;
#[cfg(feature = "train")]
use crate::device::host::read;
#[cfg(feature = "train")]
use crate::error::Error;
use crate::error::Result;
#[cfg(feature = "train")]
use crate::scoring::baseline;
#[cfg(feature = "train")]
use crate::scoring::image_likelihoods::ImageLikelihoods;
#[cfg(feature = "train")]
use crate::scoring::threshold::Outlined;
use crate::scoring::threshold::{Outlining, Promise, Scored, by_rule, of_pixels};
#[cfg(feature = "train")]
use crate::scoring::training_threshold;

/// The fewest normal images from which a threshold is computed.
#[cfg(feature = "train")]
pub(crate) const FEWEST_IMAGES: usize = 5;

/// A typical mean excess of the highest three tenths of normal images' scores, if scores have several parts;
/// measured on the sets of `docs/results.md`.
#[cfg(feature = "train")]
const USUAL_EXCESS: f64 = 1.0;

/// The number of known defects whose outlines say as much about the pixel threshold as all normal pixels.
#[cfg(feature = "train")]
const OUTLINE_DOUBT: f32 = 2.0;
/// The pixel threshold is at most the highest pixel of all known defects but one in this many.
#[cfg(feature = "train")]
const VISIBLE: usize = 4;
/// How far known defects may raise the pixel threshold, as a share of it.
#[cfg(feature = "train")]
const MOST_RISE: f32 = 0.25;
/// The most normal pixels above a threshold that outlines known defects: where these hardly stand out, the best outline
/// would be the whole image.
#[cfg(feature = "train")]
const MOST_NORMAL_PIXELS: f64 = 0.02;

impl Detector {
    /// Computes the constants of scoring and the boundaries over all normal training features. Also returns
    /// the images' scores by these constants. `known` are abnormal images, each by a model that does not know its own
    /// defects.
    #[cfg(feature = "train")]
    pub(crate) fn calibrate(
        &mut self,
        images: &[ImageLikelihoods<'_>],
        known: &[ImageLikelihoods<'_>],
        meta_epoch: usize,
    ) -> Result<(Vec<SeparatingBoundary>, Vec<Scored>)> {
        let objective = &self.description.config.objective;
        let mut boundaries = Vec::new();
        let mut values = Vec::new();
        let finer: Vec<_> = images.iter().filter_map(|image| image.finer()).collect();
        for level in 0..self.flows.len() {
            let all = images.iter().flat_map(|image| image.values(level));
            let all: Vec<f32> = all.collect();
            let of_finer = finer.iter().flat_map(|image| image.values(level));
            let mut both = all.iter().copied().chain(of_finer);
            if let Some(wrong) = both.find(|l| !l.is_finite()) {
                return Err(Error::Diverged {
                    meta_epoch,
                    input: self.inputs()[level].name.clone(),
                    loss: wrong,
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
        let mut rule = self.description.calibration.clone();
        rule.set_symmetric(self.description.mirrored);
        let calibration = rule.over_images(images)?;
        let (calibration, scored) = calibration.with_joint_spread(images, known);
        self.description.calibration = calibration;
        self.description.boundaries = values;
        Ok((boundaries, scored))
    }

    /// Computes the decision thresholds from the scores of normal training images and, for the best
    /// F1, of `abnormal` ones.
    #[cfg(feature = "train")]
    pub(crate) fn take_thresholds(&mut self, normal: &[Scored], abnormal: &[Scored]) -> Result<()> {
        let rule = self.description.config.scoring.threshold;
        if rule == ThresholdRule::BestF1 && abnormal.is_empty() {
            return Err(Error::setting(
                "scoring.threshold",
                "best-f1",
                "a false-positive rate, since there are no abnormal training images",
            ));
        }
        // With few images, each is compared with few others, which says too little about how a new image
        // differs from all of them. A threshold from them would reject good parts.
        if normal.len() < FEWEST_IMAGES && rule != ThresholdRule::BestF1 {
            let beyond_all = |_: &[f32], rate| {
                Ok(Promise {
                    threshold: f32::MAX,
                    rate,
                })
            };
            self.decide_by(rule, normal, abnormal, beyond_all)?;
            if let Some(of_pixels) = &mut self.description.pixel_threshold {
                *of_pixels = f32::MAX;
            }
            self.description.calibration.set_halo_limit(None);
            self.description.promised_rate = None;
            return Ok(());
        }
        let usual = self.description.calibration.joint.map(|_| USUAL_EXCESS);
        let by_rate = |sorted: &[f32], rate| training_threshold::promised(sorted, rate, usual);
        self.decide_by(rule, normal, abnormal, by_rate)
    }

    /// Moves the pixel threshold toward the one that best separates the pixels of known defects from all others, those
    /// of `normal` images included. It has no effect without defects or on a model without a pixel threshold.
    #[cfg(feature = "train")]
    pub(crate) fn outline(&mut self, normal: &[Scored], known: &[Outlined]) -> Result<()> {
        let by_normal = self.description.pixel_threshold;
        let Some(by_normal) = by_normal.filter(|of_pixels| *of_pixels < f32::MAX) else {
            return Ok(());
        };
        if known.is_empty() || self.scores_by_highest_pixel() {
            return Ok(());
        }
        let of_normal = normal.iter().filter_map(|image| image.pixels.as_deref());
        let of_normal: Vec<f32> = of_normal.flatten().copied().collect();
        let of_known = known.iter().flat_map(|image| &image.pixels);
        let pixels: Vec<f32> = of_known.chain(&of_normal).copied().collect();
        let mut defects: Vec<bool> = known
            .iter()
            .flat_map(|image| &image.defects)
            .copied()
            .collect();
        defects.resize(pixels.len(), false);
        let best = bgad_metrics::best_f1(&pixels, &defects)?;
        // The metric calls a pixel at its threshold abnormal; a detector only one above it.
        let best = best.threshold.next_down();
        let least = of_pixels(of_normal, MOST_NORMAL_PIXELS);
        let best = least.map_or(best, |least| best.max(least));
        // Loud, large defects decide F1. Most known defects stay visible all the same, and so do fainter ones of other
        // kinds.
        let mut peaks: Vec<f32> = known.iter().map(Outlined::peak).collect();
        peaks.sort_unstable_by(f32::total_cmp);
        let visible = peaks[peaks.len() / VISIBLE].next_down();
        let most = by_normal + MOST_RISE * by_normal.abs();
        let best = best.min(visible.max(by_normal)).min(most);
        let weight = known.len() as f32 / (known.len() as f32 + OUTLINE_DOUBT);
        self.set_outline(by_normal + weight * (best - by_normal));
        Ok(())
    }

    /// Sets the pixel threshold to one that known defects chose. The scale of maps that differ as a whole does not
    /// depend on it, as long as they stay above both thresholds.
    #[cfg(feature = "train")]
    pub(crate) fn set_outline(&mut self, threshold: f32) {
        if self.description.pixel_threshold.is_some() {
            self.description.pixel_threshold = Some(threshold);
            self.description.outlines_known_defects = true;
            let calibration = &mut self.description.calibration;
            calibration.set_halo_limit(Some(threshold));
            let largest = calibration.largest_median;
            calibration.set_largest_median(largest.max(baseline::largest_median(threshold)));
        }
    }

    /// The values of each image that thresholds are computed from.
    #[cfg(feature = "train")]
    pub(crate) fn scores(&self, images: &[ImageLikelihoods<'_>]) -> Vec<Scored> {
        let calibration = &self.description.calibration;
        let scores = images.par_iter().map(|image| calibration.score_of(*image));
        scores.map(Scored::of).collect()
    }

    /// Sets both thresholds. The image threshold follows `rule`; for a false-positive rate, `by_rate` returns
    /// it with the rate that it promises. The pixel threshold comes from normal pixels alone, stays if it was chosen
    /// by known defects, or equals the image threshold if an image's score is its highest pixel.
    pub(crate) fn decide_by(
        &mut self,
        rule: ThresholdRule,
        normal: &[Scored],
        abnormal: &[Scored],
        by_rate: impl Fn(&[f32], f64) -> Result<Promise>,
    ) -> Result<()> {
        let scores = |of: &[Scored]| of.iter().map(|image| image.score).collect::<Vec<f32>>();
        let mut scores_of_normal = scores(normal);
        scores_of_normal.sort_unstable_by(f32::total_cmp);
        let (threshold, promised_rate) = match rule {
            ThresholdRule::FalsePositiveRate(rate) => {
                let promise = by_rate(&scores_of_normal, rate)?;
                (promise.threshold, Some(promise.rate))
            }
            ThresholdRule::BestF1 => {
                let threshold = by_rule(rule, &scores_of_normal, &scores(abnormal))?;
                (threshold, None)
            }
        };
        let calibration = &self.description.calibration;
        let outlining = Outlining {
            knows_defects: calibration.knows_defects(),
            two_sizes: calibration.finer.is_some(),
            small: calibration.smallness(),
        };
        let pixels = normal.iter().map(|image| image.pixels.as_deref());
        let pixels: Option<Vec<&[f32]>> = pixels.collect();
        let before = self.description.pixel_threshold;
        let is_set = before.is_some_and(|of_pixels| of_pixels.abs() < f32::MAX);
        self.description.pixel_threshold = match pixels {
            Some(_) if self.scores_by_highest_pixel() => Some(threshold),
            // Scores have not changed, so that it still outlines defects.
            Some(_) if self.description.outlines_known_defects && is_set => before,
            Some(pixels) => of_pixels(pixels.concat(), outlining.share()),
            None => None,
        };
        if !self.description.outlines_known_defects {
            self.keep_scaled_maps_above_the_threshold();
            let limit = self.description.pixel_threshold;
            self.description.calibration.set_halo_limit(limit);
        }
        self.description.threshold = threshold;
        self.description.normal_scores = scores_of_normal;
        self.description.promised_rate = promised_rate;
        Ok(())
    }
}
