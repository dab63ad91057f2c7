//! The decisions as the first figures of the page.

use bgad_report::{Interval, Metric};

use crate::evaluation::decisions::{Decisions, PixelDecisions};

/// Defects found, false alarms and, if there are masks, the pixel F1, all at the model's thresholds.
pub(super) fn metrics(decisions: &Decisions) -> Vec<Metric> {
    let mut metrics = vec![found(decisions), false_alarms(decisions)];
    metrics.extend(decisions.pixels.as_ref().map(of_pixels));
    metrics
}

fn found(decisions: &Decisions) -> Metric {
    let (found, all) = (decisions.found, decisions.abnormal_images);
    let mut note = match all {
        0 => "no abnormal test images".to_owned(),
        _ => format!("{found} of {all}"),
    };
    if let Some(reachable) = decisions.found_at_promised_rate {
        note += &format!("; {reachable} with the promised rate on these normal images");
    }
    Metric {
        name: "defects found".to_owned(),
        value: decisions.recall,
        note: Some(note),
        ..Metric::default()
    }
}

fn false_alarms(decisions: &Decisions) -> Metric {
    let (seen, all) = (decisions.false_alarms, decisions.normal_images);
    let mut note = match all {
        0 => "no normal test images".to_owned(),
        _ => format!("{seen} of {all}"),
    };
    let by = match decisions.calibrated {
        true => "calibration",
        false => "training images",
    };
    if let Some(rate) = decisions.promised_rate {
        let rate = (rate * 1000.0).round() / 1000.0;
        note += &format!("; {rate} promised by {by}");
    }
    if let Some(most) = decisions.most_false_alarms {
        let kept = match decisions.promise_kept {
            Some(false) => "broken",
            _ => "kept",
        };
        note += &format!(", up to {most} of {all}: {kept}");
    }
    Metric {
        name: "false alarms".to_owned(),
        value: decisions.false_alarm_rate,
        interval: decisions.false_alarm_interval.map(|[low, high]| Interval {
            low,
            high,
            level: 0.95,
        }),
        note: Some(note),
    }
}

fn of_pixels(pixels: &PixelDecisions) -> Metric {
    let (best, threshold) = (pixels.best_f1, pixels.best_threshold);
    Metric {
        name: "pixel F1".to_owned(),
        value: Some(pixels.f1),
        note: Some(format!(
            "at the threshold {:.4}; {best:.3} at the best one, {threshold:.4}",
            pixels.threshold
        )),
        ..Metric::default()
    }
}
