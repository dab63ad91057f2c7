//! From scores and thresholds to decisions.

use bgad_metrics::MetricError;

use super::decisions::{Decisions, PixelDecisions};
use super::measure::Labelled;
use super::promise;
use super::result::Evaluation;
use crate::detector::description::ModelDescription;
use crate::error::Result;
use crate::scoring::false_positives;

/// The decisions of the model's thresholds; `None` while it has no thresholds. `evaluation` contains the best
/// pixel threshold.
pub(super) fn decisions(
    labelled: &Labelled<'_>,
    description: &ModelDescription,
    evaluation: &Evaluation,
) -> Result<Option<Decisions>> {
    if description.normal_scores.is_empty() || !description.has_threshold() {
        return Ok(None);
    }
    let [mut normal, abnormal] = [false, true].map(|wanted| {
        let scores = labelled.scored.scores.iter().zip(labelled.abnormal);
        let scores = scores.filter(|(_, abnormal)| **abnormal == wanted);
        scores.map(|(score, _)| *score).collect::<Vec<f32>>()
    });
    normal.sort_unstable_by(f32::total_cmp);
    let above = |scores: &[f32], threshold: f32| {
        let above = scores.iter().filter(|score| **score > threshold);
        above.count()
    };
    let share = |part: usize, of: usize| (of > 0).then(|| part as f64 / of as f64);
    let threshold = description.threshold;
    let (found, false_alarms) = (above(&abnormal, threshold), above(&normal, threshold));
    let has_normal = !normal.is_empty();
    let promised_rate = description.promised_rate;
    let most = promise::most_false_alarms(description, normal.len()).filter(|_| has_normal);
    let by_test = promised_rate.and_then(|rate| false_positives::threshold(&normal, rate));
    let by_test = by_test.filter(|_| !abnormal.is_empty());
    let found_at_promised_rate = by_test.map(|threshold| above(&abnormal, threshold));
    Ok(Some(Decisions {
        threshold,
        calibrated: description.calibrated,
        abnormal_images: abnormal.len(),
        found,
        recall: share(found, abnormal.len()),
        normal_images: normal.len(),
        false_alarms,
        false_alarm_rate: share(false_alarms, normal.len()),
        false_alarm_interval: has_normal.then(|| promise::interval(false_alarms, normal.len())),
        promised_rate,
        most_false_alarms: most,
        promise_kept: most.map(|most| false_alarms <= most),
        found_at_promised_rate,
        recall_ratio: found_at_promised_rate.and_then(|of| share(found, of)),
        pixels: of_pixels(labelled, description, evaluation)?,
    }))
}

fn of_pixels(
    labelled: &Labelled<'_>,
    description: &ModelDescription,
    evaluation: &Evaluation,
) -> Result<Option<PixelDecisions>> {
    let best = evaluation.pixel_f1.zip(evaluation.pixel_f1_threshold);
    let Some((threshold, (best_f1, best_threshold))) = description.pixel_threshold.zip(best) else {
        return Ok(None);
    };
    // The metric includes pixels at its threshold, a detector only those above it.
    let f1 = bgad_metrics::pixel_f1_at(labelled.maps, threshold.next_up());
    let named = |error: MetricError| {
        let names = labelled.image_of_map.iter();
        let names: Vec<&str> = names.map(|&i| labelled.names[i].as_str()).collect();
        error.with_names(&names)
    };
    let f1 = f1.map_err(named)?;
    Ok(Some(PixelDecisions {
        threshold,
        f1,
        best_f1,
        best_threshold,
        ratio: (best_f1 > 0.0).then(|| f1 / best_f1),
    }))
}
