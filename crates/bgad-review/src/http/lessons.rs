//! Starts and stops a lesson; its progress is sent with the other changes.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use serde_json::json;

use super::answers::{Answer, aside, body, json};
use super::app::App;
use crate::lesson::{self, Chosen};

/// Starts learning from decided images.
pub(super) async fn start(State(app): State<Arc<App>>, sent: Bytes) -> Answer {
    let started = aside(move || {
        let chosen: Chosen = body(&sent)?;
        lesson::start(&app.project, &chosen)?;
        json(&json!({}))
    });
    started.await
}

/// Asks it to stop; the model does not change.
pub(super) async fn stop(State(app): State<Arc<App>>) -> Answer {
    let mut state = app.project.state();
    state.lessons.stop();
    state.version += 1;
    drop(state);
    app.project.tell();
    json(&json!({}))
}
