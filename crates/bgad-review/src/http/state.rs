//! What the page knows, and what has changed since it asked last.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};

use super::answers::{Answer, aside, json};
use super::app::App;
use crate::error::ReviewError;
use crate::view;

/// So long a page waits for a change before it is answered that there is none.
const PATIENCE: Duration = Duration::from_secs(20);
/// Changes that come close together are told together.
const TOGETHER: Duration = Duration::from_millis(150);

/// Changes since a version of this server's, as soon as there are any.
pub(super) async fn changes(
    State(app): State<Arc<App>>,
    Path((instance, since)): Path<(String, u64)>,
) -> Answer {
    let since = if instance == app.instance { since } else { 0 };
    let end = tokio::time::Instant::now() + PATIENCE;
    loop {
        // Before the look, so that no change falls between both.
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

/// More of one image.
pub(super) async fn detail(State(app): State<Arc<App>>, Path(id): Path<String>) -> Answer {
    let state = app.project.state();
    let detail = view::detail(state.entry(&id)?);
    json(&detail.ok_or_else(|| ReviewError::Missing("this image has no score yet".to_owned()))?)
}
