//! The model in use and its threshold.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use bgad::path_from_text;
use serde::Deserialize;
use serde_json::json;

use super::answers::{Answer, aside, body, json};
use super::app::App;
use crate::error::ReviewError;
use crate::threshold;

#[derive(Deserialize)]
struct NewThreshold {
    /// `None` is the model's own.
    threshold: Option<f32>,
    /// The threshold that the page showed; `None` for none.
    seen: Option<f32>,
}

/// Sets the threshold.
pub(super) async fn set_threshold(State(app): State<Arc<App>>, sent: Bytes) -> Answer {
    let set = aside(move || {
        let new: NewThreshold = body(&sent)?;
        let mut state = app.project.state();
        let own = state.engine.model().threshold;
        if state.threshold.or(own) != new.seen {
            return Err(ReviewError::StaleThreshold);
        }
        if new
            .threshold
            .is_some_and(|threshold| !threshold.is_finite())
        {
            let text = "the threshold is not a number; expected a finite one";
            return Err(ReviewError::Request(text.to_owned()));
        }
        let threshold = new.threshold.filter(|threshold| Some(*threshold) != own);
        threshold::write(state.store.folder(), state.engine.model(), threshold)?;
        state.threshold = threshold;
        state.version += 1;
        let version = state.version;
        drop(state);
        app.project.tell();
        json(&json!({ "threshold": threshold.or(own), "version": version }))
    });
    set.await
}

#[derive(Deserialize)]
struct Choice {
    /// One of the models that the page lists.
    path: String,
}

/// Switches to an earlier or later model.
pub(super) async fn choose(State(app): State<Arc<App>>, sent: Bytes) -> Answer {
    let chosen = aside(move || {
        let Choice { path } = body(&sent)?;
        let path = path_from_text(&path);
        let state = app.project.state();
        let lessons = state.store.lessons().iter();
        let is_listed = state.place.first_run.as_ref() == Some(&path)
            || lessons.into_iter().any(|l| l.learned.run == path);
        drop(state);
        if !is_listed {
            let text = format!("{}: not one of this project's models", path.display());
            return Err(ReviewError::Missing(text));
        }
        app.project.reopen(&path)?;
        json(&json!({}))
    });
    chosen.await
}
