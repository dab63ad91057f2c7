//! Downloads: the model, a table of scores, a report.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_DISPOSITION;
use axum::response::Response;
use bgad::{MaskFiles, Sample};

use super::answers::{Answer, Keep, aside, bytes};
use super::app::App;
use crate::engine::Picture;
use crate::error::{Result, ReviewError};
use crate::project;
use crate::store::Verdict;

/// The model's file, with the threshold set on the page.
pub(super) async fn model(State(app): State<Arc<App>>) -> Answer {
    let model = aside(move || {
        let state = app.project.state();
        let (engine, threshold) = (Arc::clone(&state.engine), state.threshold);
        drop(state);
        engine.export(threshold)
    });
    let file = bytes(model.await?, "application/octet-stream", Keep::No);
    Ok(named(file, "attachment; filename=\"model.bgad\""))
}

/// One row per image: score, the model's decision, and the label.
pub(super) async fn scores(State(app): State<Arc<App>>) -> Answer {
    let table = aside(move || table(&app.project.state()));
    let file = bytes(table.await?, "text/csv; charset=utf-8", Keep::No);
    Ok(named(file, "attachment; filename=\"scores.csv\""))
}

fn table(state: &project::State) -> Result<Vec<u8>> {
    let failed = |error: String| ReviewError::Unsupported(format!("the table: {error}"));
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = [
        "path",
        "score",
        "threshold",
        "anomalous",
        "label",
        "defect_type",
        "said_by",
        "error",
    ];
    let written = writer.write_record(header);
    written.map_err(|error| failed(error.to_string()))?;
    let threshold = state.threshold.or(state.engine.model().threshold);
    for entry in &state.entries {
        let label = |abnormal| if abnormal { "abnormal" } else { "normal" };
        let decision = state.store.decision(&entry.id);
        let (label, kind, said_by) = match (decision, &entry.known) {
            (Some(row), _) => (
                label(row.verdict == Verdict::Defect),
                row.kind.as_str(),
                "decision",
            ),
            (None, Some(known)) => (label(known.abnormal), known.kind.as_str(), "data set"),
            (None, None) => ("", "", ""),
        };
        let error = match &entry.outcome {
            crate::entry::Outcome::Damaged(text) => text.as_str(),
            _ => "",
        };
        let score = entry.scored().map(|scored| scored.score);
        let anomalous = score.zip(threshold).map(|(score, most)| score > most);
        let record = [
            entry.source.clone(),
            field(score),
            field(threshold),
            field(anomalous),
            label.to_owned(),
            kind.to_owned(),
            said_by.to_owned(),
            error.to_owned(),
        ];
        let written = writer.write_record(record);
        written.map_err(|error| failed(error.to_string()))?;
    }
    writer
        .into_inner()
        .map_err(|error| failed(error.to_string()))
}

/// A field that is empty without a value.
fn field(value: Option<impl ToString>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

/// A report over all images whose labels are known, at the threshold in use.
pub(super) async fn report(State(app): State<Arc<App>>) -> Answer {
    let report = aside(move || {
        let state = app.project.state();
        let samples = samples(&state);
        let (engine, threshold) = (Arc::clone(&state.engine), state.threshold);
        drop(state);
        if samples.is_empty() {
            let text = "no image has a label yet: decide some first";
            return Err(ReviewError::Request(text.to_owned()));
        }
        engine.report(&engine.model().dataset, samples, threshold)
    });
    let file = bytes(report.await?, "text/html; charset=utf-8", Keep::No);
    Ok(named(file, "attachment; filename=\"report.html\""))
}

/// Images with labels: from decisions, and otherwise from the data set.
fn samples(state: &project::State) -> Vec<Sample> {
    let mut samples = Vec::new();
    for entry in state.entries.iter().filter(|e| e.scored().is_some()) {
        let base = match &entry.picture {
            Picture::Sample(sample) => sample.clone(),
            Picture::File(path) => Sample::normal(path.clone()),
        };
        let sample = match (state.store.decision(&entry.id), &entry.known) {
            (Some(row), _) if row.verdict == Verdict::Defect => {
                let kind = if row.kind.is_empty() {
                    "defect"
                } else {
                    &row.kind
                };
                let painted = state.store.mask(&entry.id).map(MaskFiles::from);
                Sample {
                    label: bgad::Label::Abnormal,
                    defect_type: kind.to_owned(),
                    mask: match base.region {
                        // A painted mask covers the part only, which a sample can't express.
                        Some(_) => base.mask.clone(),
                        None => painted.or_else(|| base.mask.clone()),
                    },
                    ..base
                }
            }
            (Some(_), _) => Sample {
                label: bgad::Label::Normal,
                defect_type: Sample::GOOD.to_owned(),
                mask: None,
                ..base
            },
            (None, Some(_)) => base,
            (None, None) => continue,
        };
        samples.push(sample);
    }
    samples
}

fn named(mut file: Response, disposition: &'static str) -> Response {
    let value = HeaderValue::from_static(disposition);
    file.headers_mut().insert(CONTENT_DISPOSITION, value);
    file
}
