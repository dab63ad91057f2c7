//! The state of the page, and what has changed since its last request.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};

use super::answers::{Answer, aside, json};
use super::app::App;
use crate::error::ReviewError;
use crate::view;

/// How long a request waits for a change before it is told that there is none.
const PATIENCE: Duration = Duration::from_secs(20);
/// Changes within this time are sent together.
const TOGETHER: Duration = Duration::from_millis(150);

/// Changes since a version of this server, as soon as there are any.
pub(super) async fn changes(
    State(app): State<Arc<App>>,
    Path((instance, since)): Path<(String, u64)>,
) -> Answer {
    let since = if instance == app.instance { since } else { 0 };
    let end = tokio::time::Instant::now() + PATIENCE;
    loop {
        // Registered before looking, so that no change is missed in between.
        let changed = app.project.changed.notified();
        if app.project.state().version != since {
            break;
        }
        if tokio::time::timeout_at(end, changed).await.is_err() {
            break;
        }
        tokio::time::sleep(TOGETHER).await;
    }
    let answer = aside(move || {
        let changes = view::changes(&app.project, &app.instance, since, app.limits);
        json(&changes)
    });
    answer.await
}

/// Details of one image.
pub(super) async fn detail(State(app): State<Arc<App>>, Path(id): Path<String>) -> Answer {
    let state = app.project.state();
    let detail = view::detail(state.entry(&id)?);
    json(&detail.ok_or_else(|| ReviewError::Missing("this image has no score yet".to_owned()))?)
}
