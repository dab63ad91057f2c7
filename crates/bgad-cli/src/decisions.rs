//! Decisions on a test set, in words.

use bgad::{Decisions, ModelDescription, PixelDecisions};

use crate::failure::Failure;
use crate::output;

/// Writes one line about the images' decisions and, if there are masks, one about the pixels'.
pub fn write(decisions: &Decisions) -> Result<(), Failure> {
    output::line(&format!("decisions     {}", of_images(decisions)))?;
    decisions.pixels.iter().try_for_each(|pixels| {
        let words = of_pixels(pixels);
        output::line(&format!("outlines      {words}"))
    })
}

/// The confidence of a stated bound.
pub const CONFIDENCE: f64 = 0.95;

/// The rate of false alarms that stays below this bound with [`CONFIDENCE`], as far as new images are like
/// those that gave the threshold; `None` if the threshold promises no rate.
pub fn bound(model: &ModelDescription) -> Option<f64> {
    model.promised_rate?;
    Some(model.false_positive_bound(CONFIDENCE))
}

/// What the threshold promises: the rate that its images let expect, and the bound on it.
pub fn promise(model: &ModelDescription) -> Option<String> {
    let (rate, bound) = model.promised_rate.zip(bound(model))?;
    Some(format!(
        "about {} % false alarms, at most {} % with {} % confidence",
        percent(rate),
        percent(bound.max(rate)),
        percent(CONFIDENCE)
    ))
}

fn of_images(decisions: &Decisions) -> String {
    let mut parts = Vec::new();
    if decisions.abnormal_images > 0 {
        let (found, all) = (decisions.found, decisions.abnormal_images);
        let reachable = decisions.found_at_promised_rate;
        let reachable = reachable.map(|found| {
            format!(" ({found} by a threshold with the promised rate on these normal images)")
        });
        let reachable = reachable.unwrap_or_default();
        parts.push(format!("{found} of {all} abnormal images found{reachable}"));
    }
    if let Some([low, high]) = decisions.false_alarm_interval {
        let (false_alarms, all) = (decisions.false_alarms, decisions.normal_images);
        let low = percent(low);
        let high = percent(high);
        parts.push(format!(
            "{false_alarms} of {all} normal images called anomalous (95 % interval {low} to {high} %)"
        ));
    }
    let by = match decisions.calibrated {
        true => "calibration",
        false => "training",
    };
    if let Some((rate, kept)) = decisions.promised_rate.zip(decisions.promise_kept) {
        let kept = if kept { "kept" } else { "broken" };
        parts.push(format!(
            "about {} % promised by {by}: {kept}",
            percent(rate)
        ));
    }
    parts.join("; ")
}

fn of_pixels(pixels: &PixelDecisions) -> String {
    format!(
        "pixel F1 {:.3} at the model's threshold, {:.3} at the best threshold",
        pixels.f1, pixels.best_f1
    )
}

/// A number of things, as `1 image` and `2 images`.
pub fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

/// A rate in per cent, with up to two decimals.
pub fn percent(rate: f64) -> String {
    let text = format!("{:.2}", rate * 100.0);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
