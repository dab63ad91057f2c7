//! Decides on normal images alone whether mirrored images are used.

use rayon::prelude::*;

use super::pooled_flows::PooledTrainers;
use super::training_set::TrainingSet;
use crate::config::checked::CheckedConfig;
use crate::config::choices::{Granularity, Mirror};
use crate::detector::trained_model::Detector;
use crate::error::{Error, Result};
use crate::features::image_features::ImageFeatures;
use crate::model::held_out::HeldOut;
use crate::model::likelihoods::LogLikelihoodMaps;
use crate::model::mirrored;
use crate::scoring::image_likelihoods::of_images;

/// How much higher mirrored normal images may score, in standard deviations of the normal images' scores: a
/// small effect according to Cohen (*Statistical Power Analysis for the Behavioral Sciences*, 1988).
const SMALL_EFFECT: f64 = 0.2;

/// Whether there is anything to decide: only at image granularity, with held-out images. With flows on
/// positions, mirroring changed almost nothing in trials, and it doubles the time of a prediction.
pub(crate) fn is_open(config: &CheckedConfig, granularity: Granularity) -> bool {
    config.scoring.mirror == Mirror::Auto
        && granularity == Granularity::Image
        && config.pooled.folds > 0
}

/// How normal training images are scored as if they had not been trained on.
pub(crate) struct HoldOut<'a> {
    pub set: &'a TrainingSet,
    pub gaussians: &'a HeldOut,
    pub pooled: &'a PooledTrainers<'a>,
}

impl HoldOut<'_> {
    /// The log-likelihoods and distances of a normal input as if it had not been trained on.
    fn maps(
        &self,
        detector: &Detector,
        input: usize,
        features: &ImageFeatures,
    ) -> Result<LogLikelihoodMaps> {
        let folds = &self.set.folds;
        let mut maps = detector.maps_without(features, folds.held_out_with(input))?;
        // Flows trained without each fold are better than a correction.
        let trained = |flow: usize| flow >= self.pooled.first() && self.pooled.holds_out();
        let of = (features, folds.of(input));
        self.gaussians
            .correct(&mut maps, &detector.flows, of, |flow| !trained(flow))?;
        Ok(maps)
    }
}

/// The log-likelihoods of the normal training images, held out if there are folds, in one pass. If
/// `scoring.mirror` is `auto`, this also decides whether the detector mirrors images.
pub(crate) fn normal_maps(
    detector: &mut Detector,
    hold_out: &HoldOut<'_>,
) -> Result<Vec<LogLikelihoodMaps>> {
    let HoldOut { set, pooled, .. } = hold_out;
    let description = &mut detector.description;
    let open = is_open(&description.config, description.granularity) && set.folds.count() > 0;
    if description.config.scoring.mirror == Mirror::Auto {
        description.mirrored = false;
    }
    let mirrored = description.mirrored;
    let of_detector: &Detector = detector;
    let kept = |features: &ImageFeatures| {
        let kept = features.starting_at(pooled.first());
        pooled.holds_out().then_some(kept)
    };
    let one = |input: usize, features: ImageFeatures| {
        if !open {
            let maps = hold_out.maps(of_detector, input, &features)?;
            return Ok((maps, kept(&features), None));
        }
        let own = features.clone().unmirrored();
        let maps = hold_out.maps(of_detector, input, &own)?;
        let other = features.only_mirrored().map(|mirrored| {
            let maps = hold_out.maps(of_detector, input, &mirrored)?;
            Ok::<_, Error>((maps, kept(&mirrored)))
        });
        Ok((maps, kept(&own), other.transpose()?))
    };
    let all = set
        .normal
        .each_of(&set.as_they_are, open || mirrored, one)?;
    let (mut maps, mut features) = (Vec::with_capacity(all.len()), Vec::new());
    let (mut mirrored, mut of_mirrored) = (Vec::new(), Vec::new());
    for (of_image, own, other) in all {
        maps.push(of_image);
        features.extend(own);
        if let Some((of_image, own)) = other {
            mirrored.push(of_image);
            of_mirrored.extend(own);
        }
    }
    let device = &detector.device;
    pooled.hold_out(&set.as_they_are, &mut maps, &features, device)?;
    if !open {
        return Ok(maps);
    }
    pooled.hold_out(&set.as_they_are, &mut mirrored, &of_mirrored, device)?;
    let images = of_images(&set.normal_images, &maps);
    let calibration = &detector.description.calibration;
    let (calibration, own) = calibration
        .over_images(&images)?
        .with_joint_spread(&images, &[]);
    let own: Vec<f32> = own.into_iter().map(|image| image.score).collect();
    let images = of_images(&set.normal_images, &mirrored);
    let images = images.par_iter();
    let other: Vec<f32> = images.map(|image| calibration.score_of(*image).0).collect();
    if is_harmless(&own, &other) {
        detector.description.mirrored = true;
        for (maps, mirrored) in maps.iter_mut().zip(&mirrored) {
            average(maps, mirrored);
        }
    }
    Ok(maps)
}

/// Whether mirrored normal images look about as normal as unmirrored ones.
fn is_harmless(scores: &[f32], mirrored: &[f32]) -> bool {
    let count = scores.len() as f64;
    if count < 2.0 {
        return false;
    }
    let mean = |scores: &[f32]| scores.iter().map(|s| f64::from(*s)).sum::<f64>() / count;
    let (own, other) = (mean(scores), mean(mirrored));
    let squares = scores.iter().map(|s| (f64::from(*s) - own).powi(2));
    let deviation = (squares.sum::<f64>() / (count - 1.0)).sqrt();
    other - own <= SMALL_EFFECT * deviation
}

/// Averages the values of an image with those of its mirror image.
fn average(maps: &mut LogLikelihoodMaps, other: &LogLikelihoodMaps) {
    for (level, other) in maps.levels.iter_mut().zip(&other.levels) {
        mirrored::average(&mut level.values, &other.values, level.width);
    }
    for (own, other) in [
        (&mut maps.distances, &other.distances),
        (&mut maps.contexts, &other.contexts),
        (&mut maps.deviations, &other.deviations),
        (&mut maps.discriminants, &other.discriminants),
        (&mut maps.likeness, &other.likeness),
    ] {
        if let (Some(own), Some(other)) = (own, other) {
            mirrored::average(&mut own.values, &other.values, own.side);
        }
    }
    let distances = maps.neighbor_distance.zip(other.neighbor_distance);
    maps.neighbor_distance = distances.map(|(own, other)| (own + other) / 2.0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_rise_is_harmless() {
        let scores = [0.0, 1.0, 2.0, 3.0, 4.0];
        let risen = |by: f32| scores.map(|score| score + by);
        assert!(is_harmless(&scores, &risen(0.3)));
        assert!(is_harmless(&scores, &risen(-1.0)));
        assert!(!is_harmless(&scores, &risen(0.4)));
        assert!(!is_harmless(&scores, &risen(f32::NAN)));
        assert!(!is_harmless(&[1.0], &[1.0]));
    }
}
