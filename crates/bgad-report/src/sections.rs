//! The sections made of text and tables.

use std::fmt::Write as _;

use crate::data::{Metric, ReportData};
use crate::gallery::Outcome;
use crate::text::{counted, escape, number, rate};

/// A sentence that replaces a section's content.
pub(crate) fn missing(sentence: &str) -> String {
    format!("<p class=\"none\">{sentence}</p>\n")
}

fn interval(metric: &Metric) -> Option<String> {
    let interval = metric.interval?;
    Some(format!(
        "{}–{} ({:.0}&nbsp;%)",
        rate(interval.low),
        rate(interval.high),
        interval.level * 100.0
    ))
}

fn value(metric: &Metric) -> String {
    metric.value.map_or_else(|| "–".to_owned(), rate)
}

/// The metrics: the first four as tiles, and all of them in a table if there are more.
pub(crate) fn summary(data: &ReportData) -> String {
    let mut html = String::new();
    if data.metrics.is_empty() {
        html.push_str(&missing("No metrics were given."));
    } else {
        html.push_str("<div class=\"tiles\">");
        for metric in data.metrics.iter().take(4) {
            let note = metric.note.as_deref().map(|note| escape(note).into());
            let below = interval(metric).into_iter().chain(note);
            let below = below.map(|line| format!("<div class=\"interval\">{line}</div>"));
            let _ = write!(
                html,
                "<div class=\"card tile\"><div class=\"name\">{}</div><div class=\"value\">{}</div>{}</div>",
                escape(&metric.name),
                value(metric),
                below.collect::<String>()
            );
        }
        html.push_str("</div>\n");
    }
    if data.metrics.len() > 4 {
        html.push_str("<div class=\"card scroll stack\"><table><thead><tr><th>metric</th><th class=\"n\">value</th><th class=\"n\">interval</th></tr></thead><tbody>");
        for metric in &data.metrics {
            let note = metric.note.as_deref().map(escape);
            let note = note.map(|note| format!("<small>{note}</small>"));
            let _ = write!(
                html,
                "<tr><td>{}{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
                escape(&metric.name),
                note.unwrap_or_default(),
                value(metric),
                interval(metric).unwrap_or_default()
            );
        }
        html.push_str("</tbody></table></div>\n");
    }
    html.push_str(&decisions(data));
    html
}

/// The counts of correct and wrong decisions at the threshold.
fn decisions(data: &ReportData) -> String {
    let Some(threshold) = data.threshold else {
        return missing("No threshold was given, so images are not called normal or abnormal.");
    };
    let mut counts = [0_usize; 4];
    for image in &data.scores {
        if let Some(abnormal) = image.abnormal {
            counts[Outcome::of(abnormal, image.score, threshold) as usize] += 1;
        }
    }
    let [missed, false_alarms, found, passed] = counts;
    if counts == [0; 4] {
        return String::new();
    }
    format!(
        "<p class=\"note\">At the threshold {}: {found} of {} found, {missed} missed; {} among {}.</p>\n",
        number(threshold.into()),
        counted(found + missed, "abnormal image"),
        counted(false_alarms, "false alarm"),
        counted(false_alarms + passed, "normal image"),
    )
}

/// Settings and seed.
pub(crate) fn settings(data: &ReportData) -> String {
    if data.settings.is_empty() && data.seed.is_none() {
        return missing("No settings were given.");
    }
    let mut html = String::from("<div class=\"groups\">");
    if let Some(seed) = data.seed {
        let _ = write!(
            html,
            "<div class=\"card\"><h3>Run</h3><dl><dt>seed</dt><dd>{seed}</dd></dl></div>"
        );
    }
    for group in &data.settings {
        let _ = write!(
            html,
            "<div class=\"card\"><h3>{}</h3><dl>",
            escape(&group.name)
        );
        for (name, value) in &group.entries {
            let _ = write!(html, "<dt>{}</dt><dd>{}</dd>", escape(name), escape(value));
        }
        html.push_str("</dl></div>");
    }
    html.push_str("</div>\n");
    html
}

/// The metrics by type of defect. The columns are all metrics that occur, in order of appearance.
pub(crate) fn by_type(data: &ReportData) -> String {
    if data.by_type.is_empty() {
        return missing("No types of defects were given.");
    }
    let mut columns: Vec<&str> = Vec::new();
    for metric in data.by_type.iter().flat_map(|of| &of.metrics) {
        if !columns.contains(&metric.name.as_str()) {
            columns.push(&metric.name);
        }
    }
    let mut html = String::from("<div class=\"card scroll\"><table class=\"sortable\"><thead><tr>");
    html.push_str(&head("type", false));
    html.push_str(&head("images", true));
    columns
        .iter()
        .for_each(|name| html.push_str(&head(name, true)));
    html.push_str("</tr></thead><tbody>");
    for of in &data.by_type {
        let _ = write!(
            html,
            "<tr><td class=\"p\">{}</td><td class=\"n\" data-v=\"{n}\">{n}</td>",
            escape(&of.defect_type),
            n = of.images
        );
        for &column in &columns {
            let metric = of.metrics.iter().find(|metric| metric.name == column);
            let small = metric
                .and_then(interval)
                .map(|text| format!("<small>{text}</small>"));
            let _ = write!(
                html,
                "<td class=\"n\" data-v=\"{}\">{}{}</td>",
                sort_key(metric.and_then(|metric| metric.value)),
                metric.map_or_else(|| "–".to_owned(), value),
                small.unwrap_or_default()
            );
        }
        html.push_str("</tr>");
    }
    html.push_str("</tbody></table></div>\n");
    html
}

/// All scores, highest first.
pub(crate) fn scores(data: &ReportData) -> String {
    if data.scores.is_empty() {
        return missing("No scores of images were given.");
    }
    let mut html = String::from(
        "<div class=\"card scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Scores by image\"><table class=\"sortable\"><thead><tr>",
    );
    let mut headings = vec![("image", false), ("label", false), ("score", true)];
    if data.threshold.is_some() {
        headings.push(("outcome", false));
    }
    for (name, numeric) in headings {
        html.push_str(&head(name, numeric));
    }
    html.push_str("</tr></thead><tbody>\n");
    let mut images: Vec<_> = data.scores.iter().collect();
    images.sort_by(|a, b| {
        b.score
            .total_cmp(&a.score)
            .then_with(|| a.path.cmp(&b.path))
    });
    for image in images {
        let label = match (image.abnormal, &image.defect_type) {
            (Some(true), Some(defect_type)) => escape(defect_type),
            (Some(true), None) => "abnormal".into(),
            (Some(false), _) => "normal".into(),
            (None, _) => "–".into(),
        };
        let _ = write!(
            html,
            "<tr><td class=\"p\">{}</td><td>{label}</td><td class=\"n\" data-v=\"{}\">{}</td>",
            escape(&image.path),
            sort_key(Some(image.score.into())),
            number(image.score.into())
        );
        if let Some(threshold) = data.threshold {
            match image
                .abnormal
                .map(|label| Outcome::of(label, image.score, threshold))
            {
                Some(outcome) => {
                    let (class, name) = (outcome.class(), outcome.name());
                    let _ = write!(html, "<td><span class=\"badge {class}\">{name}</span></td>");
                }
                None => html.push_str("<td>–</td>"),
            }
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody></table></div>\n");
    html
}

fn head(name: &str, numeric: bool) -> String {
    let class = if numeric { " class=\"n\"" } else { "" };
    format!(
        "<th{class} scope=\"col\"><button type=\"button\">{}</button></th>",
        escape(name)
    )
}

/// The script's sort key; empty for a missing number.
fn sort_key(value: Option<f64>) -> String {
    let value = value.filter(|value| value.is_finite());
    value.map(|value| value.to_string()).unwrap_or_default()
}
