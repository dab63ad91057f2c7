//! Decisions, each stored before it is confirmed.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::answers::{Answer, aside, body, json};
use super::app::App;
use crate::encoding;
use crate::engine::Picture;
use crate::entry::Entry;
use crate::error::{Result, ReviewError};
use crate::store::{MaskChange, NewDecision, Subject, Verdict};
use crate::view;

/// The longest name of a kind of defect, in letters.
const LONGEST_KIND: usize = 60;

/// What the page sends.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    /// `None` removes the decision.
    verdict: Option<Verdict>,
    #[serde(default)]
    kind: String,
    mask: SentMask,
    /// The revision that the page showed.
    revision: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum SentMask {
    Keep,
    Remove,
    /// A PNG in base64.
    Png(String),
}

/// Stores a decision and returns the image's row.
pub(super) async fn decide(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    sent: Bytes,
) -> Answer {
    let _turn = match sent.len() > super::app::LONGEST_REQUEST {
        true => app.large.acquire().await.ok(),
        false => None,
    };
    let project = Arc::clone(&app.project);
    let row = aside(move || {
        let sent: Sent = body(&sent)?;
        let state = project.state();
        let entry = state.entry(&id)?.clone();
        let engine = Arc::clone(&state.engine);
        drop(state);
        if sent.verdict.is_some() && entry.scored().is_none() {
            return Err(ReviewError::Request(format!(
                "{}: it has no score yet, or can't be read; no decision was stored",
                entry.name
            )));
        }
        let mask = match sent.mask {
            SentMask::Keep => MaskChange::Keep,
            SentMask::Remove => MaskChange::Remove,
            SentMask::Png(text) => MaskChange::Replace(png(&entry, &text)?),
        };
        let new = NewDecision {
            verdict: sent.verdict,
            kind: kind(&sent.kind)?,
            mask,
            seen: sent.revision,
        };
        let part = match &entry.picture {
            Picture::Sample(sample) if sample.region.is_some() => {
                Some(engine.read(&entry.picture)?)
            }
            Picture::Sample(_) | Picture::File(_) => None,
        };
        let subject = Subject {
            id: &entry.id,
            source: &entry.source,
            path: entry.picture.path(),
            part: part.as_ref(),
        };
        let mut state = project.state();
        state.store.decide(&subject, new)?;
        state.touch(&entry.id);
        let row = json(&view::image(&state, state.entry(&entry.id)?));
        drop(state);
        project.tell();
        row
    });
    row.await
}

fn png(entry: &Entry, text: &str) -> Result<Vec<u8>> {
    let bytes = STANDARD.decode(text);
    let bytes = bytes.map_err(|error| ReviewError::Request(format!("a mask: {error}")))?;
    let size = entry.scored().map_or((0, 0), |scored| scored.size);
    encoding::mask(&bytes, size)
}

/// Checks that the table of decisions can hold this kind of defect.
fn kind(text: &str) -> Result<String> {
    let text = text.trim();
    // The layout calls normal images `good`.
    let is_reserved = text.eq_ignore_ascii_case(bgad::Sample::GOOD);
    let is_plain = !text.chars().any(char::is_control) && text.chars().count() <= LONGEST_KIND;
    if is_reserved || !is_plain {
        return Err(ReviewError::Request(format!(
            "the kind of defect {text:?}; expected a name of at most {LONGEST_KIND} letters, not 'good'"
        )));
    }
    Ok(text.to_owned())
}
