//! Whether mirrored images count, decided by normal images alone.

use rayon::prelude::*;

use super::pooled_flows::PooledTrainers;
use super::training_set::TrainingSet;
use crate::config::choices::{Granularity, Mirror};
use crate::config::settings::TrainerConfig;
use crate::detector::trained_model::Detector;
use crate::error::Result;
use crate::features::extractor::Extractor;
use crate::model::likelihoods::LogLikelihoodMaps;
use crate::scoring::image_likelihoods::of_images;

/// Mirrored normal images may score higher by so many standard deviations of the normal images'
/// scores: what Cohen (*Statistical Power Analysis for the Behavioral Sciences*, 1988) calls a small
/// effect.
const SMALL_EFFECT: f64 = 0.2;

/// Whether there is something to decide: at image granularity, with images held out. Where positions
/// are scored a mirror image changed next to nothing, and it doubles the time of a prediction.
pub(crate) fn is_open(config: &TrainerConfig, granularity: Granularity) -> bool {
    config.mirror == Mirror::Auto && granularity == Granularity::Image && config.pooled_folds > 0
}

/// The log-likelihoods of the normal training images, held out as far as there are folds. Where that
/// is left to the images the detector takes mirrored ones or none from now on.
pub(crate) fn normal_maps(
    detector: &mut Detector,
    set: &TrainingSet,
    pooled: &PooledTrainers<'_>,
    extractor: &Extractor,
) -> Result<Vec<LogLikelihoodMaps>> {
    let description = &mut detector.description;
    let open = is_open(&description.config, description.granularity) && pooled.holds_out();
    if description.config.mirror == Mirror::Auto {
        description.mirrored = false;
    }
    let own = Extractor {
        mirror: description.mirrored,
        ..extractor.clone()
    };
    let neighbors = detector.neighbors.as_ref();
    let device = &detector.device;
    let mut maps = detector.log_likelihoods_of(&set.normal, &own)?;
    let features = |input| set.normal.features(input, &own);
    pooled.hold_out(&mut maps, set, features, neighbors, device)?;
    if !open {
        return Ok(maps);
    }
    let mut mirrored = maps.clone();
    let features = |input| {
        let features = set.normal.features(input, extractor)?;
        Ok(features.clone().only_mirrored().unwrap_or(features))
    };
    pooled.hold_out(&mut mirrored, set, features, neighbors, device)?;
    let images = of_images(&set.normal_images, &maps);
    let calibration = &detector.description.calibration;
    let calibration = calibration.over_images(&images)?.with_joint_spread(&images);
    let score = |maps: &[LogLikelihoodMaps]| {
        let images = of_images(&set.normal_images, maps);
        let scores = images
            .par_iter()
            .map(|image| calibration.score_of(*image).0);
        scores.collect::<Vec<f32>>()
    };
    if is_harmless(&score(&maps), &score(&mirrored)) {
        detector.description.mirrored = true;
        for (maps, mirrored) in maps.iter_mut().zip(&mirrored) {
            average(maps, mirrored);
        }
    }
    Ok(maps)
}

/// Whether normal images look about as normal mirrored as they are.
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

/// The mean of what pooled features of an image and of its mirror image give.
fn average(maps: &mut LogLikelihoodMaps, mirrored: &LogLikelihoodMaps) {
    for (level, other) in maps.levels.iter_mut().zip(&mirrored.levels) {
        for (value, other) in level.values.iter_mut().zip(&other.values) {
            *value = (*value + other) / 2.0;
        }
    }
    let distances = maps.neighbor_distance.zip(mirrored.neighbor_distance);
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
